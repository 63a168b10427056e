//! Every notice in every language, in both forms.

use chrono::NaiveDate;
use platform::money::{Currency, Money};
use platform::texts::Locale;
use platform::views::Theme;
use tenancy::brand::Colour;

use super::{Letter, Notice, Sender, Words};
use crate::kit::{samples, texts};

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::parse("USD").unwrap()).unwrap()
}

fn url() -> String {
    "https://billing.northwind.test/account/invoices/inv_1".to_owned()
}

fn number() -> String {
    "INV-2026-0042".to_owned()
}

fn day() -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(2026, 2, 15)
}

/// About money, with each variant.
fn of_money() -> Vec<Notice> {
    let invoice = |due: i64, automatic| Notice::Invoice {
        number: number(),
        total: usd(4800),
        due: usd(due),
        due_on: day(),
        automatic,
        url: url(),
    };
    let failed = |confirm, again_on| Notice::Failed {
        number: number(),
        amount: usd(4800),
        reason: "Your card was declined.".into(),
        confirm,
        again_on,
        url: url(),
    };
    let overdue = |reminder, suspends_on| Notice::Overdue {
        number: number(),
        due: usd(4800),
        due_on: day(),
        reminder,
        suspends_on,
        url: url(),
    };
    let receipt = |left| Notice::Receipt {
        number: number(),
        amount: usd(4800),
        left: usd(left),
        url: url(),
    };
    let card = |automatic| Notice::CardExpiring {
        card: "Visa ···· 4242".into(),
        month: "03/2026".into(),
        automatic,
        url: url(),
    };
    let refund = |credit| Notice::Refund {
        number: number(),
        amount: usd(1200),
        credit,
        url: url(),
    };
    vec![
        invoice(4800, true),
        invoice(4800, false),
        invoice(0, false),
        receipt(0),
        receipt(100),
        failed(false, day()),
        failed(true, None),
        overdue(1, day()),
        overdue(3, None),
        refund(false),
        refund(true),
        Notice::DueSoon {
            number: number(),
            due: usd(4800),
            due_on: day(),
            url: url(),
        },
        card(true),
        card(false),
    ]
}

/// About orders and services, with each variant.
fn of_services() -> Vec<Notice> {
    let service = || "web-1.hall.test".to_owned();
    let suspended = |invoice| Notice::Suspended {
        service: service(),
        invoice,
        url: url(),
    };
    vec![
        Notice::Order {
            number: 10_001,
            total: usd(4800),
            url: url(),
        },
        Notice::PayAgain {
            number: 10_001,
            total: usd(4800),
            url: url(),
        },
        Notice::Expired {
            number: 10_001,
            total: usd(4800),
            url: url(),
        },
        Notice::Undelivered {
            service: service(),
            url: url(),
        },
        suspended(Some(number())),
        suspended(None),
        Notice::Resumed {
            service: service(),
            url: url(),
        },
        Notice::Ready {
            service: service(),
            addresses: vec!["192.0.2.10".into(), "2001:db8::10".into()],
            url: url(),
        },
        Notice::Delayed {
            service: service(),
            url: url(),
        },
        Notice::Ended {
            service: service(),
            url: url(),
        },
    ]
}

fn written(tag: &str) -> Vec<(&'static str, Letter)> {
    let texts = texts().unwrap();
    let page = samples::page("account", "Northwind", Theme::Auto, Locale::parse(tag).unwrap());
    let words = Words::over(&texts, page);
    let footnote = words.say("mail-footnote", &[("brand", "Northwind")]);
    let write = |notice: Notice| {
        let letter = Letter {
            footnote: footnote.clone(),
            ..notice.letter(&words, "Hall & Sons <script>")
        };
        (notice.word(), letter)
    };
    of_money().into_iter().chain(of_services()).map(write).collect()
}

fn sender(tag: &str) -> Sender {
    Sender {
        name: "Northwind".into(),
        color: Colour(11, 122, 95),
        lang: tag.into(),
    }
}

#[test]
fn every_notice_is_written_in_every_language_in_both_forms() {
    for tag in ["en", "de", "de-AT"] {
        for (word, letter) in written(tag) {
            let (text, html) = (letter.text(&sender(tag)), letter.html(&sender(tag)));
            for form in [&letter.subject, &text, &html] {
                // A word that is missing shows as its key.
                assert!(!form.contains("mail-"), "{word} {tag}: {form}");
                assert!(
                    !form.to_lowercase().contains("ezscale"),
                    "{word} names nobody but its tenant"
                );
                assert!(
                    !form.contains("{ $") && !form.contains('\u{2068}'),
                    "{word} {tag}: {form}"
                );
            }
            assert!(
                !letter.subject.is_empty() && letter.subject.chars().count() < 80,
                "{}",
                letter.subject
            );
            assert!(
                text.contains("https://billing.northwind.test/") && html.contains("https://billing.northwind.test/")
            );
            assert!(!html.contains("<script>"), "{word}: what was typed is no markup");
            assert!(!text.to_lowercase().contains("password:") && !html.contains("Passwort:"));
        }
    }
}

#[test]
fn money_and_days_are_written_as_the_reader_does() {
    let facts = |tag| {
        let letters = written(tag);
        let (_, letter) = &letters[0];
        letter
            .facts
            .iter()
            .map(|(_, value)| value.replace('\u{a0}', " "))
            .collect::<Vec<_>>()
    };
    assert_eq!(facts("en"), ["INV-2026-0042", "$48.00", "15 Feb 2026"]);
    assert_eq!(facts("de")[1], "48,00 $");
    let subjects = |tag| {
        written(tag)
            .into_iter()
            .map(|(_, letter)| letter.subject)
            .collect::<Vec<_>>()
    };
    assert_ne!(subjects("en"), subjects("de"));
}

/// Writes every mail to the folder in `LOOK_OUT`, to be looked at in a browser.
#[test]
fn mails_to_look_at() {
    let Some(out) = std::env::var_os("LOOK_OUT").map(std::path::PathBuf::from) else {
        return;
    };
    std::fs::create_dir_all(&out).unwrap();
    for tag in ["en", "de"] {
        for (at, (word, letter)) in written(tag).into_iter().enumerate() {
            std::fs::write(
                out.join(format!("{at:02}-{word}-{tag}.html")),
                letter.html(&sender(tag)),
            )
            .unwrap();
        }
    }
}
