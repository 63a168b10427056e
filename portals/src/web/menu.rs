//! What stands in each portal's menu.

use platform::views::{MenuEntry, MenuSection};
use tenancy::HostRoute;
use tenancy::extract::Staff;
use tenancy::permission::{
    Permission, Permissions, ReadAccounts, ReadAudit, ReadCatalogue, ReadInvoices, ReadOrders, ReadPayments,
    ReadServers, ReadServices, ReadSettings, ReadTenants,
};

use crate::app::App;

fn entry(key: &'static str, label_key: &'static str, path: &'static str, icon: &'static str) -> MenuEntry {
    MenuEntry {
        key,
        label_key,
        path,
        icon,
        count: None,
        urgent: false,
    }
}

/// The shop's menu.
#[must_use]
pub fn site(_route: &HostRoute) -> Vec<MenuSection> {
    let entries = vec![
        MenuEntry {
            icon: "server",
            ..entry("vps", "kind-vps", "/products/vps", "server")
        },
        MenuEntry {
            icon: "server-2",
            ..entry("dedicated", "kind-dedicated", "/products/dedicated", "server-2")
        },
        MenuEntry {
            icon: "world",
            ..entry("hosting", "kind-hosting", "/products/hosting", "world")
        },
        MenuEntry {
            icon: "device-gamepad-2",
            ..entry("game", "kind-game", "/products/game", "device-gamepad-2")
        },
        MenuEntry {
            icon: "browser",
            ..entry("workspace", "kind-workspace", "/products/workspace", "browser")
        },
    ];
    vec![MenuSection { label_key: "", entries }]
}

/// The customers' menu, narrowed to what the member may do.
#[must_use]
pub fn account(rights: &Permissions) -> Vec<MenuSection> {
    let mut entries = vec![MenuEntry {
        icon: "layout-dashboard",
        ..entry("overview", "menu-overview", "/account", "layout-dashboard")
    }];
    if rights.has("services.use") {
        entries.push(MenuEntry {
            icon: "server-2",
            ..entry("services", "menu-services", "/account/services", "server-2")
        });
    }
    if rights.has("billing.read") {
        entries.push(MenuEntry {
            icon: "file-invoice",
            ..entry("billing", "menu-billing", "/account/invoices", "file-invoice")
        });
        entries.push(MenuEntry {
            icon: "credit-card",
            ..entry("methods", "menu-methods", "/account/payment-methods", "credit-card")
        });
    }
    entries.push(MenuEntry {
        icon: "user",
        ..entry("profile", "menu-profile", "/account/profile", "user")
    });
    vec![MenuSection { label_key: "", entries }]
}

/// The staff menu, narrowed to what they may see.
pub async fn admin<P>(app: &App, staff: &Staff<P>) -> Vec<MenuSection> {
    let tasks = open_tasks(app, staff).await;
    let may = |permission: &str| staff.rights.has(permission);
    let keep = |label_key, entries: Vec<(bool, MenuEntry)>| {
        let entries: Vec<_> = entries
            .into_iter()
            .filter_map(|(shown, entry)| shown.then_some(entry))
            .collect();
        MenuSection { label_key, entries }
    };
    let waiting = MenuEntry {
        icon: "list-check",
        count: u64::try_from(tasks).ok().filter(|n| *n > 0),
        urgent: tasks > 0,
        ..entry("provisioning", "menu-provisioning", "/admin/provisioning", "list-check")
    };
    vec![
        keep(
            "menu-section-overview",
            vec![(
                true,
                MenuEntry {
                    icon: "layout-dashboard",
                    ..entry("dashboard", "menu-dashboard", "/admin", "layout-dashboard")
                },
            )],
        ),
        keep(
            "menu-section-business",
            vec![
                (
                    may(ReadAccounts::NAME),
                    MenuEntry {
                        icon: "users",
                        ..entry("customers", "menu-customers", "/admin/customers", "users")
                    },
                ),
                (
                    may(ReadOrders::NAME),
                    MenuEntry {
                        icon: "shopping-cart",
                        ..entry("orders", "menu-orders", "/admin/orders", "shopping-cart")
                    },
                ),
                (
                    may(ReadInvoices::NAME),
                    MenuEntry {
                        icon: "file-invoice",
                        ..entry("invoices", "menu-invoices", "/admin/invoices", "file-invoice")
                    },
                ),
                (
                    may(ReadPayments::NAME),
                    MenuEntry {
                        icon: "credit-card",
                        ..entry("payments", "menu-payments", "/admin/payments", "credit-card")
                    },
                ),
                (
                    may(ReadServices::NAME),
                    MenuEntry {
                        icon: "server-2",
                        ..entry("services", "menu-services", "/admin/services", "server-2")
                    },
                ),
                (
                    may(ReadCatalogue::NAME),
                    MenuEntry {
                        icon: "package",
                        ..entry("catalogue", "menu-catalogue", "/admin/catalogue", "package")
                    },
                ),
            ],
        ),
        keep(
            "menu-section-operations",
            vec![
                (may(ReadServices::NAME), waiting),
                (
                    may(ReadServers::NAME),
                    MenuEntry {
                        icon: "server-cog",
                        ..entry("servers", "menu-servers", "/admin/servers", "server-cog")
                    },
                ),
            ],
        ),
        keep(
            "menu-section-system",
            vec![
                (
                    may(ReadTenants::NAME),
                    MenuEntry {
                        icon: "building-store",
                        ..entry("tenants", "menu-tenants", "/admin/tenants", "building-store")
                    },
                ),
                (
                    may(ReadSettings::NAME),
                    MenuEntry {
                        icon: "settings",
                        ..entry("settings", "menu-settings", "/admin/settings", "settings")
                    },
                ),
                (
                    may(ReadAudit::NAME),
                    MenuEntry {
                        icon: "history",
                        ..entry("audit", "menu-audit", "/admin/audit", "history")
                    },
                ),
            ],
        ),
    ]
    .into_iter()
    .filter(|section| !section.entries.is_empty())
    .collect()
}

async fn open_tasks<P>(app: &App, staff: &Staff<P>) -> i64 {
    let Ok(mut tx) = app.tenancy().begin_read(&staff.scope).await else {
        return 0;
    };
    let count = tenancy::task::count_open(&mut tx).await.unwrap_or(0);
    if let Err(error) = tx.commit().await {
        tracing::debug!(%error, "counting tasks");
    }
    count
}
