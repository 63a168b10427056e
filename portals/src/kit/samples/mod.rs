//! Sample values of the typed pages, for the style guide and for tests that render every page in every locale.

mod account;
mod customer;
mod live;
pub mod shop;
mod staff;

pub use account::{cancel, details, home, profile, team, way_in};
use chrono::{DateTime, NaiveDate, TimeZone, Utc};
pub use customer::{invoice, service};
pub use live::orders;
use platform::texts::Locale;
use platform::views::{Brand, MenuEntry, MenuSection, Page, Person, Theme};
pub use staff::dashboard;

use super::parts::Tab;
use crate::charts::{Point, Series, Stroke};

/// The moment all samples are from.
#[must_use]
pub fn moment() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 14, 0, 0)
        .single()
        .unwrap_or_default()
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap_or_default()
}

fn tabs(labels: &[&str], active: usize) -> Vec<Tab> {
    let tab = |(at, label): (usize, &&str)| Tab {
        label: (*label).to_owned(),
        path: format!("?view={at}"),
        active: at == active,
    };
    labels.iter().enumerate().map(tab).collect()
}

/// A portal's place, menu and person.
fn chrome(portal: &str) -> (&'static str, Vec<MenuSection>, &'static str) {
    let entry = |key, label_key, icon, count, urgent| MenuEntry {
        key,
        label_key,
        path: "#",
        icon,
        count,
        urgent,
    };
    let section = |label_key, entries: Vec<MenuEntry>| MenuSection { label_key, entries };
    if portal == "admin" {
        let business = vec![
            entry("customers", "menu-customers", "users", None, false),
            entry("orders", "menu-orders", "shopping-cart", Some(6), false),
            entry("invoices", "menu-invoices", "file-invoice", Some(23), false),
            entry("services", "menu-services", "server-2", None, false),
            entry("catalogue", "menu-catalogue", "package", None, false),
        ];
        let work = vec![
            entry("provisioning", "menu-provisioning", "list-check", Some(4), false),
            entry("servers", "menu-servers", "stack-2", None, false),
            entry("tasks", "menu-tasks", "flag", Some(2), true),
        ];
        let system = vec![
            entry("resellers", "menu-resellers", "building-store", None, false),
            entry("settings", "menu-settings", "settings", None, false),
        ];
        let dashboard = vec![entry("dashboard", "menu-dashboard", "layout-dashboard", None, false)];
        let menu = vec![
            section("menu-overview", dashboard),
            section("menu-business", business),
            section("menu-operations", work),
            section("menu-system", system),
        ];
        ("dashboard", menu, "Dana Krause")
    } else {
        let entries = vec![
            entry("overview", "menu-overview", "layout-dashboard", None, false),
            entry("services", "menu-services", "server-2", None, false),
            entry("billing", "menu-billing", "file-invoice", None, false),
            entry("support", "menu-support", "headset", None, false),
            entry("domains", "menu-domains", "world", None, false),
        ];
        ("services", vec![section("", entries)], "Sam Hall")
    }
}

/// A page of a portal under a brand.
#[must_use]
pub fn page(portal: &'static str, brand: &str, theme: Theme, locale: Locale) -> Page {
    let (nav, menu, name) = chrome(portal);
    Page {
        brand: Brand {
            name: brand.to_owned(),
            logo: None,
            logo_dark: None,
            theme_path: String::new(),
            support_email: None,
            legal: Vec::new(),
        },
        dir: locale.direction(),
        locale,
        theme,
        portal,
        user: Some(Person::new(name, "sam@hall.example")),
        nav,
        menu,
        flash: Vec::new(),
        path: "/".to_owned(),
        hop: "",
        banner: None,
        zone: chrono_tz::UTC,
        now: moment(),
        words: None,
    }
}

fn series(label: &str, stroke: Stroke, values: &[f64], write: impl Fn(f64) -> String) -> Series {
    Series {
        label: label.to_owned(),
        stroke,
        points: values.iter().map(|value| Point::new(*value, write(*value))).collect(),
    }
}

fn columns(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}
