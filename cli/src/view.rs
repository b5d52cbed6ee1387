//! How requests and questions look.

pub(crate) mod asked;
pub(crate) mod command;
pub(crate) mod listing;
pub(crate) mod question;
pub(crate) mod session;
pub(crate) mod window;
