//! Cells, spare schemas, roles, and the migrations that shape them.

mod cell;
mod fingerprint;
mod lint;
mod runner;
mod sources;
mod spare;

pub use fingerprint::fingerprint;
pub use lint::{Complaint, lint};
pub use runner::{MigrateError, MigrateOptions, MigrateReport, TenantStatus, migrate, status};
pub use sources::{TENANT_VERSION, tenant_migrations};
pub(crate) use spare::take as take_spare;
pub use spare::{SPARES, refill};

/// Whether `name` is one of ours: `t_` and 13 base32 characters. Checked wherever a name becomes SQL.
#[must_use]
pub fn is_tenant_schema(name: &str) -> bool {
    name.strip_prefix("t_").is_some_and(is_base32_13)
}

/// Whether `name` is a cell's login role.
pub(crate) fn is_login_role(name: &str) -> bool {
    name.strip_prefix("c_").is_some_and(is_base32_13)
}

fn is_base32_13(rest: &str) -> bool {
    rest.len() == 13
        && rest
            .bytes()
            .all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
}
