//! The one choice of TLS provider: rustls with ring.

use rustls::crypto::CryptoProvider;

/// Makes ring the provider of this process. Safe to call often and from anywhere; the first call wins.
pub fn install_provider() {
    if CryptoProvider::get_default().is_none() {
        // Losing a race against another caller is fine: that caller installed the same provider.
        let _lost_race = rustls::crypto::ring::default_provider().install_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installing_twice_is_fine() {
        install_provider();
        install_provider();
        assert!(CryptoProvider::get_default().is_some());
    }
}
