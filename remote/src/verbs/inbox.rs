//! What was shown already, and what of it is not over yet.

use std::collections::VecDeque;

use writ_engine::id::RequestId;

use crate::digest::Digest;
use crate::limits::WATCHED_MAX;

/// How a question is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// At its host.
    pub(super) id: RequestId,
    /// Its host, by the signature.
    pub(super) host: String,
}

#[derive(Debug)]
struct Item {
    digest: Digest,
    /// While it is open, and was shown.
    name: Option<Name>,
}

/// The questions that came, the latest of them.
#[derive(Debug, Default)]
pub(super) struct Inbox(VecDeque<Item>);

impl Inbox {
    /// Whether a question came before.
    pub(super) fn has(&self, digest: &Digest) -> bool {
        self.0.iter().any(|item| item.digest == *digest)
    }

    /// One that came; without a name where it was not shown.
    pub(super) fn put(&mut self, digest: Digest, name: Option<Name>) {
        if self.0.len() == WATCHED_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Item { digest, name });
    }

    /// One is over. Gives its name the first time, where it was shown.
    pub(super) fn end(&mut self, digest: &Digest) -> Option<Name> {
        self.0.iter_mut().find(|item| item.digest == *digest)?.name.take()
    }

    /// Those that were shown, are not over as far as is known here, and are not open.
    pub(super) fn open_but(&self, is_open: impl Fn(&Digest) -> bool) -> Vec<Digest> {
        let shown = self.0.iter().filter(|item| item.name.is_some());
        shown.map(|item| &item.digest).filter(|digest| !is_open(digest)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: usize) -> Digest {
        format!("{number:064x}").try_into().unwrap()
    }

    #[test]
    fn what_is_over_is_told_once_and_what_was_not_shown_never() {
        let name = Name { id: "7K3M-Q2".parse().unwrap(), host: "web-1".to_owned() };
        let mut inbox = Inbox::default();
        inbox.put(digest(1), Some(name.clone()));
        inbox.put(digest(2), None);
        assert_eq!(inbox.open_but(|_| false), [digest(1)]);
        assert!(inbox.open_but(|open| *open == digest(1)).is_empty());
        assert_eq!(inbox.end(&digest(1)), Some(name));
        assert_eq!(inbox.end(&digest(1)), None);
        assert_eq!(inbox.end(&digest(2)), None);
        assert!(inbox.has(&digest(1)) && inbox.open_but(|_| false).is_empty());
    }

    #[test]
    fn it_has_a_bound() {
        let mut inbox = Inbox::default();
        for number in 0..WATCHED_MAX + 10 {
            inbox.put(digest(number), None);
        }
        assert_eq!(inbox.0.len(), WATCHED_MAX);
        assert!(inbox.has(&digest(WATCHED_MAX)) && !inbox.has(&digest(0)));
    }
}
