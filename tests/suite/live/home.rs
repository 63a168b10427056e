//! The overview: from how things really are, and only what the member may see.

use super::people::{member_with, owner};
use crate::walk::shop::{Shop, text};

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_shows_what_waits_and_what_runs() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_chargeCustomerFail").await;
    let customer = owner(&shop, &account).await;
    let empty = customer.get("/account").await;
    assert!(
        empty.has("Nothing runs yet") && empty.has("Order your first service"),
        "{}",
        empty.body
    );
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let page = customer.get("/account").await;
    let pay = format!("/account/invoices/{}/pay", text(&order, "invoice"));
    assert!(page.has("An invoice of") && page.has(&pay), "{}", page.body);
    assert!(page.has("web-1.hall.test") && page.has("Awaiting payment"));
    let technician = member_with(&shop, &account, &["services.use"]).await;
    let page = technician.get("/account").await;
    assert!(page.status == 200 && page.has("web-1.hall.test"), "{}", page.body);
    assert!(
        !page.has("/account/invoices") && !page.has("An invoice of"),
        "no money for those who may not see it"
    );
}
