//! Operations on panels, without HTTP in front: what is wanted, and what is there afterwards.

mod acts;
mod by_hand;
mod chain;
mod compare;
mod endings;
mod late;
mod refunds;
mod rounds;
mod staff;
mod sweep;
mod upstream;
mod yard;
