//! What is wrong is refused with a clear error, and nothing of it is kept.

mod api;
mod forms;
mod names;
