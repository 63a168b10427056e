//! The numbered SQL files, compiled in.

/// One file.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Number in the file name.
    pub version: i32,
    /// The rest of the file name.
    pub name: &'static str,
    /// Its text.
    pub sql: &'static str,
}

macro_rules! source {
    ($version:literal, $folder:literal, $file:literal) => {
        Source {
            version: $version,
            name: $file,
            sql: include_str!(concat!("../../../migrations/", $folder, "/", $file, ".sql")),
        }
    };
}

pub(super) const CONTROL: &[Source] = &[source!(1, "control", "0001_control")];

pub(super) const CELL: &[Source] = &[source!(1, "cell", "0001_cell")];

const TENANT: &[Source] = &[
    source!(1, "tenant", "0001_people"),
    source!(2, "tenant", "0002_catalogue"),
    source!(3, "tenant", "0003_orders"),
    source!(4, "tenant", "0004_money"),
    source!(5, "tenant", "0005_operations"),
    source!(6, "tenant", "0006_shop"),
    source!(7, "tenant", "0007_money_in"),
    source!(8, "tenant", "0008_lists"),
    source!(9, "tenant", "0009_sandbox"),
    source!(10, "tenant", "0010_collection"),
    source!(11, "tenant", "0011_reseller_suspensions"),
    source!(12, "tenant", "0012_reports"),
    source!(13, "tenant", "0013_mails"),
    source!(14, "tenant", "0014_rounds"),
    source!(15, "tenant", "0015_money_in_time"),
    source!(16, "tenant", "0016_endings"),
    source!(17, "tenant", "0017_comparisons"),
    source!(18, "tenant", "0018_identity"),
    source!(19, "tenant", "0019_tokens"),
];

/// The version every tenant schema should be at.
pub const TENANT_VERSION: i32 = 19;

/// The tenant migrations, oldest first.
#[must_use]
pub fn tenant_migrations() -> &'static [Source] {
    TENANT
}
