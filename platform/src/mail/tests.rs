//! Header injection, MIME shapes, and every way out.

use super::*;

fn mail() -> OutgoingMail {
    OutgoingMail {
        from_name: "Hall & Sons".into(),
        from: "billing@hall.test".into(),
        to: "anna@example.test".into(),
        subject: "Your invoice".into(),
        text: "Hello Anna".into(),
        message_id: Some("<1@hall.test>".into()),
        ..OutgoingMail::default()
    }
}

fn eml(mail: &OutgoingMail) -> String {
    String::from_utf8(mail.to_eml().unwrap()).unwrap()
}

/// The header lines of a message, folded ones counted once.
fn header_names(eml: &str) -> Vec<String> {
    let head = eml.split("\r\n\r\n").next().unwrap();
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap().to_ascii_lowercase())
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of hostile values")]
fn nothing_starts_a_header_of_its_own() {
    let clean = header_names(&eml(&mail()));
    for evil in [
        "x\r\nBcc: a@evil.test",
        "x\nBcc: a@evil.test",
        "x\rBcc: a@evil.test",
        "x\0\r\n\r\nBody",
        "x\u{2028}Bcc: y",
    ] {
        for changed in [
            OutgoingMail {
                subject: evil.into(),
                ..mail()
            },
            OutgoingMail {
                from_name: evil.into(),
                ..mail()
            },
        ] {
            let made = eml(&changed);
            assert_eq!(header_names(&made), clean, "{evil:?}");
            assert!(
                !made.contains("\r\nBcc") && made.trim_end().ends_with("Hello Anna"),
                "{made}"
            );
        }
        for changed in [
            OutgoingMail {
                to: evil.into(),
                ..mail()
            },
            OutgoingMail {
                to: format!("{evil}@x.test"),
                ..mail()
            },
            OutgoingMail {
                from: evil.into(),
                ..mail()
            },
            OutgoingMail {
                reply_to: Some(evil.into()),
                ..mail()
            },
            OutgoingMail {
                message_id: Some(format!("<{evil}@x.test>")),
                ..mail()
            },
            OutgoingMail {
                headers: vec![("X-A".into(), evil.into())],
                ..mail()
            },
            OutgoingMail {
                headers: vec![(evil.into(), "x".into())],
                ..mail()
            },
            OutgoingMail {
                attachments: vec![Attachment {
                    content_type: format!("text/{evil}"),
                    ..Attachment::default()
                }],
                ..mail()
            },
        ] {
            assert!(
                matches!(changed.to_eml(), Err(MailError::Permanent(_))),
                "{evil:?} {changed:?}"
            );
        }
        let file = Attachment {
            filename: evil.into(),
            content_type: "text/plain".into(),
            bytes: b"x".to_vec(),
        };
        assert!(
            !eml(&OutgoingMail {
                attachments: vec![file],
                ..mail()
            })
            .contains("\r\nBcc")
        );
    }
    for name in ["Bcc", "to", "Content-Type", "Subject", "bad name", "", "a:b"] {
        let changed = OutgoingMail {
            headers: vec![(name.into(), "x".into())],
            ..mail()
        };
        assert!(changed.to_eml().is_err(), "{name}");
    }
}

#[test]
fn shapes() {
    let plain = eml(&mail());
    assert!(plain.contains("Message-ID: <1@hall.test>\r\n") && plain.contains("text/plain"));
    let full = OutgoingMail {
        subject: "Ihre Rechnung für März".into(),
        reply_to: Some("help@hall.test".into()),
        html: Some("<p>Hello</p>".into()),
        headers: vec![
            ("List-Unsubscribe".into(), "<https://hall.test/u/1>".into()),
            ("List-Unsubscribe-Post".into(), "List-Unsubscribe=One-Click".into()),
        ],
        attachments: vec![Attachment {
            filename: "invoice.pdf".into(),
            content_type: "application/pdf".into(),
            bytes: b"%PDF".to_vec(),
        }],
        ..mail()
    };
    let made = eml(&full);
    for part in [
        "Reply-To: help@hall.test",
        "List-Unsubscribe: <https://hall.test/u/1>",
        "multipart/mixed",
        "multipart/alternative",
        "text/html",
        "invoice.pdf",
        "Subject: Ihre Rechnung =?utf-8?b?",
    ] {
        assert!(made.contains(part), "{part} in {made}");
    }
}

#[test]
fn addresses_of_the_way_out() {
    type Expected = Option<(&'static str, u16, SmtpTls, Option<&'static str>)>;
    let table: &[(&str, Expected)] = &[
        ("smtp://127.0.0.1:1025", Some(("127.0.0.1", 1025, SmtpTls::Never, None))),
        ("smtp://[::1]", Some(("::1", 25, SmtpTls::Never, None))),
        (
            "smtp://u:p%40ss@mail.test",
            Some(("mail.test", 587, SmtpTls::Required, Some("p@ss"))),
        ),
        ("smtp://mail.test", Some(("mail.test", 25, SmtpTls::IfOffered, None))),
        (
            "smtps://u:p@mail.test",
            Some(("mail.test", 465, SmtpTls::FromStart, Some("p"))),
        ),
        ("http://mail.test", None),
        ("smtp://", None),
        ("mail.test", None),
    ];
    for (text, expected) in table {
        let found = match MailUrl::parse(text) {
            Ok(MailUrl::Smtp { host, port, tls, login }) => Some((host, port, tls, login)),
            _ => None,
        };
        let found = found.as_ref().map(|(host, port, tls, login)| {
            (
                host.as_str(),
                *port,
                *tls,
                login.as_ref().map(|(_, password)| password.expose().as_str()),
            )
        });
        assert_eq!(&found, expected, "{text}");
    }
    assert!(matches!(MailUrl::parse("file:var/mail"), Ok(MailUrl::Folder(path)) if path == Path::new("var/mail")));
    assert!(matches!(MailUrl::parse("file:///tmp/mail"), Ok(MailUrl::Folder(path)) if path == Path::new("/tmp/mail")));
    assert!(MailUrl::parse("file:").is_err());
}

#[tokio::test]
async fn memory_and_folder_keep_what_they_get() {
    let memory = Mailer::memory();
    memory.clone().send(&mail()).await.unwrap();
    assert_eq!(memory.sent(), vec![mail()]);
    assert!(
        memory
            .send(&OutgoingMail {
                to: "nobody".into(),
                ..mail()
            })
            .await
            .is_err()
    );
    assert_eq!(memory.sent().len(), 1);

    let folder = std::env::temp_dir().join(format!("mail-{}", Random::os().base32_lower(13)));
    Mailer::folder(folder.clone()).send(&mail()).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].extension().unwrap(), "eml");
    assert!(std::fs::read_to_string(&files[0]).unwrap().contains("Hello Anna"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_unreachable_server_is_worth_another_try() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mailer = Mailer::new(&MailUrl::parse(&format!("smtp://127.0.0.1:{port}")).unwrap()).unwrap();
    assert!(matches!(mailer.send(&mail()).await, Err(MailError::Transient(_))));
}

/// A mail server that answers its n-th command with the n-th line.
async fn scripted_server(answers: &'static [&'static str]) -> u16 {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    crate::task::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        for answer in answers {
            stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
        }
    });
    port
}

#[tokio::test]
async fn answers_of_a_server_decide_about_retries() {
    let cases: &[(&'static [&'static str], bool)] = &[
        (&["220 hi", "250 hello", "250 ok", "550 no such user", "250 ok"], true),
        (&["220 hi", "250 hello", "250 ok", "451 later", "250 ok"], false),
        (
            &["220 hi", "250-hello\r\n250 AUTH PLAIN", "535 wrong password", "250 ok"],
            false,
        ),
    ];
    for (answers, permanent) in cases {
        let port = scripted_server(answers).await;
        let login = if answers[1].contains("AUTH") { "u:p@" } else { "" };
        let mailer = Mailer::new(&MailUrl::parse(&format!("smtp://{login}127.0.0.1:{port}")).unwrap()).unwrap();
        let error = mailer.send(&mail()).await.unwrap_err();
        assert_eq!(
            matches!(error, MailError::Permanent(_)),
            *permanent,
            "{answers:?}: {error}"
        );
    }
}
