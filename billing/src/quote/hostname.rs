//! Full host names as customers type them.

/// A host name of at least two labels (RFC 1123), in the form it is compared in: lower case, without a
/// closing dot, other scripts as A-labels.
///
/// # Errors
/// A sentence that says what to type.
pub fn check_hostname(text: &str) -> Result<String, String> {
    let wrong = || "Use a full host name such as web-1.example.com.".to_owned();
    let text = text.trim();
    if text.contains(':') {
        return Err(wrong());
    }
    let name = tenancy::resolve::normalise_host(text).map_err(|_| wrong())?;
    let is_label = |label: &str| {
        !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    // A top level of digits only would read as an address.
    let top_is_word = name.rsplit('.').next().is_some_and(|top| top.bytes().any(|b| b.is_ascii_alphabetic()));
    if name.contains('.') && top_is_word && name.split('.').all(is_label) {
        Ok(name)
    } else {
        Err(wrong())
    }
}
