//! The kernel: what every room needs and no room may know the business of.
//!
//! Clock and randomness are values, so tests own time; money and dates are exact; secrets are
//! sealed; the database pool is built here and handed to `tenancy`, the only room that opens
//! transactions. No business noun lives here (`TenantId` excepted).
//!
//! | module | holds |
//! |---|---|
//! | `clock`, `random`, `id` | time, seeded randomness, typed prefixed ids |
//! | `money`, `calendar` | exact amounts, rounding, allocation; cycles, periods, anchors |
//! | `db` | connection slots with tenant affinity and the guarded bind |
//! | `job`, `event` | work after commit, facts in the outbox |
//! | `config`, `secret`, `tls`, `task`, `telemetry` | how a process starts, runs and stops |
//! | `web`, `views`, `texts`, `format`, `mail`, `outbound` | HTTP kit, templates, words, mail, calls to others |

pub mod calendar;
pub mod clock;
pub mod config;
pub mod db;
pub mod event;
pub mod format;
pub mod id;
pub mod job;
pub mod mail;
pub mod money;
pub mod outbound;
pub mod random;
pub mod secret;
pub mod task;
pub mod telemetry;
pub mod texts;
pub mod tls;
pub mod views;
pub mod web;
