//! Names that want to be more than names are shown as they are written, wherever they are shown.

use serde_json::json;

use crate::architecture::tree;
use crate::isolation::owner;
use crate::isolation::people::House;
use crate::isolation::routes;

const HOSTILE: &str =
    "<script>alert(\"zz\")</script> 'x' {{ 7 * 7 }} \u{202e}gnp \u{1f469}\u{200d}\u{1f4bb} #set page(fill: red)";

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_text_in_pages_mails_and_documents() {
    let house = House::open().await;
    let shop = &house.shop;
    let account = house.account("demo").await;
    let list = shop.get("/products").await;
    let product = list["data"][0]["id"].as_str().expect("a product");
    for (path, body) in [
        (
            format!("/accounts/{account}"),
            json!({ "name": HOSTILE, "company": HOSTILE, "city": HOSTILE, "address1": HOSTILE }),
        ),
        (
            format!("/products/{product}"),
            json!({ "name": HOSTILE, "summary": HOSTILE }),
        ),
    ] {
        let (status, answer) = shop.call("PATCH", &path, Some(body)).await;
        assert_eq!(status, 200, "a name is a name: {answer}");
    }
    let plan = shop.get("/plans").await["data"][0]["id"].clone();
    let method = shop.get(&format!("/accounts/{account}/payment_methods")).await["data"][0]["id"].clone();
    let order = json!({ "account": account, "payment_method": method, "coupons": [],
        "items": [{ "plan": plan, "quantity": 1, "hostname": "two.zyxwart.test", "options": {} }] });
    let order = shop.post("/orders", order).await;
    assert_eq!(order["status"], "accepted", "{order} {}", shop.get("/payments").await);
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    shop.until(&service, |service| service["status"] == "active").await;
    let routes = routes::all();
    let found = owner::look(&house, &routes).await;
    assert!(found.read > 20, "{} pages were read", found.read);
    let mut broken: Vec<String> = found
        .hostile
        .iter()
        .map(|path| format!("{path} shows a name unescaped"))
        .collect();
    for mail in shop.world.mailer.sent() {
        let html = mail.html.clone().unwrap_or_default();
        if html.contains("<script>") {
            broken.push(format!("the mail {} holds a name unescaped", mail.subject));
        }
        if mail.subject.contains(['\r', '\n']) {
            broken.push(format!("the subject {:?} has lines", mail.subject));
        }
    }
    tree::refuse("names are text", &broken);
}
