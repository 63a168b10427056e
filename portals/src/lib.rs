//! Every page and endpoint, mails, the command line, and the one binary: the composition root.
//!
//! Handlers hold no business rule: the extractor says who may call, a command of a lower room does
//! the work in one transaction, a typed context goes to a template. `app` is built once and handed
//! down; `subscribers` says which job follows which event, `jobs` what each job calls.

pub mod account;
pub mod admin;
pub mod api;
pub mod app;
pub mod assets;
pub mod auth;
pub mod charts;
pub mod cli;
pub mod clock;
pub mod document;
pub mod figures;
pub mod hooks;
pub mod jobs;
pub mod kinds;
pub mod kit;
pub mod live;
pub mod look;
pub mod mails;
pub mod refusal;
pub mod sandbox;
pub mod scheduler;
pub mod serve;
pub mod site;
pub mod status;
pub mod styleguide;
pub mod subscribers;
pub mod theme;
pub mod tokens;
pub mod web;
