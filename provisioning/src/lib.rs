//! Making it so on somebody's server: panels, operations, and what was seen there.
//!
//! An `operations` row is what we want; a panel is asked step by step, every id it gives is committed
//! before the next step, and a create looks before it tries again. Down by call into `billing`
//! (`service::activate`, ...), up by event from it (`service.paid`, ...).
//!
//! | module | holds |
//! |---|---|
//! | `panel` | the trait, its errors, what panels can do and say |
//! | `virtfusion`, `upstream`, `manual`, `sandbox` | the panels |
//! | `operation` | wanted changes, driven step by step; what staff do with them |
//! | `server` | configured endpoints |
//! | `link`, `usage`, `capacity`, `reconcile`, `sweep` | ways in, traffic, room left, ours against theirs, all of it regularly |

pub mod capacity;
pub mod link;
mod manual;
pub mod operation;
pub mod panel;
pub mod reconcile;
mod sandbox;
pub mod server;
pub mod sweep;
pub mod upstream;
pub mod usage;
mod virtfusion;

use platform::id_kind;

pub use manual::Manual;
pub use panel::PanelKinds;
pub use sandbox::Sandbox;
pub use upstream::Upstream;
pub use virtfusion::Virtfusion;

id_kind!(OperationId, OperationKind, "opr");
id_kind!(LogId, LogKind, "olg");
