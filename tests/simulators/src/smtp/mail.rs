//! A mail taken apart: headers, text, HTML, attachments.

use base64::Engine;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// A mail as it was received.
#[derive(Clone, Debug, Serialize)]
pub struct Mail {
    /// Counts from one in the order of arrival.
    pub id: u64,
    pub received: DateTime<Utc>,
    /// The envelope's sender.
    pub sender: String,
    /// The envelope's recipients.
    pub recipients: Vec<String>,
    /// All headers in order, unfolded and decoded.
    pub headers: Vec<(String, String)>,
    pub subject: String,
    pub from: String,
    pub to: String,
    /// The first plain text part.
    pub text: Option<String>,
    /// The first HTML part.
    pub html: Option<String>,
    /// Parts with a file name.
    pub attachments: Vec<Part>,
    /// The whole mail as sent, dots unstuffed.
    pub raw: String,
}

/// An attached file.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    pub name: String,
    pub content_type: String,
    #[serde(skip)]
    pub content: Vec<u8>,
}

type Headers = Vec<(String, String)>;

impl Mail {
    /// Reads a mail from the wire.
    #[must_use]
    pub fn read(sender: String, recipients: Vec<String>, raw: Vec<u8>, received: DateTime<Utc>) -> Self {
        let (headers, body) = split(&raw);
        let mut mail = Self {
            id: 0,
            received,
            sender,
            recipients,
            subject: header(&headers, "subject").unwrap_or_default(),
            from: header(&headers, "from").unwrap_or_default(),
            to: header(&headers, "to").unwrap_or_default(),
            text: None,
            html: None,
            attachments: Vec::new(),
            raw: String::from_utf8_lossy(&raw).into_owned(),
            headers: headers.clone(),
        };
        mail.take_part(&headers, body, 0);
        mail
    }

    /// A header by name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(held, _)| held.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn take_part(&mut self, headers: &Headers, body: &[u8], depth: u8) {
        let kind = header(headers, "content-type").unwrap_or_else(|| "text/plain".to_owned());
        let bare = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if bare.starts_with("multipart/") && depth < 8 {
            let boundary = parameter(&kind, "boundary").unwrap_or_default();
            for part in parts(body, &boundary) {
                let (headers, body) = split(part);
                self.take_part(&headers, body, depth + 1);
            }
            return;
        }
        let coding = header(headers, "content-transfer-encoding").unwrap_or_default();
        let content = match coding.trim().to_ascii_lowercase().as_str() {
            "base64" => unpack_base64(body),
            "quoted-printable" => unquote(body, false),
            _ => body.to_vec(),
        };
        let disposition = header(headers, "content-disposition").unwrap_or_default();
        let name = parameter(&disposition, "filename").or_else(|| parameter(&kind, "name"));
        if let Some(name) = name {
            self.attachments.push(Part {
                name,
                content_type: bare,
                content,
            });
            return;
        }
        let text = to_text(&content, parameter(&kind, "charset").as_deref());
        match bare.as_str() {
            "text/plain" if self.text.is_none() => self.text = Some(text),
            "text/html" if self.html.is_none() => self.html = Some(text),
            _ => {}
        }
    }
}

fn header(headers: &Headers, name: &str) -> Option<String> {
    headers
        .iter()
        .find(|(held, _)| held.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.clone())
}

/// `name=value` or `name="value"` among a header's parameters.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|pair| {
        let (held, value) = pair.split_once('=')?;
        held.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Headers, unfolded and decoded, and the body after the first empty line.
fn split(raw: &[u8]) -> (Headers, &[u8]) {
    let mut headers: Headers = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        rest = after;
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim_start());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    for (_, value) in &mut headers {
        *value = decode_words(value);
    }
    (headers, rest)
}

fn parts<'raw>(body: &'raw [u8], boundary: &str) -> Vec<&'raw [u8]> {
    let marker = format!("--{boundary}");
    let mut found = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let here = at;
        at += line.len();
        let Some(rest) = line.strip_prefix(marker.as_bytes()) else {
            continue;
        };
        if let Some(from) = start {
            found.push(body[from..here].trim_suffix_newline());
        }
        start = Some(at);
        if rest.starts_with(b"--") {
            return found;
        }
    }
    found
}

trait TrimNewline {
    fn trim_suffix_newline(&self) -> &[u8];
}

impl TrimNewline for [u8] {
    /// Without the line break that belongs to the boundary after it.
    fn trim_suffix_newline(&self) -> &[u8] {
        let body = self.strip_suffix(b"\n").unwrap_or(self);
        body.strip_suffix(b"\r").unwrap_or(body)
    }
}

/// RFC 2047: `=?utf-8?q?caf=C3=A9?=` becomes text; blanks between two such words vanish.
fn decode_words(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    let mut after_word = false;
    while let Some(at) = rest.find("=?") {
        let (before, tail) = rest.split_at(at);
        let Some((text, length)) = decode_word(tail) else {
            out.push_str(before);
            out.push_str("=?");
            rest = &tail[2..];
            after_word = false;
            continue;
        };
        if !(after_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        out.push_str(&text);
        rest = &tail[length..];
        after_word = true;
    }
    out.push_str(rest);
    out
}

fn decode_word(tail: &str) -> Option<(String, usize)> {
    let mut fields = tail.get(2..)?.splitn(3, '?');
    let (charset, coding, rest) = (fields.next()?, fields.next()?, fields.next()?);
    let end = rest.find("?=")?;
    let packed = &rest[..end];
    let bytes = match coding {
        "b" | "B" => unpack_base64(packed.as_bytes()),
        "q" | "Q" => unquote(packed.as_bytes(), true),
        _ => return None,
    };
    let length = 2 + charset.len() + 1 + coding.len() + 1 + end + 2;
    Some((to_text(&bytes, Some(charset)), length))
}

fn to_text(bytes: &[u8], charset: Option<&str>) -> String {
    let latin = charset
        .is_some_and(|name| name.eq_ignore_ascii_case("iso-8859-1") || name.eq_ignore_ascii_case("windows-1252"));
    if latin {
        return bytes.iter().map(|byte| char::from(*byte)).collect();
    }
    String::from_utf8_lossy(bytes).into_owned()
}

fn unpack_base64(body: &[u8]) -> Vec<u8> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let packed: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    LENIENT.decode(packed).unwrap_or_default()
}

fn unquote(body: &[u8], word: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while at < body.len() {
        match (body[at], body.get(at + 1..)) {
            (b'=', Some(tail)) if tail.starts_with(b"\r\n") => at += 3,
            (b'=', Some(tail)) if tail.starts_with(b"\n") => at += 2,
            (b'=', Some(tail)) => {
                let byte = tail
                    .get(..2)
                    .and_then(|pair| std::str::from_utf8(pair).ok())
                    .and_then(|pair| u8::from_str_radix(pair, 16).ok());
                match byte {
                    Some(byte) => {
                        out.push(byte);
                        at += 3;
                    }
                    None => {
                        out.push(b'=');
                        at += 1;
                    }
                }
            }
            (b'_', _) if word => {
                out.push(b' ');
                at += 1;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}
