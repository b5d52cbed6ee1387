//! How requests and questions look.

pub(crate) mod listing;
pub(crate) mod question;

pub(crate) use writ_desk::view::{asked, command, session, window};
