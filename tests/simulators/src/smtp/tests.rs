//! The mail sink, spoken to over a socket.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::*;

async fn send(sink: &SmtpSink, lines: &[&str]) -> Vec<String> {
    let mut wire = BufReader::new(TcpStream::connect(sink.addr()).await.unwrap());
    let mut answers = Vec::new();
    let mut line = String::new();
    wire.read_line(&mut line).await.unwrap();
    for said in lines {
        wire.get_mut()
            .write_all(format!("{said}\r\n").as_bytes())
            .await
            .unwrap();
        loop {
            line.clear();
            if wire.read_line(&mut line).await.unwrap() == 0 || line.as_bytes()[3] == b' ' {
                break;
            }
        }
        answers.push(line.trim_end().to_owned());
    }
    answers
}

async fn sink() -> SmtpSink {
    let any = ([127, 0, 0, 1], 0).into();
    SmtpSink::start(any, any).await.unwrap()
}

const MAIL: &str = "From: =?utf-8?q?Caf=C3=A9_?= =?utf-8?b?wqk=?= <shop@a.test>\r\nTo: b@b.test\r\nSubject: =?UTF-8?Q?Invoice_=E2=82=AC?=\r\n \
due\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"out\"\r\n\r\n--out\r\nContent-Type: multipart/alternative;\r\n \
boundary=in\r\n\r\n--in\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nPay =E2=82=AC=\r\n5\r\n\
..a dot\r\n--in\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+UGF5PC9i\r\nPg==\r\n--in--\r\n--out\r\n\
Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"i.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n\
--out--\r\n.";

#[tokio::test]
async fn a_mail_is_taken_apart() {
    let sink = sink().await;
    let answers = send(
        &sink,
        &[
            "EHLO me",
            "AUTH PLAIN AGEAYg==",
            "MAIL FROM:<x@a.test> SIZE=9",
            "RCPT TO:<b@b.test>",
            "DATA",
            MAIL,
            "RSET",
            "NOOP",
            "QUIT",
        ],
    )
    .await;
    let codes: Vec<&str> = answers.iter().map(|answer| &answer[..3]).collect();
    assert_eq!(codes, ["250", "235", "250", "250", "354", "250", "250", "250", "221"]);
    let mails = sink.mails_to("B@b.test");
    let mail = &mails[0];
    assert_eq!(mail.sender, "x@a.test");
    assert_eq!(mail.from, "Café © <shop@a.test>");
    assert_eq!(mail.subject, "Invoice € due");
    assert_eq!(mail.text.as_deref(), Some("Pay €5\r\n.a dot"));
    assert_eq!(mail.html.as_deref(), Some("<b>Pay</b>"));
    assert_eq!(
        (
            mail.attachments[0].name.as_str(),
            mail.attachments[0].content.as_slice()
        ),
        ("i.pdf", b"%PDF".as_slice())
    );
}

#[tokio::test]
async fn the_page_shows_mails_without_running_them() {
    let sink = sink().await;
    send(
        &sink,
        &[
            "HELO me",
            "AUTH LOGIN",
            "dQ==",
            "cA==",
            "MAIL FROM:<>",
            "RCPT TO:<b@b.test>",
            "DATA",
            MAIL,
        ],
    )
    .await;
    let http = crate::site::test_client();
    let get = |path: &str| http.get(format!("{}{path}", sink.url())).send();
    assert!(get("/").await.unwrap().text().await.unwrap().contains("Invoice € due"));
    let shown = get("/mails/1").await.unwrap().text().await.unwrap();
    assert!(shown.contains("sandbox=\"allow-popups\" srcdoc=\"&lt;b&gt;Pay"));
    let listed: serde_json::Value =
        serde_json::from_str(&get("/api/mails?to=b@b.test").await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(listed[0]["subject"], "Invoice € due");
    assert_eq!(get("/mails/2").await.unwrap().status(), 404);
}

#[tokio::test]
async fn moods_refuse_and_hang_up() {
    let sink = sink().await;
    sink.set_mood(Mood::Busy);
    let say = ["HELO me", "MAIL FROM:<a@a.test>", "RCPT TO:<b@b.test>", "DATA", MAIL];
    assert!(send(&sink, &say).await[4].starts_with("451"));
    sink.set_mood(Mood::Refusing);
    assert!(send(&sink, &say[..3]).await[2].starts_with("550"));
    assert!(sink.mails().is_empty());
    sink.set_mood(Mood::HangsUp);
    assert_eq!(send(&sink, &say).await[4], "");
    assert_eq!(sink.mails().len(), 1);
}
