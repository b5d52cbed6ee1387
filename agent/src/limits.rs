//! How much one caller may have of the agent.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use writ_engine::facts::{ROOT, Uid};

/// Connections at once, of everybody.
pub(crate) const CONNECTIONS_MAX: usize = 8192;

/// Of these, the ones that are kept for root, so that nobody can keep root out.
const CONNECTIONS_FOR_ROOT: usize = 256;

/// Connections at once of one person through doors that speak for him (sudo): the
/// most requests that he may have open, and as many commands that run.
const CONNECTIONS_PER_PERSON_MAX: usize = 2048;

/// Connections at once of one user by himself.
const CONNECTIONS_PER_CALLER_MAX: usize = 64;

/// The longest frame from a caller who is not root, in bytes.
pub(crate) const CALLER_FRAME_BYTES_MAX: usize = 256 * 1024;

/// A frame of which more than this has come waits for its turn, in bytes.
pub(crate) const LONG_FRAME_BYTES: usize = 64 * 1024;

/// Long frames of one holder that are read at once: of [`FRAME_BYTES_MAX`] each, they
/// are 16 MiB. Hundreds of sudo with long command lines come one after another.
///
/// [`FRAME_BYTES_MAX`]: writ_protocol::FRAME_BYTES_MAX
const LONG_FRAMES_PER_HOLDER_MAX: usize = 4;

/// From the first byte of a frame to its last.
pub(crate) const FRAME_MAX: Duration = Duration::from_secs(10);

/// How long a connection may be open without asking anything.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(60);

/// People who prove who they are at once, each with a process of root's.
pub(crate) const PROOFS_MAX: usize = 8;

/// From the beginning of a proof to its end, however much is asked.
pub(crate) const PROOF_MAX: Duration = Duration::from_secs(60);

/// Proofs of one account that may fail within [`PROOFS_FAILED_WITHIN`].
pub(crate) const PROOFS_FAILED_MAX: usize = 5;

/// What counts as failed lately.
pub(crate) const PROOFS_FAILED_WITHIN: Duration = Duration::from_secs(300);

/// Accounts whose failures are kept in mind.
pub(crate) const PROOFS_ACCOUNTS_MAX: usize = 1024;

/// What is asked or told in one proof, in lines; a module that goes on is cut off.
pub(crate) const PROOF_LINES_MAX: usize = 64;

/// The longest answer or line of a proof, in bytes (`PAM_MAX_RESP_SIZE`, PAM_MAX_MSG_SIZE).
pub(crate) const PROOF_LINE_BYTES_MAX: usize = 511;

/// Signed answers of one account that may not count within [`ANSWERS_REFUSED_WITHIN`].
pub(crate) const ANSWERS_REFUSED_MAX: usize = 30;

/// Signed answers that did not count and are put on record within
/// [`ANSWERS_REFUSED_WITHIN`], of everybody; of the others, how many they were.
pub(crate) const ANSWERS_REFUSED_RECORDED_MAX: usize = 10;

/// What counts as lately.
pub(crate) const ANSWERS_REFUSED_WITHIN: Duration = Duration::from_secs(60);

/// How long a caller may take to read what he is sent.
pub(crate) const SEND_MAX: Duration = Duration::from_secs(10);

/// How a connection counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// A door that speaks for this person.
    Door(Uid),
    /// This user himself.
    Caller(Uid),
}

impl Holder {
    fn is_root(self) -> bool {
        matches!(self, Self::Door(ROOT) | Self::Caller(ROOT))
    }

    fn connections_max(self) -> usize {
        match self {
            _ if self.is_root() => CONNECTIONS_MAX,
            Self::Door(_) => CONNECTIONS_PER_PERSON_MAX,
            Self::Caller(_) => CONNECTIONS_PER_CALLER_MAX,
        }
    }
}

/// Counts the connections that are open.
#[derive(Debug, Default, Clone)]
pub(crate) struct Connections {
    open: Rc<RefCell<HashMap<Holder, Held>>>,
}

/// What a holder has.
#[derive(Debug)]
struct Held {
    count: usize,
    turns: Turns,
}

/// The long frames that one holder may send at once.
pub(crate) type Turns = Arc<Semaphore>;

/// A connection's place; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Connections,
    holder: Holder,
    turns: Turns,
}

impl Place {
    /// What the holder's connections share.
    #[must_use]
    pub(crate) fn turns(&self) -> Turns {
        Arc::clone(&self.turns)
    }
}

/// Why there is no place for one more connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    /// This user has as many as one may have.
    #[error(
        "you have {CONNECTIONS_PER_CALLER_MAX} connections to Writ's agent already, which is as many as one user may have; wait until some of them have ended"
    )]
    Caller,
    /// The person has as many sudo as one may have.
    #[error(
        "{CONNECTIONS_PER_PERSON_MAX} sudo of yours wait or run already, which is as many as one person may have; wait until some of them have ended"
    )]
    Person,
    /// All together have as many as there are.
    #[error(
        "Writ's agent has {CONNECTIONS_MAX} connections, which is as many as it takes; try again later"
    )]
    Everybody,
}

impl Connections {
    /// A place for one more connection.
    ///
    /// # Errors
    /// When there is none for this holder.
    pub(crate) fn take(&self, holder: Holder) -> Result<Place, Full> {
        let mut open = self.open.borrow_mut();
        let all: usize = open.values().map(|held| held.count).sum();
        let all_max =
            if holder.is_root() { CONNECTIONS_MAX } else { CONNECTIONS_MAX - CONNECTIONS_FOR_ROOT };
        let his = open.get(&holder).map_or(0, |held| held.count);
        if all >= all_max {
            return Err(Full::Everybody);
        }
        if his >= holder.connections_max() {
            return Err(match holder {
                Holder::Caller(_) => Full::Caller,
                Holder::Door(_) => Full::Person,
            });
        }
        let held = open.entry(holder).or_insert_with(|| Held {
            count: 0,
            turns: Arc::new(Semaphore::new(LONG_FRAMES_PER_HOLDER_MAX)),
        });
        held.count += 1;
        let turns = Arc::clone(&held.turns);
        drop(open);
        Ok(Place { connections: self.clone(), holder, turns })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.open.borrow_mut();
        match open.get_mut(&self.holder) {
            Some(held) if held.count > 1 => held.count -= 1,
            _ => {
                open.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_cannot_take_the_places_of_another() {
        let connections = Connections::default();
        let alice = Holder::Caller(Uid(1000));
        let held: Vec<Place> = std::iter::from_fn(|| connections.take(alice).ok()).collect();
        assert_eq!(held.len(), CONNECTIONS_PER_CALLER_MAX);
        assert_eq!(connections.take(alice).err(), Some(Full::Caller));
        assert!(connections.take(Holder::Caller(Uid(1001))).is_ok());
        drop(held);
        assert!(connections.take(alice).is_ok());
    }

    #[test]
    fn all_users_together_cannot_keep_root_out() {
        let connections = Connections::default();
        let mut held = Vec::new();
        for uid in 1000..2000 {
            held.extend(std::iter::from_fn(|| connections.take(Holder::Door(Uid(uid))).ok()));
        }
        assert_eq!(connections.take(Holder::Caller(Uid(1))).err(), Some(Full::Everybody));
        assert!(connections.take(Holder::Caller(ROOT)).is_ok());
    }
}
