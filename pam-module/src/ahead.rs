//! The way to the agent, made ahead.
//!
//! PAM loads its modules when a transaction begins, and comes to the account stage some
//! milliseconds later, or after a password was typed. Meanwhile the agent wakes up and
//! gets ready: it looks at the process once more when it is asked, so that nothing is
//! decided by this. A program that has sudo's plugin in it is asked about by that; a
//! daemon's transactions begin on the word of whoever knocks, and are not worth it.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, geteuid, getpid};
use writ_door::Link;
use writ_protocol::SOCKET_PATH;

use crate::program::{self, Kind};

/// A connection that nothing was asked on.
struct Ahead {
    link: Link,
    /// The process that made it, which is who the agent takes the caller for.
    maker: Pid,
}

/// Until the account stage takes it, or the module is unloaded.
static AHEAD: Mutex<Option<Ahead>> = Mutex::new(None);

/// The module was loaded.
pub(crate) fn connect() {
    let is_worth_it = match Kind::of_own_file() {
        Kind::Sudo => !program::has_plugin(),
        Kind::Doas | Kind::Su => true,
        Kind::Other => false,
    };
    if is_worth_it && geteuid().is_root() {
        let link = Link::ahead(SOCKET_PATH.into());
        put(Some(Ahead { link, maker: getpid() }));
    }
}

/// The module is unloaded.
pub(crate) fn close() {
    put(None);
}

/// The way to the agent at `socket`: the one that was made ahead, by this very process, or
/// a new one.
pub(crate) fn link(socket: &Path) -> Link {
    match put(None) {
        Some(Ahead { link, maker }) if link.leads_to(socket) && maker == getpid() => link,
        _ => Link::new(socket.to_owned()),
    }
}

/// What was there before.
fn put(ahead: Option<Ahead>) -> Option<Ahead> {
    let mut there = AHEAD.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::replace(&mut *there, ahead)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, as there is one place.
    #[test]
    fn a_connection_is_taken_once_and_only_by_who_made_it_and_for_its_agent() {
        let elsewhere = Path::new("/nowhere");
        let made_by = |maker| {
            let link = Link::ahead(SOCKET_PATH.into());
            put(Some(Ahead { link, maker }));
        };
        made_by(getpid());
        assert!(link(elsewhere).leads_to(elsewhere));
        assert!(put(None).is_none(), "it is gone");
        made_by(getpid());
        assert!(link(SOCKET_PATH.as_ref()).leads_to(SOCKET_PATH.as_ref()));
        assert!(put(None).is_none());
        made_by(Pid::INIT);
        close();
        assert!(put(None).is_none());
    }
}
