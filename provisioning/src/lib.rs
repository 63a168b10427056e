//! Making it so on somebody's server: panels, operations, and what was seen there.
//!
//! An `operations` row is what we want; a panel is asked step by step, every id it gives is committed
//! before the next step, and a create looks before it tries again. Down by call into `billing`
//! (`service::activate`, ...), up by event from it (`service.paid`, ...).

pub mod operation;
pub mod panel;
pub mod server;
mod virtfusion;

use platform::id_kind;

pub use panel::PanelKinds;
pub use virtfusion::Virtfusion;

id_kind!(OperationId, OperationKind, "opr");
id_kind!(LogId, LogKind, "olg");
