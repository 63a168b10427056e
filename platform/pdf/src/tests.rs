//! The renderer with the template it was built for, with friendly and with hostile data.

use std::path::Path;

use serde_json::{Value, json};

use super::{Document, PdfError, render};

fn template() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../portals/documents/invoice.typ");
    std::fs::read_to_string(path).unwrap()
}

fn sample() -> Value {
    json!({
        "labels": {
            "title": "Invoice", "number": "Number", "issued": "Issued", "due": "Due",
            "from": "From", "to": "Billed to", "item": "Item", "period": "Period", "qty": "Qty",
            "price": "Price", "amount": "Amount", "subtotal": "Subtotal", "total": "Total",
            "amount_due": "Amount due", "paid": "Paid", "credit": "Account credit",
            "page": "Page", "of": "of", "vat_id": "VAT", "notes": "Notes",
            "pay_link": "Pay online"
        },
        "number": "INV-2026-1003", "issued": "17 Nov 2026", "due": "1 Dec 2026",
        "status_word": "Unpaid", "status_tone": "warn",
        "brand": {"name": "EZSCALE", "color": "#6A5CF0", "logo": null},
        "seller": {
            "name": "EZSCALE GmbH", "lines": ["Hafenstr. 12", "20457 Hamburg, Germany"],
            "vat_id": "DE 312 445 901"
        },
        "buyer": {
            "name": "Hällström & Söhne AG", "lines": ["4 Mill Lane", "Leeds LS1 4AP, UK"],
            "vat_id": "GB 298 1140 33"
        },
        "lines": [
            {"description": "KVM NVMe 8", "detail": "web-01.hallsons.co.uk · 1 Dec – 31 Dec 2026",
             "quantity": "1", "unit_price": "$48.00", "amount": "$48.00"},
            {"description": "Extra IPv4 address", "detail": "2 × 203.0.113.0/24",
             "quantity": "2", "unit_price": "$3.00", "amount": "$6.00"},
            {"description": "Daily backups", "detail": "7 restore points",
             "quantity": "1", "unit_price": "9,60 €", "amount": "9,60 €"},
            {"description": "Loyalty discount", "detail": "10% for 12 months",
             "quantity": "", "unit_price": "", "amount": "−$6.36"}
        ],
        "sums": [
            {"label": "Subtotal", "amount": "$57.24", "strong": false},
            {"label": "VAT, reverse charge 0%", "amount": "$0.00", "strong": false},
            {"label": "Account credit", "amount": "−$10.00", "strong": false},
            {"label": "Amount due", "amount": "$47.24", "strong": true}
        ],
        "notes": ["Reverse charge: VAT to be paid by the recipient (Art. 196, Directive 2006/112/EC)."],
        "pay_url": "https://account.ezscale.cloud/pay/inv_01J9Z8"
    })
}

fn print(data: &Value, lang: &str, files: &[(&str, &[u8])]) -> Result<Vec<u8>, PdfError> {
    render(&Document {
        template: &template(),
        data,
        title: "Invoice INV-2026-1003",
        lang,
        files,
    })
}

/// Renders, checks the frame of the file and, if asked, keeps it to be looked at.
fn printed(name: &str, data: &Value, lang: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let pdf = print(data, lang, files).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"), "{name}");
    assert!(pdf.trim_ascii_end().ends_with(b"%%EOF"), "{name}");
    if let Some(folder) = std::env::var_os("PDF_KEEP") {
        std::fs::write(Path::new(&folder).join(format!("{name}.pdf")), &pdf).unwrap();
    }
    pdf
}

fn pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    text.matches("/Type/Page/").count() + text.matches("/Type/Page\n").count()
}

fn many(count: usize) -> Value {
    let mut data = sample();
    data["lines"] = (1..=count)
        .map(|n| {
            json!({"description": format!("KVM NVMe {n}"), "detail": "1 Dec – 31 Dec 2026",
                   "quantity": "1", "unit_price": "$48.00", "amount": "$1,048.00"})
        })
        .collect();
    data
}

#[test]
fn an_invoice_is_one_page() {
    assert_eq!(pages(&printed("plain", &sample(), "en", &[])), 1);
}

#[test]
fn a_long_invoice_runs_over_several_pages() {
    let pdf = printed("long", &many(120), "en-GB", &[]);
    assert!((4..=8).contains(&pages(&pdf)), "{}", pages(&pdf));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let first = print(&many(40), "de", &[]).unwrap();
    print(&sample(), "en", &[]).unwrap();
    assert!(first == print(&many(40), "de", &[]).unwrap());
}

/// Every place of the data that a person can fill.
const PLACES: [&str; 14] = [
    "/buyer/name",
    "/buyer/lines/0",
    "/buyer/vat_id",
    "/seller/name",
    "/number",
    "/due",
    "/lines/0/description",
    "/lines/1/detail",
    "/notes/0",
    "/brand/name",
    "/brand/color",
    "/brand/logo",
    "/status_word",
    "/pay_url",
];

#[test]
fn what_people_typed_is_never_markup() {
    let hostile = [
        "#panic()",
        "#panic(\"now\")",
        "$x$",
        "<script>alert(1)</script>",
        "\"'`\\",
        "*_@a <b> //",
        "#import \"@preview/x:1.0.0\"",
        "\u{202e}\u{202d}\u{200f}evil\u{2069}",
        "\0\u{1}\u{7f}",
        "名前 株式会社",
        "شركة الأمل",
        "👩‍👩‍👧 ok",
        "a\nb\r\nc",
        "",
    ];
    for (shift, lang) in [(0, "en"), (5, "en"), (9, "zh-Hant-TW"), (0, "ar"), (7, "he")] {
        let mut data = sample();
        for (place, text) in PLACES.iter().zip(hostile.iter().cycle().skip(shift)) {
            *data.pointer_mut(place).unwrap() = json!(text);
        }
        printed(&format!("typed-{shift}-{lang}"), &data, lang, &[]);
    }
}

#[test]
fn ten_kilobytes_in_one_field_are_printed() {
    let mut data = sample();
    data["lines"][1]["detail"] = json!("x".repeat(10_000));
    assert!(pages(&printed("huge", &data, "en", &[])) > 1);
}

#[test]
fn absent_fields_are_blank() {
    assert_eq!(pages(&printed("blank", &json!({}), "en", &[])), 1);
}

#[test]
fn hostile_text_still_prints_the_rest() {
    let mut data = sample();
    data["buyer"]["name"] = json!("#panic() $x$ <script>alert('1')</script> \"*_`\\");
    data["buyer"]["lines"][0] = json!("Q".repeat(900));
    data["lines"][1]["detail"] = json!("lorem ipsum dolor ".repeat(600));
    assert!(pages(&printed("hostile", &data, "en", &[])) > 1);
}

#[test]
fn arabic_and_hebrew_run_from_right_to_left() {
    let mut data = sample();
    data["labels"]["title"] = json!("فاتورة");
    data["labels"]["from"] = json!("من");
    data["labels"]["to"] = json!("إلى");
    data["labels"]["item"] = json!("البند");
    data["labels"]["qty"] = json!("الكمية");
    data["labels"]["price"] = json!("السعر");
    data["labels"]["amount"] = json!("المبلغ");
    data["labels"]["page"] = json!("صفحة");
    data["labels"]["of"] = json!("من");
    data["labels"]["issued"] = json!("تاريخ الإصدار");
    data["labels"]["due"] = json!("تاريخ الاستحقاق");
    data["buyer"]["name"] = json!("شركة الأمل للاستضافة");
    data["sums"][3]["label"] = json!("المبلغ المستحق");
    assert_eq!(pages(&printed("arabic", &data, "ar-EG", &[])), 1);
    printed("hebrew", &sample(), "he", &[]);
}

#[test]
fn a_credit_note_needs_neither_due_day_nor_link() {
    let mut data = sample();
    data["labels"]["title"] = json!("Gutschrift");
    data["due"] = Value::Null;
    data["pay_url"] = Value::Null;
    data["status_word"] = Value::Null;
    data["notes"] = json!([]);
    data["brand"] = json!({"name": "Nordhost", "color": "#FFD400"});
    data["paper"] = json!("us-letter");
    printed("credit", &data, "de-AT", &[]);
}

#[test]
fn a_logo_is_drawn_and_a_damaged_one_is_an_error() {
    let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" width="160" height="40">
        <rect width="160" height="40" rx="8" fill="#0a7"/></svg>"##;
    let mut data = sample();
    data["brand"]["logo"] = json!("logo.svg");
    let drawn = printed("logo", &data, "en", &[("logo.svg", svg)]);
    assert_ne!(drawn, print(&data, "en", &[]).unwrap());
    let damaged = print(&data, "en", &[("logo.svg", b"GIF89a nothing")]);
    assert!(matches!(damaged, Err(PdfError::Template(_))), "{damaged:?}");
}

#[test]
fn a_template_cannot_reach_the_machine() {
    let data = json!({});
    for template in [
        "#read(\"/etc/passwd\")",
        "#include \"other.typ\"",
        "#datetime.today()",
        "#import \"@preview/cetz:0.3.0\": *",
        "#sys.inputs.nothing",
    ] {
        let doc = Document {
            template,
            data: &data,
            title: "",
            lang: "en",
            files: &[],
        };
        let error = render(&doc).unwrap_err();
        assert!(error.to_string().starts_with("template: line 1"), "{template}: {error}");
    }
}

#[test]
fn title_and_language_are_in_the_file() {
    let pdf = print(&sample(), "de-AT", &[]).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.contains("de-AT"));
    assert!(text.contains("Invoice INV-2026-1003"));
    for tag in ["", "english", "1", "#a"] {
        assert!(
            matches!(print(&sample(), tag, &[]), Err(PdfError::Language(_))),
            "{tag}"
        );
    }
}
