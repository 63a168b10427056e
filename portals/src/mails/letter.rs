//! One letter, two forms: plain text, and a 600-pixel table that every mail reader can show.
//!
//! Styles are written inline here, at send time, because mail readers drop style sheets.

use std::fmt::Write as _;

use tenancy::brand::Colour;

use crate::look;

/// What a mail says, in finished words.
#[derive(Debug, Clone, Default)]
pub struct Letter {
    /// Subject line.
    pub subject: String,
    /// Shown in lists before the mail is opened.
    pub preheader: String,
    /// First line.
    pub heading: String,
    /// Body.
    pub paragraphs: Vec<String>,
    /// Label and value.
    pub facts: Vec<(String, String)>,
    /// Words and address of the one button.
    pub button: Option<(String, String)>,
    /// Small print.
    pub footnote: String,
}

/// Who writes.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The tenant's name.
    pub name: String,
    /// Its colour.
    pub color: Colour,
    /// Language of the letter.
    pub lang: String,
}

impl Letter {
    /// The plain form.
    #[must_use]
    pub fn text(&self, sender: &Sender) -> String {
        let mut text = format!("{}\n\n", self.heading);
        for paragraph in &self.paragraphs {
            let _ = writeln!(text, "{paragraph}\n");
        }
        for (label, value) in &self.facts {
            let _ = writeln!(text, "{label}: {value}");
        }
        if !self.facts.is_empty() {
            text.push('\n');
        }
        if let Some((label, url)) = &self.button {
            let _ = writeln!(text, "{label}:\n{url}\n");
        }
        let _ = write!(text, "-- \n{}\n", sender.name);
        if !self.footnote.is_empty() {
            let _ = writeln!(text, "{}", self.footnote);
        }
        text
    }

    /// The HTML form.
    #[must_use]
    pub fn html(&self, sender: &Sender) -> String {
        let brand = String::from(sender.color);
        let on_brand = look::readable_on(sender.color);
        let font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
        let mut body = format!(
            "<h1 style=\"margin:0 0 16px;font-size:20px;line-height:28px;{font}\">{}</h1>",
            escape(&self.heading)
        );
        for paragraph in &self.paragraphs {
            let _ = write!(
                body,
                "<p style=\"margin:0 0 16px;font-size:16px;line-height:24px;{font}\">{}</p>",
                escape(paragraph)
            );
        }
        if !self.facts.is_empty() {
            body.push_str("<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:0 0 24px;border-top:1px solid #e6e6ec\">");
            for (label, value) in &self.facts {
                let _ = write!(
                    body,
                    "<tr><td style=\"padding:10px 0;border-bottom:1px solid #e6e6ec;color:#5c5d6b;font-size:14px;{font}\">{}</td>\
                     <td align=\"right\" style=\"padding:10px 0;border-bottom:1px solid #e6e6ec;font-size:14px;font-weight:600;{font}\">{}</td></tr>",
                    escape(label),
                    escape(value)
                );
            }
            body.push_str("</table>");
        }
        if let Some((label, url)) = &self.button {
            let _ = write!(
                body,
                "<p style=\"margin:0 0 16px\"><a href=\"{url}\" style=\"display:inline-block;padding:12px 20px;border-radius:6px;\
                 background:{brand};color:{on_brand};font-size:16px;font-weight:600;text-decoration:none;{font}\">{}</a></p>\
                 <p style=\"margin:0 0 16px;font-size:13px;line-height:20px;color:#5c5d6b;{font}\">{url}</p>",
                escape(label),
                url = escape(url)
            );
        }
        format!(
            "<!doctype html><html lang=\"{lang}\"><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{subject}</title></head>\
             <body style=\"margin:0;padding:0;background:#f6f6f8;color:#2b2c38\">\
             <div style=\"display:none;max-height:0;overflow:hidden\">{preheader}</div>\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td align=\"center\" style=\"padding:24px 12px\">\
             <table role=\"presentation\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" style=\"width:100%;max-width:600px;background:#ffffff;border:1px solid #e6e6ec;border-radius:8px\">\
             <tr><td style=\"padding:20px 32px;background:{brand};color:{on_brand};border-radius:8px 8px 0 0;font-size:18px;font-weight:700;{font}\">{name}</td></tr>\
             <tr><td style=\"padding:32px\">{body}</td></tr></table>\
             <p style=\"margin:16px 0 0;font-size:13px;line-height:20px;color:#5c5d6b;{font}\">{name}<br>{footnote}</p>\
             </td></tr></table></body></html>",
            lang = escape(&sender.lang),
            subject = escape(&self.subject),
            preheader = escape(&self.preheader),
            name = escape(&sender.name),
            footnote = escape(&self.footnote),
        )
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same_and_nothing_typed_becomes_markup() {
        let letter = Letter {
            subject: "Order".into(),
            heading: "Hello <script>alert(1)</script>".into(),
            facts: vec![("Total".into(), "€10 & more".into())],
            button: Some(("Pay".into(), "http://x.test/?a=1&b=\"2\"".into())),
            ..Letter::default()
        };
        let sender = Sender {
            name: "North \"wind\"".into(),
            color: Colour(11, 122, 95),
            lang: "en".into(),
        };
        let (text, html) = (letter.text(&sender), letter.html(&sender));
        assert!(text.contains("Total: €10 & more") && text.contains("http://x.test/?a=1&b=\"2\""));
        assert!(
            !html.contains("<script>") && html.contains("€10 &amp; more") && html.contains("North &quot;wind&quot;")
        );
    }
}
