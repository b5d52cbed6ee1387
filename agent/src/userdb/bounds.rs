//! How much one caller may have of the user database.

use std::time::Duration;

/// Connections at once, of everybody. A look-up of systemd's takes one for about a
/// millisecond.
pub(super) const CONNECTIONS_MAX: usize = 1024;

/// Of these, the ones that are kept for root: sudo, sshd and login look up as root,
/// and nobody can keep them out.
const CONNECTIONS_FOR_ROOT: usize = 256;

/// Connections at once of one user.
const CONNECTIONS_PER_CALLER_MAX: usize = 64;

/// The longest call, in bytes: two names, a number, and the words around them.
pub(super) const FRAME_BYTES_MAX: usize = 4096;

/// How much of an answer waits to be read, in bytes, before more of it is made. One
/// reply more than that is held at most.
pub(super) const QUEUE_BYTES_MAX: usize = 16 * 1024;

/// How much one connection is sent, in bytes, before the next one has its turn.
pub(super) const TURN_BYTES_MAX: usize = 128 * 1024;

/// How long connections may make this server wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Without asking anything.
    pub idle: Duration,
    /// From the first byte of a call to its last.
    pub frame: Duration,
    /// Without reading anything of an answer.
    pub send: Duration,
}

impl Patience {
    pub(super) const USUAL: Self = Self {
        idle: Duration::from_secs(10),
        frame: Duration::from_secs(2),
        send: Duration::from_secs(5),
    };
}

/// Whether a caller gets one more connection: `his` of `all` are his already.
pub(super) fn may_connect(uid: u32, his: usize, all: usize) -> bool {
    match uid {
        0 => all < CONNECTIONS_MAX,
        _ => his < CONNECTIONS_PER_CALLER_MAX && all < CONNECTIONS_MAX - CONNECTIONS_FOR_ROOT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_places_of_another_and_all_together_not_roots() {
        assert!(may_connect(1000, CONNECTIONS_PER_CALLER_MAX - 1, 100));
        assert!(!may_connect(1000, CONNECTIONS_PER_CALLER_MAX, 100));
        let taken = CONNECTIONS_MAX - CONNECTIONS_FOR_ROOT;
        assert!(!may_connect(1000, 0, taken));
        assert!(may_connect(0, taken, taken));
        assert!(!may_connect(0, taken, CONNECTIONS_MAX));
    }
}
