//! Conditions: `when = "tty && source_ip.startsWith('10.')"`, an expression of the
//! Common Expression Language (<https://cel.dev>) over the facts of a request.
//!
//! [`Condition::parse`] takes an expression only if its cost has a bound whatever the
//! facts are, and if it can be true at all: no name is unknown, no type is wrong. To
//! evaluate it is a pure function of the [`Facts`]; where that comes to no answer,
//! because a fact is missing or too long, the [`Doubt`] says why.
#![forbid(unsafe_code)]

mod check;
mod condition;
mod facts;
mod network;

pub use check::{
    COMPREHENSIONS_MAX, NESTING_MAX, PARTS_MAX, ParseError, SIGNS_MAX, SOURCE_BYTES_MAX,
};
pub use condition::{Condition, Doubt};
pub use facts::{Fact, Facts, ITEMS_MAX, Kind, NAMES, TEXT_BYTES_MAX};
