//! Every command, its arguments and an example.

use clap::{Args, Parser, Subcommand};

/// EZSCALE: billing for hosting companies and their resellers.
#[derive(Parser)]
#[command(
    name = "ezscale",
    version,
    propagate_version = true,
    after_help = "Example: ezscale tenant create demo --name Demo --owner ops@demo.test"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Web, scheduler and worker in one process
    #[command(after_help = "Example: ezscale serve --no-worker")]
    Serve(Serve),
    /// Bring control, every cell and every tenant to the newest version
    #[command(after_help = "Example: ezscale migrate --jobs 4 --json")]
    Migrate(Migrate),
    /// Create, list, suspend and resume tenants
    #[command(
        subcommand,
        after_help = "Example: ezscale tenant create demo --name Demo --owner ops@demo.test --currency EUR"
    )]
    Tenant(Tenant),
    /// Add, list, verify and remove hosts
    #[command(
        subcommand,
        after_help = "Example: ezscale host add northwind billing.northwind.test --json"
    )]
    Host(Host),
    /// Create, list and revoke API tokens
    #[command(
        subcommand,
        after_help = "Example: ezscale token create --tenant demo --user ops@demo.test --json"
    )]
    Token(Token),
    /// Check migrations, ledgers and grants; exit 1 with reasons
    #[command(after_help = "Example: ezscale check --json")]
    Check(Json),
    /// Run the billing day
    #[command(after_help = "Example: ezscale bill --all --on 2026-12-01 --dry-run --json")]
    Bill(Bill),
    /// Show a tenant's clock, or move a sandbox tenant's forward; what falls due is done before it returns
    #[command(after_help = "Example: ezscale clock trial --advance 31d")]
    Clock(Clock),
    /// Fill an empty installation with the demo: EZSCALE and the reseller Northwind
    #[command(after_help = "Example: ezscale demo")]
    Demo,
    /// The pure money rules: a case as JSON on standard input, the result on standard output
    #[command(after_help = "Example: echo '{\"op\":\"prorate\",...}' | ezscale calc")]
    Calc,
    /// Print the API document
    #[command(after_help = "Example: ezscale openapi > openapi.json")]
    Openapi,
}

#[derive(Args)]
pub struct Serve {
    /// Web only
    #[arg(long, conflicts_with = "only_worker")]
    pub no_worker: bool,
    /// Scheduler and worker only
    #[arg(long)]
    pub only_worker: bool,
}

#[derive(Args)]
pub struct Migrate {
    /// Show where every tenant stands and change nothing
    #[arg(long)]
    pub status: bool,
    /// How many tenants at once
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Json {
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum Tenant {
    /// Create a tenant: the first becomes the root, a later one a child of the root or of --parent
    #[command(
        after_help = "Example: ezscale tenant create demo --name Demo --owner ops@demo.test --currency EUR --timezone Europe/Berlin"
    )]
    Create {
        /// Name in {slug}.{base}
        slug: String,
        /// Name for people
        #[arg(long)]
        name: String,
        /// Slug of the parent
        #[arg(long)]
        parent: Option<String>,
        /// Simulated gateways and panels, and a clock of its own
        #[arg(long)]
        sandbox: bool,
        /// Address of a staff user with every permission
        #[arg(long)]
        owner: Option<String>,
        /// Default currency
        #[arg(long, default_value = "USD")]
        currency: String,
        /// Zone of its billing days
        #[arg(long, default_value = "UTC")]
        timezone: String,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// List tenants
    #[command(after_help = "Example: ezscale tenant list --json")]
    List(Json),
    /// Lock a tenant's staff out; its customers are served
    #[command(after_help = "Example: ezscale tenant suspend demo --reason 'unpaid'")]
    Suspend {
        /// Slug
        slug: String,
        /// Why
        #[arg(long, default_value = "suspended by the platform")]
        reason: String,
    },
    /// Let a tenant's staff in again
    #[command(after_help = "Example: ezscale tenant resume demo")]
    Resume {
        /// Slug
        slug: String,
    },
}

#[derive(Subcommand)]
pub enum Host {
    /// Claim a hostname for a tenant and print the records that prove it
    #[command(after_help = "Example: ezscale host add northwind billing.northwind.test --portal all --json")]
    Add {
        /// Tenant
        slug: String,
        /// Hostname
        hostname: String,
        /// Which surfaces it serves
        #[arg(long, default_value = "all", value_parser = ["all", "site", "account", "admin", "status"])]
        portal: String,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// List claims of all tenants
    #[command(after_help = "Example: ezscale host list --json")]
    List(Json),
    /// Give a claim up
    #[command(after_help = "Example: ezscale host remove northwind billing.northwind.test")]
    Remove {
        /// Tenant
        slug: String,
        /// Hostname
        hostname: String,
    },
}

#[derive(Subcommand)]
pub enum Token {
    /// Make an API token and print it once
    #[command(
        after_help = "Example: ezscale token create --tenant demo --user ops@demo.test --scopes invoices.read,services.read --ips 192.0.2.0/24 --spending-limit '100.00 EUR' --json"
    )]
    Create(NewToken),
    /// List API tokens, newest first; their text is never shown again
    #[command(after_help = "Example: ezscale token list --tenant demo --json")]
    List {
        /// Tenant
        #[arg(long)]
        tenant: String,
        /// Only those of the user with this address
        #[arg(long)]
        user: Option<String>,
        /// Revoked ones too
        #[arg(long)]
        all: bool,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// End an API token at once and for good
    #[command(after_help = "Example: ezscale token revoke --tenant demo tok_01j9zr...")]
    Revoke {
        /// Tenant
        #[arg(long)]
        tenant: String,
        /// Its id, as `token list` shows it
        id: String,
    },
}

#[derive(Args)]
pub struct NewToken {
    /// Tenant
    #[arg(long)]
    pub tenant: String,
    /// Address of the user
    #[arg(long)]
    pub user: String,
    /// Name for people
    #[arg(long, default_value = "made on the command line")]
    pub name: String,
    /// Narrow it to these scopes
    #[arg(long, value_delimiter = ',')]
    pub scopes: Option<Vec<String>>,
    /// Addresses or networks it may come from
    #[arg(long, value_delimiter = ',')]
    pub ips: Option<Vec<String>>,
    /// When it ends, RFC 3339
    #[arg(long)]
    pub expires: Option<chrono::DateTime<chrono::Utc>>,
    /// Most it may spend in a calendar month, such as '100.00 EUR'
    #[arg(long)]
    pub spending_limit: Option<String>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Bill {
    /// One tenant
    #[arg(long, conflicts_with = "all", required_unless_present = "all")]
    pub tenant: Option<String>,
    /// Every tenant
    #[arg(long)]
    pub all: bool,
    /// The billing day; default: today in the tenant's zone
    #[arg(long)]
    pub on: Option<chrono::NaiveDate>,
    /// Plan only, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Clock {
    /// Slug of the tenant
    pub slug: String,
    /// Move it to this moment, RFC 3339
    #[arg(long, conflicts_with = "advance")]
    pub set: Option<String>,
    /// Move it by 31d, 12h, 90m or 2w
    #[arg(long)]
    pub advance: Option<String>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}
