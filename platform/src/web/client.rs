//! Who is calling: the peer, or whom a trusted proxy names.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use ipnet::IpNet;

/// The caller, an extension of every request behind [`identify`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address, IPv4 in its own form also when it came mapped.
    pub ip: IpAddr,
    /// Whether the visitor's own connection is TLS.
    pub https: bool,
}

impl Client {
    /// The key under which calls are counted: an IPv4 address, or the /64 that one IPv6 customer has to themselves.
    #[must_use]
    pub fn rate_key(&self) -> String {
        network(self.ip)
    }
}

/// What one customer of a provider has to themselves: an IPv4 address, or an IPv6 /64.
#[must_use]
pub fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
    }
}

/// Networks whose forwarding headers are believed, and whether the listener speaks TLS.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    networks: Arc<[IpNet]>,
    tls_listener: bool,
}

impl TrustedProxies {
    /// Proxies in `networks`, in front of a plain listener.
    #[must_use]
    pub fn new(networks: &[IpNet]) -> Self {
        Self {
            networks: networks.into(),
            tls_listener: false,
        }
    }

    /// The same in front of a TLS listener.
    #[must_use]
    pub fn on_tls(self) -> Self {
        Self {
            tls_listener: true,
            ..self
        }
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|net| net.contains(&ip))
    }

    /// The caller behind `peer`.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Client {
                ip: peer,
                https: self.tls_listener,
            };
        }
        // The nearest proxy wrote the last entry, so read from the right and stop at the first one nobody vouches
        // for. What cannot be read ends the chain at the proxy that passed it on.
        let mut ip = peer;
        for entry in entries(headers, "x-forwarded-for").into_iter().rev() {
            let Some(named) = address(entry) else { break };
            ip = named;
            if !self.trusts(named) {
                break;
            }
        }
        let https = match entries(headers, "x-forwarded-proto").last() {
            Some(proto) => proto.eq_ignore_ascii_case("https"),
            None => self.tls_listener,
        };
        Client { ip, https }
    }
}

fn entries<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(str::trim)
        .collect()
}

/// `1.2.3.4`, `1.2.3.4:567`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:567`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|ip| ip.to_canonical())
}

/// Middleware: adds the [`Client`]. Without connect info (in tests) the peer is this machine.
pub async fn identify(State(proxies): State<TrustedProxies>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip());
    let client = proxies.client(peer.unwrap_or(IpAddr::from([127, 0, 0, 1])), request.headers());
    request.extensions_mut().insert(client);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_most_untrusted_address_counts() {
        let networks: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let proxies = TrustedProxies::new(&networks);
        let table: &[(&str, &[&str], &str)] = &[
            ("198.51.100.1", &["1.1.1.1"], "198.51.100.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1"], "1.1.1.1"),
            ("10.0.0.1", &["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
            ("10.0.0.1", &["6.6.6.6, 1.1.1.1, 10.0.0.2"], "1.1.1.1"),
            ("10.0.0.1", &["6.6.6.6", "1.1.1.1", "10.0.0.2"], "1.1.1.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["6.6.6.6, garbage, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["garbage"], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1:5000"], "1.1.1.1"),
            ("10.0.0.1", &["[2a00::1]:5000, [2001:db8::1]"], "2a00::1"),
            ("::ffff:10.0.0.1", &["::ffff:1.1.1.1"], "1.1.1.1"),
            ("2001:db8::7", &["2a00::1"], "2a00::1"),
        ];
        for (peer, forwarded, expected) in table {
            let mut headers = HeaderMap::new();
            for value in *forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let found = proxies.client(peer.parse().unwrap(), &headers);
            assert_eq!(found.ip.to_string(), *expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn the_scheme_is_the_visitors() {
        let plain = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap()]);
        for (proxies, peer, proto, https) in [
            (plain.clone(), "10.0.0.1", Some("https"), true),
            (plain.clone(), "10.0.0.1", Some("http"), false),
            (plain.clone(), "10.0.0.1", Some("https, http"), false),
            (plain.clone(), "10.0.0.1", None, false),
            (plain.clone(), "1.1.1.1", Some("https"), false),
            (plain.clone().on_tls(), "1.1.1.1", Some("http"), true),
            (plain.on_tls(), "10.0.0.1", None, true),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(proto) = proto {
                headers.insert("x-forwarded-proto", proto.parse().unwrap());
            }
            assert_eq!(
                proxies.client(peer.parse().unwrap(), &headers).https,
                https,
                "{peer} {proto:?}"
            );
        }
    }

    #[test]
    fn one_ipv6_network_is_one_caller() {
        let key = |ip: &str| {
            Client {
                ip: ip.parse().unwrap(),
                https: true,
            }
            .rate_key()
        };
        assert_eq!(key("2a00:1:2:3::1"), key("2a00:1:2:3:ffff::9"));
        assert_ne!(key("2a00:1:2:3::1"), key("2a00:1:2:4::1"));
        assert_eq!(key("1.1.1.1"), "1.1.1.1");
    }
}
