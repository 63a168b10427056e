//! Checkout, twice, in two processes at once, and killed at every wait.

use super::floor::{Ends, Floor, killed_after};

/// More waits than a checkout has.
const BOUND: usize = 600;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_checkout_twice_and_on_two_nodes_at_once_is_one() {
    let floor = Floor::open().await;
    let first = floor.order_body(floor.customer(0).await, 0);
    let (_, one) = floor.call(0, "/orders", &first, Some("k-0")).await;
    let (_, two) = floor.call(1, "/orders", &first, Some("k-0")).await;
    assert_eq!(one["id"], two["id"], "the answer is the same");
    for n in 1..9 {
        let body = floor.order_body(floor.customer(n).await, n);
        let key = format!("k-{n}");
        let (one, two) = tokio::join!(
            floor.call(0, "/orders", &body, Some(&key)),
            floor.call(1, "/orders", &body, Some(&key))
        );
        let made: Vec<_> = [&one, &two].into_iter().filter(|answer| answer.0 == 201).collect();
        assert!(!made.is_empty(), "one of them is answered: {one:?} {two:?}");
        for (status, answer) in [&one, &two] {
            // The other is told to wait, or answered the same.
            assert!(*status == 409 || answer["id"] == made[0].1["id"], "{status} {answer}");
        }
    }
    floor.recover().await;
    floor.assert_orders(9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_killed_at_any_point_is_one_order_once_it_is_repeated() {
    let floor = Floor::open().await;
    let mut orders = Vec::new();
    let mut ends = Ends::default();
    for n in 0.. {
        assert!(n < BOUND, "a checkout does not end");
        let body = floor.order_body(floor.customer(n).await, n);
        let key = format!("k-{n}");
        let done = killed_after(n, floor.call(0, "/orders", &body, Some(&key))).await;
        orders.push((body, key));
        if let Some((status, answer)) = &done {
            assert_eq!(*status, 201, "{answer}");
        }
        if ends.after(done.is_some()) {
            break;
        }
    }
    // Half of the customers come back only after the jobs have done what they could.
    let (early, late) = orders.split_at(orders.len() / 2);
    floor.wait();
    repeat(&floor, early).await;
    floor.recover().await;
    floor.wait();
    repeat(&floor, late).await;
    floor.recover().await;
    floor.assert_orders(orders.len()).await;
}

async fn repeat(floor: &Floor, orders: &[(serde_json::Value, String)]) {
    for (body, key) in orders {
        let (status, answer) = floor.call(1, "/orders", body, Some(key)).await;
        assert_eq!(status, 201, "{key}: {answer}");
    }
}
