//! Who may not see what: every route there is, asked by everybody who has no business there.
//!
//! The routes are read from the sources and from the API's own table ([`routes`]), so a new one is walked without
//! being named here. What to ask for is found by looking at everything as the owners ([`owner`]): their ids, links and
//! forms. Then the others ask for exactly that ([`walk`]).

mod borders;
pub mod owner;
pub mod people;
pub mod routes;
mod walk;
