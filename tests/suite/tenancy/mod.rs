//! Who may touch what: the bind, roles, scopes, hosts, people and migrations.

mod binding;
mod clock;
mod hosts;
mod isolation;
mod jobs;
mod migrations;
mod oversight;
mod sessions;
mod settings;
mod sign_in;
mod takeover;
mod tenants;
mod tokens;
