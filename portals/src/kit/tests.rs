//! Every typed page in every locale, and rules that hold for all templates.

use platform::money::Currency;
use platform::texts::Locale;
use platform::views::{Context, Page, Theme, Views};

use super::{TEMPLATES, samples, texts, views};
use crate::theme::{BrandColours, theme_css};

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

/// The page of a token, as both portals have it.
fn tokens(views: &Views, customer: &Page, staff: &Page) -> [(&'static str, String); 2] {
    let draw = |layout, page| views.show(&crate::tokens::sample(layout), page).unwrap();
    [
        ("token", draw("layouts/account.html", customer)),
        ("admin-token", draw("layouts/admin.html", staff)),
    ]
}

/// Name and text of every sample page.
fn pages(brand: &str, colours: &BrandColours, theme: Theme, tag: &str) -> Vec<(&'static str, String)> {
    let views = views().unwrap();
    let page = |portal| {
        let mut page = samples::page(portal, brand, theme, Locale::parse(tag).unwrap());
        page.brand.theme_path = theme_css(colours).path();
        page
    };
    let (staff, customer, site) = (page("admin"), page("account"), page("site"));
    let orders = ["order-building", "order-ready", "order-failed", "order-many"];
    let orders = orders.into_iter().zip(samples::orders(usd()));
    let mut pages: Vec<_> = orders
        .map(|(name, order)| (name, views.show(&order, &customer).unwrap()))
        .collect();
    pages.extend(tokens(&views, &customer, &staff));
    pages.extend([
        ("home", views.show(&samples::home(usd()), &customer).unwrap()),
        ("profile", views.show(&samples::profile(), &customer).unwrap()),
        ("details", views.show(&samples::details(), &customer).unwrap()),
        ("team", views.show(&samples::team(), &customer).unwrap()),
        ("cancel", views.show(&samples::cancel(), &customer).unwrap()),
        ("way-in", views.show(&samples::way_in(), &customer).unwrap()),
        ("dash", views.show(&samples::dashboard(usd()), &staff).unwrap()),
        (
            "styleguide",
            views.show(&crate::styleguide::samples(usd()), &staff).unwrap(),
        ),
        ("service", views.show(&samples::service(usd()), &customer).unwrap()),
        ("invoice", views.show(&samples::invoice(usd()), &customer).unwrap()),
        (
            "methods",
            views.show(&crate::account::methods::sample(), &customer).unwrap(),
        ),
        (
            "admin-invoice",
            views.show(&crate::admin::invoice::sample(usd()), &staff).unwrap(),
        ),
        (
            "admin-new-order",
            views.show(&crate::admin::new_order::sample(usd()), &staff).unwrap(),
        ),
        (
            "admin-payment",
            views.show(&crate::admin::payments::sample(usd()), &staff).unwrap(),
        ),
        ("shop-home", views.show(&samples::shop::home(usd()), &site).unwrap()),
        (
            "shop-products",
            views.show(&samples::shop::products(usd()), &site).unwrap(),
        ),
        (
            "shop-product",
            views.show(&samples::shop::product(usd()), &site).unwrap(),
        ),
        ("shop-order", views.show(&samples::shop::order(usd()), &site).unwrap()),
        ("shop-cart", views.show(&samples::shop::cart(usd()), &site).unwrap()),
        (
            "shop-checkout",
            views.show(&samples::shop::checkout(usd()), &site).unwrap(),
        ),
        (
            "shop-declined",
            views.show(&samples::shop::declined(usd()), &site).unwrap(),
        ),
    ]);
    pages.extend(crate::auth::samples(&views, &site).unwrap());
    pages
}

#[test]
fn sample_pages_render_in_every_language_within_budget() {
    for tag in ["en", "de", "de-AT", "ar"] {
        for (name, html) in pages("Northwind", &BrandColours::default(), Theme::Auto, tag) {
            let least = if name.starts_with("auth-") { 1500 } else { 4000 };
            assert!(html.len() > least && html.contains("</html>"), "{name} {tag}");
            assert!(html.len() < 90_000, "{name} is {} bytes", html.len());
            assert_eq!(html.matches("<h1").count(), 1, "{name} has one first heading");
            assert!(
                !html.to_lowercase().contains("ezscale"),
                "{name} names nobody but its tenant"
            );
        }
    }
}

#[test]
fn locales_have_the_same_messages() {
    assert_eq!(texts().unwrap().missing(), Vec::<String>::new());
}

#[test]
fn every_word_a_template_asks_for_exists() {
    let texts = texts().unwrap();
    for (name, source) in TEMPLATES {
        let calls = source.match_indices("t(\"").chain(source.match_indices("t('"));
        for (at, _) in calls.filter(|(at, _)| !source[..*at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
        {
            let rest = &source[at + 3..];
            let Some((key, after)) = rest.split_once(['"', '\'']) else {
                continue;
            };
            // A key that is continued with `~` is put together from pieces.
            if key.contains('-') && !after.trim_start().starts_with('~') && !key.contains(' ') {
                assert!(texts.has(key), "{name}: {key}");
            }
        }
    }
}

#[test]
fn templates_hold_no_inline_style_or_script() {
    for (name, source) in TEMPLATES
        .iter()
        .filter(|(name, _)| name.ends_with(".html") && !name.starts_with("mail"))
    {
        let lower = source.to_lowercase();
        for forbidden in [
            " style=",
            "hx-on",
            "<style",
            "javascript:",
            " onclick=",
            " onchange=",
            " onsubmit=",
            "js:",
            // Where a request comes from is proved by its headers.
            "name=\"csrf\"",
        ] {
            assert!(!lower.contains(forbidden), "{name} has {forbidden}");
        }
        let inline = lower
            .split("<script")
            .skip(1)
            .any(|rest| !rest.trim_start().starts_with("src="));
        assert!(!inline, "{name} has a script in the page");
    }
}

#[test]
fn contexts_name_templates_that_exist() {
    let names = [
        super::dashboard::Dashboard::TEMPLATE,
        super::service::ServicePage::TEMPLATE,
        super::invoice::InvoicePage::TEMPLATE,
        crate::account::order::OrderPage::TEMPLATE,
        crate::styleguide::Styleguide::TEMPLATE,
    ];
    for name in names {
        assert!(TEMPLATES.iter().any(|(known, _)| *known == name), "{name}");
    }
}

/// Writes the sample pages and all assets to the folder in `LOOK_OUT`, to be looked at in a browser.
#[test]
fn pages_to_look_at() {
    let Some(out) = std::env::var_os("LOOK_OUT").map(std::path::PathBuf::from) else {
        return;
    };
    for folder in ["assets", "theme"] {
        std::fs::create_dir_all(out.join(folder)).unwrap();
    }
    for asset in crate::assets::ASSETS {
        std::fs::write(out.join(asset.path.trim_start_matches('/')), asset.body).unwrap();
    }
    let green = BrandColours {
        brand: "#0b7a5f".parse().unwrap(),
        brand_dark: Some("#2dbd95".parse().unwrap()),
        accent: None,
        radius_px: 4,
        ..BrandColours::default()
    };
    for (short, brand, colours) in [
        ("ez", "Acme Cloud", BrandColours::default()),
        ("nord", "Northwind", green),
    ] {
        let sheet = theme_css(&colours);
        std::fs::write(out.join(sheet.path().trim_start_matches('/')), &sheet.css).unwrap();
        for (kind, theme, tag) in [
            ("light", Theme::Light, "en"),
            ("dark", Theme::Dark, "en"),
            ("de", Theme::Light, "de"),
            ("rtl", Theme::Light, "ar"),
        ] {
            for (name, html) in pages(brand, &colours, theme, tag) {
                std::fs::write(out.join(format!("{name}-{short}-{kind}.html")), html).unwrap();
            }
        }
    }
}
