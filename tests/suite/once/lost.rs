//! Answers that are lost: of the gateway before and after it acted, and of the panel at each of its calls.

use simulators::FaultKind;

use super::floor::Floor;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_answer_of_the_gateway_is_lost_the_money_moves_once() {
    let floor = Floor::open().await;
    let faults = [
        ("POST", "/v1/payment_intents", FaultKind::FailAfter(500)),
        ("POST", "/v1/payment_intents", FaultKind::FailBefore(500)),
        ("POST", "/v1/payment_intents", FaultKind::FailAfter(409)),
        ("POST", "/capture", FaultKind::FailAfter(502)),
        ("POST", "/capture", FaultKind::FailBefore(502)),
        ("GET", "/v1/payment_intents", FaultKind::FailBefore(500)),
    ];
    for (n, (method, path, kind)) in faults.iter().enumerate() {
        floor.stripe.faults().once(method, path, kind.clone());
        let body = floor.order_body(floor.customer(n).await, n);
        let (status, answer) = floor.call(0, "/orders", &body, Some(&format!("k-{n}"))).await;
        assert_eq!(status, 201, "{answer}");
        floor.recover().await;
        floor.stripe.faults().clear();
    }
    floor.assert_orders(faults.len()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_answer_of_the_panel_is_lost_one_server_is_built() {
    let floor = Floor::open().await;
    let faults = [
        ("POST", "/users", FaultKind::FailAfter(502)),
        ("POST", "/users", FaultKind::FailBefore(502)),
        ("POST", "/api/v1/servers", FaultKind::FailAfter(502)),
        ("POST", "/api/v1/servers", FaultKind::FailBefore(502)),
        ("POST", "/build", FaultKind::FailAfter(502)),
        ("POST", "/build", FaultKind::FailBefore(502)),
        ("GET", "/servers/", FaultKind::FailBefore(502)),
    ];
    for (n, (method, path, kind)) in faults.iter().enumerate() {
        floor.virtfusion.faults().once(method, path, kind.clone());
        let body = floor.order_body(floor.customer(n).await, n);
        floor.post("/orders", body).await;
        floor.recover().await;
        floor.virtfusion.faults().clear();
    }
    floor.assert_orders(faults.len()).await;
}
