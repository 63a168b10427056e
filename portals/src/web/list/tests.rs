//! What an address asks for, and which addresses a list writes.

use tenancy::listing::At;

use super::{Column, Empty, Filter, Params, Spec};

const SPEC: Spec = Spec {
    path: "/admin/things",
    title: "menu-services",
    search: Some("ui-search"),
    filters: &[
        Filter::Choice(
            "status",
            "list-status",
            &[("active", "status-active"), ("failed", "status-failed")],
        ),
        Filter::Days("issued", "list-issued"),
        Filter::Own("server", "list-server"),
    ],
    columns: &[
        Column::new("list-name").sort("name"),
        Column::new("list-since").sort("since"),
    ],
    sort: "-since",
    empty: Empty {
        icon: "users",
        title: "list-no-customers",
        text: "list-no-customers-text",
        action: None,
    },
};

#[test]
fn whatever_stands_in_the_address_the_list_is_asked_for_something_it_has() {
    for (query, sort, typed, status, page) in [
        ("", "-since", None, None, 1),
        ("q=&status=&sort=&page=", "-since", None, None, 1),
        (
            "q=+hall+&status=active&sort=name&page=2",
            "name",
            Some("hall"),
            Some("active"),
            2,
        ),
        ("status=nonsense&sort=password&page=-3", "-since", None, None, 1),
        ("sort=--name&page=99999999999999999999", "-since", None, None, 1),
        ("sort=-name&q=%00a%0Ab", "-name", Some("ab"), None, 1),
        ("status=active&status=failed", "-since", None, Some("failed"), 1),
        ("%ff=%ff&&&=&q=%zz", "-since", Some("%zz"), None, 1),
    ] {
        let wish = SPEC.read(&Params::parse(query));
        assert_eq!(wish.sort, sort, "{query}");
        assert_eq!(wish.typed().as_deref(), typed, "{query}");
        assert_eq!(wish.choice("status").as_deref(), status, "{query}");
        assert_eq!(wish.at, At::Page(page), "{query}");
    }
}

#[test]
fn days_and_ids_are_read_or_left_out() {
    let wish = SPEC.read(&Params::parse(
        "issued_from=2026-02-28&issued_to=2026-02-30&server=srv_nonsense",
    ));
    let (from, to) = wish.days("issued");
    assert_eq!(from.map(|day| day.to_string()).as_deref(), Some("2026-02-28"));
    assert_eq!(to, None, "there is no such day");
    assert_eq!(wish.id::<billing::ids::ServerId>("server"), None);
    assert!(wish.is_narrowed());
    let longest = SPEC.read(&Params::parse(&format!("q={}", "x".repeat(10_000))));
    assert_eq!(longest.typed().map(|typed| typed.len()), Some(200));
}

#[test]
fn a_list_writes_addresses_that_it_reads_the_same() {
    let query = "q=hall+%26+sons&status=failed&issued_from=2026-01-01&sort=name&page=3";
    let wish = SPEC.read(&Params::parse(query));
    let written = super::context::address(&SPEC, &wish, &wish.sort, &wish.at);
    let again = SPEC.read(&Params::parse(written.split_once('?').unwrap().1));
    assert_eq!(
        (
            again.typed(),
            again.chosen.clone(),
            again.sort.clone(),
            again.at.clone()
        ),
        (wish.typed(), wish.chosen.clone(), wish.sort.clone(), wish.at.clone())
    );
    let plain = SPEC.read(&Params::default());
    assert_eq!(
        super::context::address(&SPEC, &plain, "-since", &At::Page(1)),
        "/admin/things"
    );
    let cursor = At::After("1764~018f2f6e-0000-7000-8000-000000000001".to_owned());
    let written = super::context::address(&SPEC, &plain, "-since", &cursor);
    assert_eq!(SPEC.read(&Params::parse(written.split_once('?').unwrap().1)).at, cursor);
}
