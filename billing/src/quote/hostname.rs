//! Full host names as customers type them.

use super::Fault;

/// A host name of at least two labels (RFC 1123), in the form it is compared in: lower case, without a
/// closing dot, other scripts as A-labels.
///
/// # Errors
/// When it is none.
pub fn check_hostname(text: &str) -> Result<String, Fault> {
    let text = text.trim();
    if text.contains(':') {
        return Err(Fault::Hostname);
    }
    let name = tenancy::resolve::normalise_host(text).map_err(|_| Fault::Hostname)?;
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    // A top level of digits only would read as an address.
    let top_is_word = name
        .rsplit('.')
        .next()
        .is_some_and(|top| top.bytes().any(|b| b.is_ascii_alphabetic()));
    if name.len() <= 253 && name.contains('.') && top_is_word && name.split('.').all(is_label) {
        Ok(name)
    } else {
        Err(Fault::Hostname)
    }
}

/// The name of one of several units: the first keeps the name, the others are numbered in the first label.
#[must_use]
pub fn hostname_of_unit(name: &str, unit: i32) -> String {
    match name.split_once('.') {
        Some((label, rest)) if unit > 0 => {
            let number = format!("-{}", unit + 1);
            let room = 63_usize.saturating_sub(number.len()).min(label.len());
            let label = label.get(..room).unwrap_or(label).trim_end_matches('-');
            format!("{label}{number}.{rest}")
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_have_two_labels_and_a_word_on_top() {
        for (text, name) in [
            (" Web-1.Example.com. ", Some("web-1.example.com")),
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("localhost", None),
            ("192.0.2.1", None),
            ("a b.example", None),
            ("-a.example", None),
            ("a..example", None),
            ("web_1.example", None),
            ("web.example:80", None),
            ("<script>.example", None),
            ("", None),
        ] {
            assert_eq!(check_hostname(text).ok().as_deref(), name, "{text}");
        }
        assert!(check_hostname(&format!("{}.example", "a".repeat(64))).is_err());
    }

    #[test]
    fn units_are_numbered() {
        assert_eq!(hostname_of_unit("web.example.com", 0), "web.example.com");
        assert_eq!(hostname_of_unit("web.example.com", 1), "web-2.example.com");
        assert_eq!(hostname_of_unit("", 3), "");
        let long = format!("{}.example", "a".repeat(63));
        assert!(check_hostname(&hostname_of_unit(&long, 99)).is_ok());
    }
}
