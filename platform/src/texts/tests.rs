//! Fallback, overrides and negotiation.

use fluent_bundle::FluentArgs;

use super::{Direction, Locale, Overrides, Texts, Wishes, WordOverride};

fn texts() -> Texts {
    Texts::load(&[
        ("en", "hello = Hello { $name }\nonly = English"),
        ("de", "hello = Hallo { $name }\n"),
    ])
    .unwrap()
}

#[test]
fn a_gap_falls_back_to_english_and_is_reported() {
    let texts = texts();
    let de = Locale::parse("de-AT").unwrap();
    assert_eq!(texts.plain(&de, None, "only"), "English");
    assert_eq!(texts.plain(&de, None, "nowhere"), "nowhere");
    assert_eq!(texts.missing(), ["de: only"]);
}

#[test]
fn a_tenant_words_one_string_differently() {
    let texts = texts();
    let own = Overrides::parse(&[WordOverride {
        language: "de".into(),
        key: "hello".into(),
        text: "Moin { $name }".into(),
    }])
    .unwrap();
    let mut args = FluentArgs::new();
    args.set("name", "Ada");
    let de = Locale::parse("de").unwrap();
    assert_eq!(
        texts.text(&de, Some(&own), "hello", &args).unwrap(),
        "Moin \u{2068}Ada\u{2069}"
    );
    assert_eq!(
        texts.text(&Locale::fallback(), Some(&own), "hello", &args).unwrap(),
        "Hello \u{2068}Ada\u{2069}"
    );
}

#[test]
fn an_override_cannot_smuggle_in_a_second_message() {
    for text in ["x\nother = y", "{ broken", "a\n.attr = b"] {
        let word = WordOverride {
            language: "en".into(),
            key: "hello".into(),
            text: text.into(),
        };
        let Ok(own) = Overrides::parse(&[word]) else { continue };
        assert!(
            texts()
                .text(&Locale::fallback(), Some(&own), "other", &FluentArgs::new())
                .is_none(),
            "{text:?}"
        );
    }
}

#[test]
fn the_strongest_known_wish_wins() {
    let check = |profile, cookie, accept_language, tenant, expected: &str| {
        let wishes = Wishes {
            profile,
            cookie,
            accept_language,
            tenant,
        };
        assert_eq!(texts().negotiate(&wishes).tag(), expected, "{wishes:?}");
    };
    check(Some("de"), Some("en"), None, None, "de");
    check(Some("fr"), Some("de_at"), None, None, "de-AT");
    check(None, None, Some("fr, en;q=0.5, de-CH;q=0.9, *;q=0.1"), None, "de-CH");
    check(None, None, Some("fr;q=1"), Some("de"), "de");
    check(None, None, Some("de;q=0"), None, "en");
    check(Some("../../etc"), None, None, None, "en");
    assert_eq!(Locale::parse("ar-EG").unwrap().direction(), Direction::Rtl);
}
