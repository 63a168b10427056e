//! A message before it is sent, and its MIME form.
//!
//! Names, subjects and addresses may come from strangers. Control characters in names and subjects become spaces, in
//! addresses and extra headers they refuse the message: nothing can start a header of its own.

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use serde::{Deserialize, Serialize};

use super::MailError;

/// Headers made from the other fields; nobody sets them by hand.
const OWN_HEADERS: &[&str] = &[
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "return-path",
    "received",
    "dkim-signature",
];

/// A message to one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingMail {
    /// The name shown as sender; may be empty.
    pub from_name: String,
    /// The sender's address.
    pub from: String,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// The recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML, if it has one.
    pub html: Option<String>,
    /// Further headers, like `List-Unsubscribe`.
    pub headers: Vec<(String, String)>,
    /// `<unique@domain>`, the same over retries; made up when missing.
    pub message_id: Option<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
}

/// A file that travels with a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name, without a folder.
    pub filename: String,
    /// Its media type, like `application/pdf`.
    pub content_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl OutgoingMail {
    /// The message as it goes over the wire.
    ///
    /// # Errors
    /// [`MailError::Permanent`] when an address, header or media type is not valid.
    pub fn to_eml(&self) -> Result<Vec<u8>, MailError> {
        Ok(self.build()?.formatted())
    }

    pub(super) fn build(&self) -> Result<Message, MailError> {
        let name = one_line(&self.from_name);
        let sender = Mailbox::new((!name.is_empty()).then_some(name), address("from", &self.from)?);
        let mut builder = Message::builder()
            .from(sender)
            .to(Mailbox::new(None, address("to", &self.to)?))
            .subject(one_line(&self.subject))
            .message_id(self.message_id.as_deref().map(message_id).transpose()?);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(Mailbox::new(None, address("reply_to", reply_to)?));
        }
        for (name, value) in &self.headers {
            builder = builder.raw_header(extra_header(name, value)?);
        }
        let text = SinglePart::plain(self.text.clone());
        let message = match (&self.html, self.attachments.is_empty()) {
            (None, true) => builder.singlepart(text),
            (Some(html), true) => builder.multipart(both(text, html)),
            (html, false) => {
                let mixed = MultiPart::mixed();
                let mut mixed = match html {
                    Some(html) => mixed.multipart(both(text, html)),
                    None => mixed.singlepart(text),
                };
                for attachment in &self.attachments {
                    mixed = mixed.singlepart(attachment.build()?);
                }
                builder.multipart(mixed)
            }
        };
        message.map_err(|error| MailError::Permanent(error.to_string()))
    }
}

impl Attachment {
    fn build(&self) -> Result<SinglePart, MailError> {
        let refused = || MailError::Permanent("an attachment's media type is not valid".to_owned());
        if has_control(&self.content_type) {
            return Err(refused());
        }
        let content_type = ContentType::parse(&self.content_type).map_err(|_| refused())?;
        Ok(Part::new(one_line(&self.filename)).body(self.bytes.clone(), content_type))
    }
}

fn both(text: SinglePart, html: &str) -> MultiPart {
    MultiPart::alternative()
        .singlepart(text)
        .singlepart(SinglePart::html(html.to_owned()))
}

/// Unicode's line and paragraph separators count, since some readers break lines at them.
fn has_control(text: &str) -> bool {
    text.chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn address(field: &str, text: &str) -> Result<Address, MailError> {
    let refused = || MailError::Permanent(format!("{field} is not a mail address"));
    if has_control(text) || text.contains(char::is_whitespace) || text.len() > 254 {
        return Err(refused());
    }
    text.parse().map_err(|_| refused())
}

fn message_id(text: &str) -> Result<String, MailError> {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let valid = |c: char| c.is_ascii_alphanumeric() || "@.!#$%&'*+-/=?^_`{|}~".contains(c);
    match inner {
        Some(inner) if inner.matches('@').count() == 1 && inner.len() < 250 && inner.chars().all(valid) => {
            Ok(text.to_owned())
        }
        _ => Err(MailError::Permanent(
            "message_id is not of the form <unique@domain>".to_owned(),
        )),
    }
}

fn extra_header(name: &str, value: &str) -> Result<HeaderValue, MailError> {
    let refused = |why: &str| MailError::Permanent(format!("header {} {why}", one_line(name)));
    let token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !token || name.len() > 76 {
        return Err(refused("has no valid name"));
    }
    if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(refused("is set from the message itself"));
    }
    if has_control(value) {
        return Err(refused("has a line break in it"));
    }
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|_| refused("has no valid name"))?;
    Ok(HeaderValue::new(name, value.to_owned()))
}
