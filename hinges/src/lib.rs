//! What the doors hang on: sudo.conf with the plugin that it loads, services' files of
//! PAM with the module that they run. Read here as sudo and PAM read them, and put in
//! order and out of it again.
//!
//! [`hang::doors`] says of all of them whether they ask, for the agent, which watches
//! them; `writ enable`, `writ disable` and `writ doctor` use the rest.
#![forbid(unsafe_code)]

pub mod hang;
pub mod host;
pub mod pam;
pub mod replace;
pub mod sudo;
