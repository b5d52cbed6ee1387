//! How a question looks, and the parts of it that lists have too.

pub mod asked;
pub mod command;
pub mod question;
pub mod session;
pub mod window;
