//! A hub, and who calls it: hosts that wait for answers, each on a connection of its own, and
//! approvers. They speak HTTP as docs/hub.md has it, and are cheap, since they share the machine
//! with the hub.

mod approver;
mod connection;
mod host;
mod hub;
mod passkey;

pub(crate) use self::approver::{Approver, logged_in};
pub(crate) use self::connection::{Connection, Request};
pub(crate) use self::host::{Asking, Member, enrolled};
pub(crate) use self::hub::Hub;
pub(crate) use self::passkey::Passkey;
