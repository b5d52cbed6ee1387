//! What makes two acts the same.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::facts::{Aim, Person, Uid};
use crate::record::Opened;

/// SHA-256 over who (all identities), where, the whole command and its file, or the
/// whole window.
/// Door, terminal, origin and presence are not part of it: what was asked for in
/// advance, or in another window, is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fingerprint([u8; 32]);

#[derive(Serialize)]
struct Same<'a> {
    host: &'a str,
    account: Uid,
    identities: BTreeSet<Uid>,
    aim: &'a Aim,
    sha256: Option<&'a str>,
}

impl Fingerprint {
    pub(crate) fn new(host: &str, who: &Person, aim: &Aim, sha256: Option<&str>) -> Self {
        let account = who.account.uid;
        let same = Same { host, account, identities: who.identities().collect(), aim, sha256 };
        // Serialising cannot fail for these types; if it did, what is hashed is
        // empty and the digest check of a grant still stands between two acts.
        let bytes = serde_json::to_vec(&same).unwrap_or_else(|_| Vec::new());
        Self(Sha256::digest(&bytes).into())
    }

    pub(crate) fn of(opened: &Opened) -> Self {
        let sha256 = opened.sha256.as_deref();
        Self::new(&opened.host, &opened.requester, &opened.act.aim, sha256)
    }
}
