//! `tax_treatment`.

use super::{answer, check, fails};

fn case(seller: &str, buyer: &str, date: &str) -> String {
    format!(
        r#"{{"op":"tax_treatment","seller":"{seller}","buyer":{{{buyer}}},"date":"{date}","kind":"digital_service"}}"#
    )
}

fn treats(seller: &str, buyer: &str, date: &str, scheme: &str, rate: &str) {
    let case = case(seller, buyer, date);
    check(&case, &format!(r#"{{"scheme":"{scheme}","rate":"{rate}"}}"#));
    assert!(answer(&case)["note"].as_str().unwrap().ends_with('.'));
}

#[test]
fn who_owes_the_tax() {
    let day = "2026-01-31";
    treats("DE", r#""country":"DE""#, day, "domestic", "19");
    treats(
        "DE",
        r#""country":"DE","vat_id":"DE1","vat_valid":true"#,
        day,
        "domestic",
        "19",
    );
    treats("GB", r#""country":"GB""#, day, "domestic", "20");
    treats("US", r#""country":"US""#, day, "none", "0");
    treats("CH", r#""country":"CH","vat_valid":true"#, day, "none", "0");
    treats("DE", r#""country":"FR""#, day, "oss", "20");
    treats("US", r#""country":"FR""#, day, "oss", "20");
    treats("DE", r#""country":"FR","vat_id":"FR1""#, day, "oss", "20");
    treats(
        "DE",
        r#""country":"FR","vat_id":"FR1","vat_valid":true"#,
        day,
        "reverse_charge",
        "0",
    );
    treats("US", r#""country":"GR","vat_valid":true"#, day, "reverse_charge", "0");
    treats("DE", r#""country":"US""#, day, "export", "0");
    treats("DE", r#""country":"GB""#, day, "export", "0");
    treats("DE", r#""country":"GB","region":"GB-NIR""#, day, "export", "0");
    treats("DE", r#""country":"CH","vat_valid":true"#, day, "export", "0");
    treats("DE", r#""country":"ES""#, day, "oss", "21");
    treats("DE", r#""country":"ES","region":"ES-MD""#, day, "oss", "21");
    for region in ["ES-CN", "ES-CE", "ES-ML"] {
        let buyer = format!(r#""country":"ES","region":"{region}","vat_valid":true"#);
        treats("DE", &buyer, day, "export", "0");
        treats("ES", &buyer, day, "export", "0");
    }
    treats("ES", r#""country":"ES","region":"ES-MD""#, day, "domestic", "21");
}

#[test]
fn rates_change_on_their_day() {
    for (country, before, day_before, after, day) in [
        ("FI", "24", "2024-08-31", "25.5", "2024-09-01"),
        ("SK", "20", "2024-12-31", "23", "2025-01-01"),
        ("EE", "22", "2025-06-30", "24", "2025-07-01"),
        ("RO", "19", "2025-07-31", "21", "2025-08-01"),
    ] {
        let buyer = format!(r#""country":"{country}""#);
        treats("US", &buyer, "2024-01-01", "oss", before);
        treats("US", &buyer, day_before, "oss", before);
        treats("US", &buyer, day, "oss", after);
        treats(country, &buyer, "2030-01-01", "domestic", after);
    }
}

#[test]
fn every_member_has_a_rate() {
    for (country, rate) in [
        ("AT", "20"),
        ("BE", "21"),
        ("BG", "20"),
        ("CY", "19"),
        ("CZ", "21"),
        ("DE", "19"),
        ("DK", "25"),
        ("ES", "21"),
        ("FR", "20"),
        ("GR", "24"),
        ("HR", "25"),
        ("HU", "27"),
        ("IE", "23"),
        ("IT", "22"),
        ("LT", "21"),
        ("LU", "17"),
        ("LV", "21"),
        ("MT", "18"),
        ("NL", "21"),
        ("PL", "23"),
        ("PT", "23"),
        ("SE", "25"),
        ("SI", "22"),
    ] {
        treats("US", &format!(r#""country":"{country}""#), "2025-10-01", "oss", rate);
    }
}

#[test]
fn wrong_cases() {
    let day = "2026-01-31";
    for code in ["XI", "EL", "UK", "EU", "XK", "de", "DEU", ""] {
        fails(&case("DE", &format!(r#""country":"{code}""#), day), "unknown_country");
        fails(&case(code, r#""country":"DE""#, day), "unknown_country");
    }
    fails(&case("DE", r#""country":"DE""#, "2023-12-31"), "out_of_range");
    fails(&case("DE", r#""country":"DE","region":"ES-CN""#, day), "malformed");
    fails(&case("DE", r#""country":"ES","region":"CN""#, day), "malformed");
    fails(&case("DE", r#""country":"ES","region":"es-cn""#, day), "malformed");
    fails(&case("DE", r#""country":"ES","vat_valid":"yes""#, day), "malformed");
    fails(&case("DE", r#""country":"ES","vat_id":7"#, day), "malformed");
    fails(&case("DE", "", day), "malformed");
    fails(
        &case("DE", r#""country":"DE""#, day).replace("digital_service", "goods"),
        "malformed",
    );
    fails(
        &case("DE", r#""country":"DE""#, day).replace("\"op\"", "\"currency\":\"EUR\",\"op\""),
        "malformed",
    );
}
