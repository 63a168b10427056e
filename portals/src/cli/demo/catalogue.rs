//! What the demo's shops sell.

/// How a product is made.
#[derive(Clone, Copy)]
pub enum Made {
    /// By the VirtFusion panel, from this package.
    Package(i64),
    /// By staff: no panel here builds it.
    Hand(&'static str),
    /// By the parent's product of this name in addresses.
    Upstream(&'static str),
}

/// One product. Prices are in US cents a month; a year costs ten months.
pub struct Item {
    pub name: &'static str,
    pub slug: &'static str,
    pub kind: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    pub features: &'static [(&'static str, &'static str)],
    pub cents: i64,
    pub setup_cents: i64,
    pub made: Made,
    pub stock: Option<i32>,
    pub is_hidden: bool,
}

const DELIVERED: (&str, &str) = ("Delivery", "Ready in about a minute");
const BY_HAND: (&str, &str) = ("Delivery", "Set up by our staff, usually within a working day");

const VPS: &str = "A virtual server of your own on NVMe storage, with full root access and a choice of operating systems.\n\n\
    It is built when your order is placed. You can restart it, set a new root password and open a console from your account at any time.";
const DEDICATED: &str = "A whole machine in our own racks, tested for a day before it is handed over.\n\n\
    Our staff install the system you ask for and write to you when it is ready. Hardware is replaced within four hours.";
const HOSTING: &str = "Web space with daily backups, free certificates and mail for your domains.\n\n\
    Move an existing site with our help, or start with one of the prepared applications.";
const GAME: &str = "A game server with its own address and a panel for mods, maps and backups.";
const WORKSPACE: &str = "A desktop in the browser: nothing to install, nothing left behind on the computer you use.";

const fn item(name: &'static str, slug: &'static str, kind: &'static str, cents: i64, made: Made) -> Item {
    Item {
        name,
        slug,
        kind,
        summary: "",
        description: "",
        features: &[],
        cents,
        setup_cents: 0,
        made,
        stock: None,
        is_hidden: false,
    }
}

/// EZSCALE's own.
pub const EZSCALE: &[Item] = &[
    Item {
        summary: "1 vCPU, 1 GB memory, 25 GB NVMe",
        description: VPS,
        features: &[
            ("vCPU", "1"),
            ("Memory", "1 GB"),
            ("NVMe", "25 GB"),
            ("Traffic", "1 TB"),
            DELIVERED,
        ],
        ..item("KVM NVMe 1", "kvm-nvme-1", "vps", 500, Made::Package(1))
    },
    Item {
        summary: "2 vCPU, 2 GB memory, 50 GB NVMe",
        description: VPS,
        features: &[
            ("vCPU", "2"),
            ("Memory", "2 GB"),
            ("NVMe", "50 GB"),
            ("Traffic", "2 TB"),
            DELIVERED,
        ],
        ..item("KVM NVMe 2", "kvm-nvme-2", "vps", 900, Made::Package(2))
    },
    Item {
        summary: "4 vCPU, 4 GB memory, 100 GB NVMe",
        description: VPS,
        features: &[
            ("vCPU", "4"),
            ("Memory", "4 GB"),
            ("NVMe", "100 GB"),
            ("Traffic", "4 TB"),
            DELIVERED,
        ],
        ..item("KVM NVMe 4", "kvm-nvme-4", "vps", 1800, Made::Package(3))
    },
    Item {
        summary: "8 vCPU, 8 GB memory, 200 GB NVMe",
        description: VPS,
        features: &[
            ("vCPU", "8"),
            ("Memory", "8 GB"),
            ("NVMe", "200 GB"),
            ("Traffic", "8 TB"),
            DELIVERED,
        ],
        ..item("KVM NVMe 8", "kvm-nvme-8", "vps", 3600, Made::Package(4))
    },
    Item {
        summary: "16 cores, 128 GB memory, 2 x 2 TB NVMe",
        description: DEDICATED,
        features: &[
            ("Cores", "16 at 4.5 GHz"),
            ("Memory", "128 GB ECC"),
            ("NVMe", "2 x 2 TB"),
            ("Network", "10 Gbit/s"),
            BY_HAND,
        ],
        stock: Some(12),
        ..item(
            "Ryzen 7950X",
            "ryzen-7950x",
            "dedicated",
            18_900,
            Made::Hand("Rack 3: install and test for a day."),
        )
    },
    Item {
        summary: "24 cores, 256 GB memory, 4 x 4 TB NVMe",
        description: DEDICATED,
        features: &[
            ("Cores", "24 at 2.9 GHz"),
            ("Memory", "256 GB ECC"),
            ("NVMe", "4 x 4 TB"),
            ("Network", "10 Gbit/s"),
            BY_HAND,
        ],
        setup_cents: 5000,
        stock: Some(4),
        ..item(
            "EPYC 7443P",
            "epyc-7443p",
            "dedicated",
            32_900,
            Made::Hand("Rack 5: install and test for a day."),
        )
    },
    Item {
        summary: "10 GB, 2 domains, daily backups",
        description: HOSTING,
        features: &[("Space", "10 GB"), ("Domains", "2"), ("Mailboxes", "10"), BY_HAND],
        ..item(
            "Web hosting Start",
            "web-hosting-start",
            "hosting",
            299,
            Made::Hand("Web node 2, package start."),
        )
    },
    Item {
        summary: "50 GB, 20 domains, daily backups",
        description: HOSTING,
        features: &[("Space", "50 GB"), ("Domains", "20"), ("Mailboxes", "100"), BY_HAND],
        ..item(
            "Web hosting Plus",
            "web-hosting-plus",
            "hosting",
            599,
            Made::Hand("Web node 2, package plus."),
        )
    },
    Item {
        summary: "6 GB memory, 20 slots, one-click mods",
        description: GAME,
        features: &[("Memory", "6 GB"), ("Slots", "20"), ("Mods", "One click"), BY_HAND],
        ..item(
            "Minecraft 6 GB",
            "minecraft-6",
            "game",
            1440,
            Made::Hand("Game node 1, egg paper."),
        )
    },
    Item {
        summary: "A browser-based desktop with 4 GB",
        description: WORKSPACE,
        features: &[
            ("Memory", "4 GB"),
            ("Storage", "20 GB"),
            ("Sign-in", "Single sign-on"),
            BY_HAND,
        ],
        ..item(
            "Desktop workspace",
            "desktop-workspace",
            "workspace",
            1200,
            Made::Hand("Workspace image desktop."),
        )
    },
    Item {
        is_hidden: true,
        summary: "For resellers",
        ..item(
            "KVM NVMe 2 (wholesale)",
            "wholesale-kvm-2",
            "vps",
            630,
            Made::Package(2),
        )
    },
    Item {
        is_hidden: true,
        summary: "For resellers",
        ..item(
            "KVM NVMe 4 (wholesale)",
            "wholesale-kvm-4",
            "vps",
            1260,
            Made::Package(3),
        )
    },
    Item {
        is_hidden: true,
        summary: "For resellers",
        ..item(
            "KVM NVMe 8 (wholesale)",
            "wholesale-kvm-8",
            "vps",
            2520,
            Made::Package(4),
        )
    },
    Item {
        is_hidden: true,
        summary: "For resellers",
        ..item(
            "Web hosting Plus (wholesale)",
            "wholesale-web-plus",
            "hosting",
            420,
            Made::Hand("Web node 2, package plus, no name of ours."),
        )
    },
];

/// Northwind's, all of them delivered by EZSCALE.
pub const NORTHWIND: &[Item] = &[
    Item {
        summary: "2 vCPU, 2 GB memory, 50 GB NVMe",
        description: VPS,
        features: &[
            ("vCPU", "2"),
            ("Memory", "2 GB"),
            ("NVMe", "50 GB"),
            ("Traffic", "2 TB"),
            DELIVERED,
        ],
        ..item("Fjord 2", "fjord-2", "vps", 1100, Made::Upstream("wholesale-kvm-2"))
    },
    Item {
        summary: "4 vCPU, 4 GB memory, 100 GB NVMe",
        description: VPS,
        features: &[
            ("vCPU", "4"),
            ("Memory", "4 GB"),
            ("NVMe", "100 GB"),
            ("Traffic", "4 TB"),
            DELIVERED,
        ],
        ..item("Fjord 4", "fjord-4", "vps", 2200, Made::Upstream("wholesale-kvm-4"))
    },
    Item {
        summary: "8 vCPU, 8 GB memory, 200 GB NVMe",
        description: VPS,
        features: &[
            ("vCPU", "8"),
            ("Memory", "8 GB"),
            ("NVMe", "200 GB"),
            ("Traffic", "8 TB"),
            DELIVERED,
        ],
        ..item("Fjord 8", "fjord-8", "vps", 4400, Made::Upstream("wholesale-kvm-8"))
    },
    Item {
        summary: "50 GB, 20 domains, daily backups",
        description: HOSTING,
        features: &[("Space", "50 GB"), ("Domains", "20"), ("Mailboxes", "100"), BY_HAND],
        ..item(
            "Harbour web",
            "harbour-web",
            "hosting",
            750,
            Made::Upstream("wholesale-web-plus"),
        )
    },
];

/// Operating systems: key in orders, name, the panel's template.
pub const SYSTEMS: &[(&str, &str, i64)] = &[
    ("debian-13", "Debian 13", 1),
    ("debian-12", "Debian 12", 2),
    ("ubuntu-24.04", "Ubuntu 24.04 LTS", 3),
    ("almalinux-10", "AlmaLinux 10", 4),
];

/// IPv4 addresses: key in orders, name, how many, US cents a month.
pub const ADDRESSES: &[(&str, &str, i64, i64)] = &[
    ("one", "1 address (included)", 1, 0),
    ("two", "2 addresses", 2, 200),
    ("four", "4 addresses", 4, 600),
];
