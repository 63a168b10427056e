//! The world around the platform, simulated: a VPS panel, a card gateway and a mail server.
//!
//! Each simulator is a server on a local port with state, delays, locks and duplicate hazards, and a handle to
//! look inside and to break things. Tests start them in process; the binary `simulators` starts all of them for
//! development. Nothing here knows the platform: what it may assume is what a stranger's server would show.
//!
//! - [`site`]: the HTTP server the simulators share, with fault rules and a log of requests
//! - [`virtfusion`]: the panel; [`stripe`]: the gateway; [`smtp`]: the mail sink and its web page
//! - [`form`]: form bodies with bracket keys; [`ticker`]: the clock a test may move

pub mod form;
pub mod site;
pub mod smtp;
pub mod stripe;
pub mod ticker;
pub mod virtfusion;

pub use site::{FaultKind, FaultRule, Faults, LoggedRequest};
pub use smtp::{Mail, SmtpSink};
pub use stripe::{Stripe, StripeConfig};
pub use ticker::Ticker;
pub use virtfusion::{Virtfusion, VirtfusionConfig};

use rand::RngExt;

/// A random word of `length` characters, for ids, tokens and passwords.
pub(crate) fn random_word(length: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]))
        .collect()
}

/// Text made safe for an HTML page or attribute.
pub(crate) fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
