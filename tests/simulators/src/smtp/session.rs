//! One SMTP conversation.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::mail::Mail;
use super::{Mailbox, Mood};
use crate::ticker::Ticker;

const LARGEST_LINE: u64 = 64 * 1024;
const LARGEST_MAIL: usize = 64 * 1024 * 1024;

#[derive(Default)]
struct Envelope {
    sender: Option<String>,
    recipients: Vec<String>,
}

/// Talks until the other side quits or goes away.
pub(super) async fn serve(stream: TcpStream, mailbox: Mailbox, ticker: Ticker) -> std::io::Result<()> {
    let mut wire = BufReader::new(stream);
    let mut envelope = Envelope::default();
    say(&mut wire, "220 mail.localhost ESMTP simulated").await?;
    while let Some(line) = read_line(&mut wire).await? {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                envelope = Envelope::default();
                let told = "250-mail.localhost\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE 67108864\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN";
                say(&mut wire, told).await?;
            }
            "HELO" => say(&mut wire, "250 mail.localhost").await?,
            "AUTH" => authenticate(&mut wire, rest).await?,
            "MAIL" => {
                envelope = Envelope {
                    sender: Some(address(rest)),
                    recipients: Vec::new(),
                };
                say(&mut wire, "250 2.1.0 ok").await?;
            }
            "RCPT" if envelope.sender.is_none() => say(&mut wire, "503 5.5.1 MAIL first").await?,
            "RCPT" if mailbox.mood() == Mood::Refusing => {
                say(&mut wire, "550 5.1.1 no such mailbox").await?;
            }
            "RCPT" => {
                envelope.recipients.push(address(rest));
                say(&mut wire, "250 2.1.5 ok").await?;
            }
            "DATA" if envelope.recipients.is_empty() => say(&mut wire, "503 5.5.1 RCPT first").await?,
            "DATA" => {
                say(&mut wire, "354 end with a dot alone").await?;
                let Some(raw) = read_mail(&mut wire).await? else {
                    say(&mut wire, "552 5.3.4 too big").await?;
                    return Ok(());
                };
                if !take(&mut wire, &mailbox, &ticker, std::mem::take(&mut envelope), raw).await? {
                    return Ok(());
                }
            }
            "RSET" => {
                envelope = Envelope::default();
                say(&mut wire, "250 2.0.0 ok").await?;
            }
            "NOOP" => say(&mut wire, "250 2.0.0 ok").await?,
            "VRFY" => say(&mut wire, "252 2.0.0 perhaps").await?,
            "QUIT" => {
                say(&mut wire, "221 2.0.0 bye").await?;
                return Ok(());
            }
            _ => say(&mut wire, "502 5.5.2 not known here").await?,
        }
    }
    Ok(())
}

/// Keeps a mail as the mood allows; false when the connection ends.
async fn take(
    wire: &mut BufReader<TcpStream>,
    mailbox: &Mailbox,
    ticker: &Ticker,
    envelope: Envelope,
    raw: Vec<u8>,
) -> std::io::Result<bool> {
    let mood = mailbox.mood();
    if mood == Mood::Busy {
        say(wire, "451 4.3.0 try again later").await?;
        return Ok(true);
    }
    let sender = envelope.sender.unwrap_or_default();
    mailbox.keep(Mail::read(sender, envelope.recipients, raw, ticker.now()));
    if mood == Mood::HangsUp {
        return Ok(false);
    }
    say(wire, "250 2.0.0 kept").await?;
    Ok(true)
}

async fn authenticate(wire: &mut BufReader<TcpStream>, rest: &str) -> std::io::Result<()> {
    let mut words = rest.split_whitespace();
    let kind = words.next().unwrap_or_default().to_ascii_uppercase();
    let given = words.next().is_some();
    let questions: &[&str] = match (kind.as_str(), given) {
        ("PLAIN", true) => &[],
        ("PLAIN", false) => &["334 "],
        // "Username:" and "Password:" in base64.
        ("LOGIN", false) => &["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"],
        ("LOGIN", true) => &["334 UGFzc3dvcmQ6"],
        _ => return say(wire, "504 5.5.4 PLAIN or LOGIN").await,
    };
    for question in questions {
        say(wire, question).await?;
        if read_line(wire).await?.is_none() {
            return Ok(());
        }
    }
    say(wire, "235 2.7.0 welcome").await
}

async fn say(wire: &mut BufReader<TcpStream>, line: &str) -> std::io::Result<()> {
    let stream = wire.get_mut();
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}

async fn read_line(wire: &mut BufReader<TcpStream>) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = wire.take(LARGEST_LINE).read_until(b'\n', &mut line).await?;
    Ok((read > 0).then_some(line))
}

/// Reads up to the lone dot and takes the stuffed dots out; nothing when it is too big or the wire broke.
async fn read_mail(wire: &mut BufReader<TcpStream>) -> std::io::Result<Option<Vec<u8>>> {
    let mut raw = Vec::new();
    while let Some(line) = read_line(wire).await? {
        if line == b".\r\n" || line == b".\n" {
            return Ok(Some(raw));
        }
        raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        if raw.len() > LARGEST_MAIL {
            return Ok(None);
        }
    }
    Ok(None)
}

/// The address between angle brackets of `FROM:<a@b.test> SIZE=1`.
fn address(rest: &str) -> String {
    rest.split_once('<')
        .and_then(|(_, tail)| tail.split_once('>'))
        .map_or_else(
            || rest.rsplit(':').next().unwrap_or_default().trim(),
            |(inner, _)| inner,
        )
        .to_owned()
}
