//! The table of addresses, and calls to a server of our own.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

use super::*;

#[test]
fn public_and_other_addresses() {
    let forbidden = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.0.1 169.254.169.254 \
        172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 \
        203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::ffff:8.8.8.8 ::ffff:127.0.0.1 \
        ::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1 \
        64:ff9b:1:0:8::1 100::1 2001::1 2001:1ff::1 2001:db8::1 2002:7f00:1::1 2002::1 3fff::1 3fff:fff::1 5f00::1 \
        fc00::1 fdff::1 fe80::1 febf::1 fec0::1 ff02::1";
    for ip in forbidden.split_whitespace() {
        assert!(!is_public(ip.parse().unwrap()), "{ip}");
    }
    let public = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.0.0.1 128.0.0.1 169.253.0.1 \
        172.15.0.1 172.32.0.1 192.0.1.1 192.167.0.1 198.17.0.1 198.20.0.1 223.255.255.255 2606:4700::1111 2a00::1 \
        2001:200::1 64:ff9b::8.8.8.8 3fff:1000::1 2003::1";
    for ip in public.split_whitespace() {
        assert!(is_public(ip.parse().unwrap()), "{ip}");
    }
}

#[tokio::test]
async fn literal_hosts_are_judged_after_parsing() {
    let outbound = Outbound::new(OutboundConfig::default()).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "0",
        "127.0.0.1.",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "10.0.0.1:8443",
    ] {
        let sent = outbound.get(&format!("http://{host}/")).send().await;
        assert!(matches!(sent, Err(OutboundError::Blocked)), "{host}: {sent:?}");
    }
    for url in [
        "ftp://example.test/",
        "file:///etc/passwd",
        "http://user@example.test/",
        "http://u:p@example.test/",
        "http://example.test/#x",
        "http://",
        "nonsense",
        "",
    ] {
        let sent = outbound.get(url).send().await;
        assert!(matches!(sent, Err(OutboundError::Invalid(_))), "{url}: {sent:?}");
    }
}

/// Answers with the n-th list at the n-th question, and the last one from then on.
struct Answers(Vec<Vec<&'static str>>, AtomicUsize);

impl Answers {
    fn new(answers: &[&[&'static str]]) -> Arc<Self> {
        Arc::new(Self(
            answers.iter().map(|answer| answer.to_vec()).collect(),
            AtomicUsize::new(0),
        ))
    }
}

#[async_trait]
impl Lookup for Answers {
    async fn lookup(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        let turn = self.1.fetch_add(1, Ordering::SeqCst).min(self.0.len() - 1);
        Ok(self.0[turn].iter().map(|ip| ip.parse().unwrap()).collect())
    }
}

async fn server() -> SocketAddr {
    let app = Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/echo", post(|body: String| async move { body }))
        .route("/away", get(|| async { Redirect::to("http://127.0.0.1:1/") }))
        .route("/large", get(|| async { vec![b'x'; 10_000] }))
        .route(
            "/slow",
            get(|| async { tokio::time::sleep(Duration::from_secs(60)).await }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    crate::task::spawn(async move { axum::serve(listener, app).await });
    address
}

fn local(lookup: Arc<dyn Lookup>) -> Outbound {
    Outbound::new(OutboundConfig {
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        lookup,
        ..OutboundConfig::default()
    })
    .unwrap()
}

#[tokio::test]
async fn calls_and_caps() {
    let address = server().await;
    let outbound = local(Arc::new(SystemLookup));
    let url = |path: &str| format!("http://{address}{path}");

    let answer = outbound.get(&url("/hello")).send().await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "hello"));
    let answer = outbound.post(&url("/echo")).form(&[("a", "1 2")]).send().await.unwrap();
    assert_eq!(answer.text(), "a=1+2");
    let answer = outbound
        .post(&url("/echo"))
        .json(&serde_json::json!({"a": 1}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.json::<serde_json::Value>().unwrap()["a"], 1);
    let answer = outbound.get(&url("/away")).send().await.unwrap();
    assert_eq!(answer.status.as_u16(), 303);

    let large = outbound.get(&url("/large")).max_bytes(9_999).send().await;
    assert!(matches!(large, Err(OutboundError::TooLarge(9_999))));
    assert!(outbound.get(&url("/large")).max_bytes(10_000).send().await.is_ok());
    let slow = outbound
        .get(&url("/slow"))
        .timeout(Duration::from_millis(100))
        .send()
        .await
        .unwrap_err();
    assert!(matches!(slow, OutboundError::Timeout) && slow.may_have_been_sent());
    let header = outbound.get(&url("/hello")).header("x-a", "1\r\nx-b: 2").send().await;
    assert!(matches!(header, Err(OutboundError::Invalid(_))));
}

#[tokio::test]
async fn sent_and_not_sent_are_told_apart() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let outbound = local(Arc::new(SystemLookup));
    let refused = outbound.post(&format!("http://{free}/")).send().await.unwrap_err();
    assert!(
        matches!(refused, OutboundError::Connect(_)) && !refused.may_have_been_sent(),
        "{refused:?}"
    );

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    crate::task::spawn(async move {
        use tokio::io::AsyncReadExt as _;
        while let Ok((mut stream, _)) = listener.accept().await {
            let _read = stream.read(&mut [0; 1024]).await;
        }
    });
    let lost = outbound
        .post(&format!("http://{address}/"))
        .body("x")
        .send()
        .await
        .unwrap_err();
    assert!(
        matches!(lost, OutboundError::Lost(_)) && lost.may_have_been_sent(),
        "{lost:?}"
    );
    let no_tls = outbound.post(&format!("https://{address}/")).send().await.unwrap_err();
    assert!(matches!(no_tls, OutboundError::Connect(_)), "{no_tls:?}");
}

#[tokio::test]
async fn names_are_judged_by_every_address() {
    let port = server().await.port();
    let url = format!("http://panel.test:{port}/hello");
    assert!(local(Answers::new(&[&["127.0.0.1"]])).get(&url).send().await.is_ok());
    for answer in [
        &["127.0.0.1", "10.0.0.1"],
        &["1.1.1.1", "::1"],
        &["::ffff:127.0.0.1", "127.0.0.1"],
    ] {
        let sent = local(Answers::new(&[answer])).get(&url).send().await;
        assert!(matches!(sent, Err(OutboundError::Blocked)), "{answer:?}: {sent:?}");
    }
    let public_only = OutboundConfig {
        lookup: Answers::new(&[&["127.0.0.1"]]),
        ..OutboundConfig::default()
    };
    let sent = Outbound::new(public_only).unwrap().get(&url).send().await;
    assert!(matches!(sent, Err(OutboundError::Blocked)));
    let none = local(Answers::new(&[&[]])).get(&url).send().await;
    assert!(matches!(none, Err(OutboundError::Connect(_))), "{none:?}");
}

#[tokio::test]
async fn a_second_answer_is_judged_too() {
    let port = server().await.port();
    let outbound = local(Answers::new(&[&["127.0.0.1"], &["10.0.0.1"]]));
    // Another port each time, so that no kept connection is used.
    let first = outbound.get(&format!("http://panel.test:{port}/hello")).send().await;
    assert!(first.is_ok());
    let second = outbound.get("http://panel.test:9/hello").send().await;
    assert!(matches!(second, Err(OutboundError::Blocked)));
}

#[test]
fn our_own_networks_can_be_denied_and_bad_roots_are_refused() {
    let guard = Guard {
        allow: vec!["10.0.0.0/8".parse().unwrap()],
        deny: vec!["10.0.0.1/32".parse().unwrap()],
    };
    assert!(guard.permits("10.0.0.2".parse().unwrap()) && !guard.permits("10.0.0.1".parse().unwrap()));
    let outbound = Outbound::new(OutboundConfig::default()).unwrap();
    assert!(matches!(
        outbound.with_ca(b"no certificate"),
        Err(OutboundError::Invalid(_))
    ));
}
