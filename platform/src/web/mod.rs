//! The HTTP kit: what every listener needs and no audience owns.
//!
//! | module | holds |
//! |---|---|
//! | `problem` | errors as RFC 9457 documents |
//! | `request_id` | one id per request, in log, answer and problem |
//! | `security` | security headers and the content policy, with extras per route |
//! | `same_origin` | proof that a change was asked for by our own pages |
//! | `client` | who is calling, seen through trusted proxies |
//! | `rate_limit` | how often someone may call |
//! | `extract` | bodies, paths and queries whose refusals are problems |

pub mod client;
pub mod extract;
pub mod problem;
pub mod rate_limit;
pub mod request_id;
pub mod same_origin;
pub mod security;

pub use client::{Client, TrustedProxies};
pub use extract::{Form, Json, Path, Query, RawBody, body_limit};
pub use problem::{FieldProblem, Problem};
pub use rate_limit::{Quota, RateLimiter, Verdict};
pub use request_id::RequestId;
pub use same_origin::SameOrigin;
pub use security::{Csp, CspExtra};
