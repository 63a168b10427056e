//! What stands in each portal's menu.

use platform::views::{MenuEntry, MenuSection};
use tenancy::HostRoute;
use tenancy::extract::Staff;
use tenancy::permission::{
    Any, Permission, Permissions, ReadAccounts, ReadAudit, ReadCatalogue, ReadInvoices, ReadOrders, ReadPayments,
    ReadReports, ReadServers, ReadServices, ReadSettings, ReadTenants,
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
        entry("vps", "kind-vps", "/products/vps", "server"),
        entry("dedicated", "kind-dedicated", "/products/dedicated", "server-2"),
        entry("hosting", "kind-hosting", "/products/hosting", "world"),
        entry("game", "kind-game", "/products/game", "device-gamepad-2"),
        entry("workspace", "kind-workspace", "/products/workspace", "browser"),
    ];
    vec![MenuSection { label_key: "", entries }]
}

/// The customers' menu, narrowed to what the member may do.
#[must_use]
pub fn account(rights: &Permissions) -> Vec<MenuSection> {
    let mut entries = vec![entry("overview", "menu-overview", "/account", "layout-dashboard")];
    if rights.has("services.use") {
        entries.push(entry("services", "menu-services", "/account/services", "server-2"));
    }
    if rights.has("billing.read") {
        entries.push(entry("billing", "menu-billing", "/account/invoices", "file-invoice"));
    }
    vec![MenuSection { label_key: "", entries }]
}

/// The staff menu, narrowed to what they may see.
pub async fn admin<P>(app: &App, staff: &Staff<P>) -> Vec<MenuSection> {
    let tasks = open_tasks(app, staff).await;
    let waiting = MenuEntry {
        count: u64::try_from(tasks).ok().filter(|n| *n > 0),
        urgent: tasks > 0,
        ..entry("tasks", "menu-tasks", "/admin/tasks?status=open", "flag")
    };
    let overview = vec![(
        ReadReports::NAME,
        entry("dashboard", "menu-dashboard", "/admin", "layout-dashboard"),
    )];
    let work = vec![
        (
            ReadServices::NAME,
            entry("provisioning", "menu-provisioning", "/admin/provisioning", "list-check"),
        ),
        (ReadServices::NAME, waiting),
        (
            ReadServers::NAME,
            entry("servers", "menu-servers", "/admin/servers", "stack-2"),
        ),
        (
            ReadPayments::NAME,
            entry("gateways", "menu-gateways", "/admin/gateways", "credit-card"),
        ),
    ];
    [
        section("", overview, staff),
        section("menu-section-business", business(), staff),
        section("menu-section-operations", work, staff),
        section("menu-section-system", system(), staff),
    ]
    .into_iter()
    .filter(|section| !section.entries.is_empty())
    .collect()
}

/// Who buys what, and pays for it.
fn business() -> Vec<(&'static str, MenuEntry)> {
    vec![
        (
            ReadAccounts::NAME,
            entry("customers", "menu-customers", "/admin/customers", "users"),
        ),
        (
            ReadOrders::NAME,
            entry("orders", "menu-orders", "/admin/orders", "shopping-cart"),
        ),
        (
            ReadInvoices::NAME,
            entry("invoices", "menu-invoices", "/admin/invoices", "file-invoice"),
        ),
        (
            ReadPayments::NAME,
            entry("payments", "menu-payments", "/admin/payments", "credit-card"),
        ),
        (
            ReadServices::NAME,
            entry("services", "menu-services", "/admin/services", "server-2"),
        ),
        (
            ReadCatalogue::NAME,
            entry("catalogue", "menu-catalogue", "/admin/catalogue", "package"),
        ),
    ]
}

/// The house itself.
fn system() -> Vec<(&'static str, MenuEntry)> {
    vec![
        (
            ReadTenants::NAME,
            entry("tenants", "menu-tenants", "/admin/tenants", "building-store"),
        ),
        (
            ReadSettings::NAME,
            entry("settings", "menu-settings", "/admin/settings", "settings"),
        ),
        (ReadAccounts::NAME, entry("mails", "menu-mails", "/admin/mails", "mail")),
        (
            ReadSettings::NAME,
            entry("staff", "menu-staff", "/admin/staff", "id-badge-2"),
        ),
        (Any::NAME, entry("tokens", "token-title", "/admin/tokens", "key")),
        (ReadAudit::NAME, entry("audit", "menu-audit", "/admin/audit", "history")),
    ]
}

fn section<P>(label_key: &'static str, entries: Vec<(&str, MenuEntry)>, staff: &Staff<P>) -> MenuSection {
    let entries = entries
        .into_iter()
        .filter(|(needs, _)| staff.rights.has(needs))
        .map(|(_, entry)| entry)
        .collect();
    MenuSection { label_key, entries }
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
