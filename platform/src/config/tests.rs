//! Tables of good and bad configuration.

use super::*;

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn defaults() {
    let config = Config::from_sources(None, &[]).unwrap();
    assert_eq!(config.base_domain, "ezscale.localhost");
    assert_eq!(config.http.addr.to_string(), "127.0.0.1:8080");
    assert_eq!(config.https.addr, None);
    assert_eq!(config.database.max_connections, 20);
    assert_eq!(config.edge.cname_suffix, "cname.ezscale.localhost");
    assert_eq!(config.log.format, LogFormat::Text);
    assert_eq!(config.data_dir, PathBuf::from("var"));
    assert!(matches!(
        config.require_secret_key(),
        Err(ConfigError::Missing("secret_key"))
    ));
    assert!(matches!(
        config.require_database_url(),
        Err(ConfigError::Missing("database.url"))
    ));
}

#[test]
fn a_whole_file() {
    let file = format!(
        r#"
base_domain = "Example.Test"
secret_key = "{KEY}"
trusted_proxies = ["10.0.0.0/8", "192.0.2.1"]
[http]
addr = "0.0.0.0:80"
[https]
addr = "[::]:443"
[database]
url = "postgres://admin:pw@db/ezscale"
max_connections = 7
[acme]
directory = "https://127.0.0.1:14000/dir"
ca_file = "/etc/ca.pem"
contact = "ops@example.test"
[dns]
servers = ["127.0.0.1:8053"]
[edge]
addresses = ["192.0.2.9", "2001:db8::9"]
[outbound]
allow = ["127.0.0.0/8"]
[mail]
url = "smtp://user:pw@127.0.0.1:1025"
[log]
format = "json"
[metrics]
addr = "127.0.0.1:9090"
[data]
dir = "/var/lib/ezscale"
"#
    );
    let config = Config::from_sources(Some(&file), &[]).unwrap();
    assert_eq!(config.base_domain, "example.test");
    assert_eq!(config.edge.cname_suffix, "cname.example.test");
    assert_eq!(config.require_secret_key().unwrap().expose()[31], 31);
    assert_eq!(config.require_database_url().unwrap(), "postgres://admin:pw@db/ezscale");
    assert_eq!(config.database.max_connections, 7);
    assert_eq!(config.trusted_proxies[1].to_string(), "192.0.2.1/32");
    assert_eq!(config.edge.addresses.len(), 2);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.acme.contact.as_deref(), Some("ops@example.test"));
    let shown = format!("{config:?}");
    assert!(!shown.contains("pw") && !shown.contains("AAEC"), "{shown}");
}

#[test]
fn variables_win() {
    let file = "[http]\naddr = \"127.0.0.1:1\"\n[dns]\nservers = [\"127.0.0.1:1\"]\n[https]\naddr = \"127.0.0.1:4\"";
    let config = Config::from_sources(
        Some(file),
        &env(&[
            ("EZSCALE_HTTP_ADDR", "127.0.0.1:2"),
            ("EZSCALE_HTTPS__ADDR", ""),
            ("EZSCALE_DNS__SERVERS", "127.0.0.1:53, 127.0.0.2:53"),
            ("EZSCALE_BASE_DOMAIN", "b.test"),
            ("EZSCALE_DATABASE__MAX_CONNECTIONS", "3"),
            ("DATABASE_URL", "postgres://a/b"),
            ("EZSCALE_TRUSTED_PROXIES", ""),
            ("EZSCALE_DEV_SEED", "1"),
            ("EZSCALE_CONFIG", "x.toml"),
            ("PATH", "/bin"),
        ]),
    )
    .unwrap();
    assert_eq!(config.http.addr.port(), 2);
    assert_eq!(config.https.addr, None);
    assert_eq!(config.dns.servers.len(), 2);
    assert_eq!(config.base_domain, "b.test");
    assert_eq!(config.database.max_connections, 3);
    assert_eq!(config.require_database_url().unwrap(), "postgres://a/b");
    assert!(config.trusted_proxies.is_empty());
}

#[test]
fn the_exact_name_wins_in_any_order() {
    let mut pairs = env(&[
        ("EZSCALE_HTTP__ADDR", "127.0.0.1:1"),
        ("EZSCALE_HTTP_ADDR", "127.0.0.1:2"),
        ("EZSCALE_DATABASE__URL", "postgres://exact"),
        ("DATABASE_URL", "postgres://other"),
    ]);
    for _ in 0..2 {
        let config = Config::from_sources(None, &pairs).unwrap();
        assert_eq!(config.http.addr.port(), 1);
        assert_eq!(config.require_database_url().unwrap(), "postgres://exact");
        pairs.reverse();
    }
}

#[test]
fn wrong_keys_are_named() {
    for (file, name) in [
        ("domain = \"x\"", "domain"),
        ("[http]\nadr = \"x\"", "http.adr"),
        ("[http.addr]\nport = 1", "http.addr"),
        ("http = 1", "http"),
        ("[http]\naddr = 8080", "http.addr"),
        ("[http]\naddr = \"localhost\"", "http.addr"),
        ("[database]\nmax_connections = \"7\"", "database.max_connections"),
        ("[database]\nmax_connections = 0", "database.max_connections"),
        ("[database]\nurl = \"mysql://x\"", "database.url"),
        ("[dns]\nservers = \"127.0.0.1:53\"", "dns.servers"),
        ("[dns]\nservers = [\"127.0.0.1\"]", "dns.servers"),
        ("secret_key = \"c2hvcnQ=\"", "secret_key"),
        ("base_domain = \"bad domain\"", "base_domain"),
        ("[log]\nformat = \"xml\"", "log.format"),
        ("[mail]\nurl = \"ftp://x\"", "mail.url"),
        ("trusted_proxies = [\"10.0.0.0/99\"]", "trusted_proxies"),
        ("[acme]\ndirectory = \"nowhere\"", "acme.directory"),
    ] {
        let message = Config::from_sources(Some(file), &[]).unwrap_err().to_string();
        assert!(message.contains(&format!("key {name}")), "{file}: {message}");
    }
    for (name, value) in [
        ("EZSCALE_HTTP_ADRR", "x"),
        ("EZSCALE_HTTP__ADRR", "x"),
        ("EZSCALE_LOG__FORMAT", "xml"),
        ("EZSCALE_DATABASE__MAX_CONNECTIONS", "-1"),
        ("EZSCALE_SECRET_KEY", "hunter2hunter2"),
        ("DATABASE_URL", "nowhere"),
    ] {
        let message = Config::from_sources(None, &env(&[(name, value)]))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains(name) && !message.contains("hunter2"),
            "{name}: {message}"
        );
    }
    assert!(matches!(
        Config::from_sources(Some("= 1"), &[]),
        Err(ConfigError::Syntax(_))
    ));
}
