//! Once means once: whatever runs twice, in two processes, without an answer, or is killed half way,
//! ends with one order, one invoice, one charge, one server and balanced books.
//!
//! A process is killed by dropping its work at a wait: every reply of the database and of the outside
//! world is one, so the n-th wait, for n from 0 until the work is done, is every point at which a real
//! process could have died. What it had sent by then may have taken effect; that is the point.

mod checkout;
mod create;
mod floor;
mod line;
mod lost;
mod months;
mod renewal;
mod webhook;
