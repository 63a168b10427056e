//! Operations on panels, without HTTP in front: what is wanted, and what is there afterwards.

mod acts;
mod chain;
mod yard;
