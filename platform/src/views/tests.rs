//! Strictness, escaping, words and filters through real templates.

use std::sync::Arc;

use chrono::{TimeZone, Utc};
use serde::Serialize;
use serde_json::json;

use super::{Brand, Page, Person, Setup, Theme, Views};
use crate::texts::{Locale, Texts};

static TEMPLATES: &[(&str, &str)] = &[
    (
        "words.html",
        r#"{{ t("due", amount=total|money, name=name) }}|{{ t("rows", n=3) }}"#,
    ),
    (
        "macro.html",
        r#"{% macro price(x) %}{{ page.brand.name }} {{ x|money }} {{ t("rows", n=1) }}{% endmacro %}"#,
    ),
    ("calls.html", r#"{% import "macro.html" as m %}{{ m.price(total) }}"#),
    (
        "times.html",
        r#"{{ at|ago }} {{ day|date }} {{ day|date(style="full") }} {{ at|datetime(seconds=true) }}"#,
    ),
    (
        "numbers.html",
        r#"{{ 1234|number }} {{ "1.5"|percent }} {{ 2048|bytes }}"#,
    ),
    ("undefined.html", "{{ nothing }}"),
    ("unworded.html", r#"{{ t("nowhere") }}"#),
    (
        "endless.html",
        "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
    ),
    (
        "block.html",
        "before {% block rows %}<b>{{ name }}</b>{% endblock %} after",
    ),
    (
        "icon.html",
        r#"{{ icon("check", "text-success") }} {{ asset("app.css") }}"#,
    ),
    ("icons.html", r#"{{ icon("no-such") }}"#),
];

fn views() -> Views {
    let texts = Texts::load(&[
        (
            "en",
            "due = { $name } owes { $amount }\nrows = { $n ->\n    [one] One row\n   *[other] { $n } rows\n }",
        ),
        (
            "de",
            "due = { $name } schuldet { $amount }\nrows = { $n ->\n    [one] Eine Zeile\n   *[other] { $n } Zeilen\n }",
        ),
    ])
    .unwrap();
    let setup = Setup {
        templates: TEMPLATES,
        folder: None,
        texts: Arc::new(texts),
        asset: |name| match name {
            "app.css" => Some("/assets/app.1.css"),
            "icons.svg" => Some("/assets/icons.1.svg"),
            _ => None,
        },
        icon: |name| name == "check",
        extend: |_| {},
    };
    Views::new(setup).unwrap()
}

fn page(tag: &str) -> Page {
    let locale = Locale::parse(tag).unwrap();
    Page {
        brand: Brand {
            name: "A & B".into(),
            logo: None,
            logo_dark: None,
            theme_path: String::new(),
            support_email: None,
            legal: vec![],
        },
        dir: locale.direction(),
        locale,
        theme: Theme::Auto,
        portal: "account",
        user: Some(Person::new("Ada Maria Hall", "ada@hall.test")),
        nav: "",
        menu: vec![],
        flash: vec![],
        path: "/".into(),
        hop: "",
        banner: None,
        zone: chrono_tz::Europe::Berlin,
        now: Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap(),
        words: None,
    }
}

fn render(name: &str, tag: &str, context: impl Serialize) -> Result<String, super::ViewError> {
    views().render(name, &context, &page(tag))
}

#[test]
fn words_escape_names_and_keep_the_markup_of_filters() {
    let context = json!({"total": {"amount": "48.00", "currency": "EUR"}, "name": "<i>"});
    let html = render("words.html", "de", &context).unwrap();
    assert_eq!(
        html,
        "\u{2068}&lt;i&gt;\u{2069} schuldet \u{2068}<bdi><data value=\"48.00\">48,00\u{a0}€</data></bdi>\u{2069}|\u{2068}3\u{2069} Zeilen"
    );
}

#[test]
fn macros_of_another_file_know_the_page() {
    let html = render(
        "calls.html",
        "en",
        json!({"total": {"amount": "1.00", "currency": "USD"}}),
    )
    .unwrap();
    assert_eq!(html, "A &amp; B <bdi><data value=\"1.00\">$1.00</data></bdi> One row");
}

#[test]
fn times_and_numbers() {
    let html = render(
        "times.html",
        "en",
        json!({"at": "2026-11-22T11:58:00Z", "day": "2026-12-01"}),
    )
    .unwrap();
    assert_eq!(
        html,
        "<time datetime=\"2026-11-22T11:58:00+00:00\" title=\"22 Nov 2026, 12:58:00 CET\">2 min ago</time> \
         <time datetime=\"2026-12-01\">1 Dec 2026</time> <time datetime=\"2026-12-01\">Tuesday 1 December 2026</time> \
         <time datetime=\"2026-11-22T11:58:00+00:00\">22 Nov 2026, 12:58:00 CET</time>"
    );
    let html = render("numbers.html", "de", json!({})).unwrap();
    assert_eq!(
        html,
        "<bdi>1.234</bdi> <bdi>1.5</bdi> <bdi>2,05\u{a0}kB</bdi>".replace("1.5", "1,5\u{a0}%")
    );
}

#[test]
fn what_is_not_there_is_an_error() {
    for name in [
        "undefined.html",
        "unworded.html",
        "absent.html",
        "endless.html",
        "icons.html",
    ] {
        assert!(render(name, "en", json!({})).is_err(), "{name}");
    }
}

#[test]
fn a_part_of_a_page_can_be_rendered_alone() {
    #[derive(Serialize)]
    struct Row {
        name: &'static str,
    }
    impl super::Context for Row {
        const TEMPLATE: &'static str = "block.html";
    }
    assert_eq!(
        views().part("rows", &Row { name: "a<b" }, &page("en")).unwrap(),
        "<b>a&lt;b</b>"
    );
}

#[test]
fn icons_point_into_the_sprite() {
    let html = render("icon.html", "en", json!({})).unwrap();
    assert!(
        html.contains("<use href=\"/assets/icons.1.svg#check\"/>") && html.ends_with("/assets/app.1.css"),
        "{html}"
    );
    assert_eq!(page("en").user.unwrap().initials, "AH");
}
