//! What the hub is to be told: which questions are open, and which are over.
//!
//! The digests of those that it was told of are kept over a restart, so that it also
//! hears of what ended meanwhile.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tokio::sync::Notify;
use writ_protocol::courier::{ClosedQuestion, OpenedQuestion};

use crate::limits::QUESTIONS_MAX;

const FILE: &str = "questions.json";

/// The largest file, in bytes: a digest has 64 and two quotation marks.
const FILE_BYTES_MAX: u64 = 80 * (QUESTIONS_MAX as u64);

/// What the hub is told next.
pub(super) enum Errand {
    /// This is asked; the signed text.
    Put(String, String),
    /// This is not asked any more.
    Over(ClosedQuestion),
}

#[derive(Debug, Default)]
struct Papers {
    /// Open, and the hub does not know yet; with the signed text.
    unsent: BTreeMap<String, String>,
    /// The hub may know these.
    told: BTreeSet<String>,
    /// Over, and the hub may believe that they are open.
    over: BTreeMap<String, ClosedQuestion>,
    /// Open, as the agent said since it was asked last.
    seen: BTreeSet<String>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Desk {
    file: PathBuf,
    papers: RefCell<Papers>,
    /// There is something to tell.
    pub(super) changed: Notify,
}

impl Desk {
    /// With what is kept in a folder. What cannot be read is as good as nothing: the hub
    /// closes by itself what has run out.
    pub(super) fn read(folder: &Path) -> Self {
        let file = folder.join(FILE);
        let told = contents(&file).unwrap_or_default();
        let papers = RefCell::new(Papers { told, ..Papers::default() });
        Self { file, papers, changed: Notify::new() }
    }

    /// The agent is asked anew, and tells all that is open.
    pub(super) fn begin(&self) {
        self.papers.borrow_mut().seen.clear();
    }

    /// A question is open. Beyond what the hub takes of one host none is added: it comes
    /// again with the agent's next list.
    pub(super) fn opened(&self, question: OpenedQuestion) {
        let mut papers = self.papers.borrow_mut();
        let OpenedQuestion { digest, signed } = question;
        papers.seen.insert(digest.clone());
        let is_full = papers.unsent.len() + papers.told.len() >= QUESTIONS_MAX;
        if papers.told.contains(&digest) || is_full {
            return;
        }
        papers.unsent.insert(digest, signed);
        drop(papers);
        self.changed.notify_one();
    }

    /// A question is over.
    pub(super) fn closed(&self, closed: ClosedQuestion) {
        let mut papers = self.papers.borrow_mut();
        papers.seen.remove(&closed.digest);
        papers.unsent.remove(&closed.digest);
        if papers.told.contains(&closed.digest) {
            papers.over.insert(closed.digest.clone(), closed);
            drop(papers);
            self.changed.notify_one();
        }
    }

    /// All that is open was told: what the hub knows besides is over.
    pub(super) fn current(&self) {
        let mut papers = self.papers.borrow_mut();
        let Papers { unsent, told, over, seen } = &mut *papers;
        unsent.retain(|digest, _| seen.contains(digest));
        for digest in told.iter().filter(|digest| !seen.contains(*digest)) {
            let digest = digest.clone();
            let outcome = "over".to_owned();
            over.entry(digest.clone()).or_insert(ClosedQuestion { digest, outcome, by: None });
        }
        drop(papers);
        self.changed.notify_one();
    }

    /// What the hub is told next.
    pub(super) fn next(&self) -> Option<Errand> {
        let papers = self.papers.borrow();
        if let Some((digest, signed)) = papers.unsent.first_key_value() {
            return Some(Errand::Put(digest.clone(), signed.clone()));
        }
        papers.over.values().next().cloned().map(Errand::Over)
    }

    /// The hub is about to be told that a question is open.
    pub(super) fn telling(&self, digest: &str) -> io::Result<()> {
        let mut papers = self.papers.borrow_mut();
        if papers.told.insert(digest.to_owned()) { self.keep(&papers.told) } else { Ok(()) }
    }

    /// The hub has it, or will not have it.
    pub(super) fn put(&self, digest: &str) {
        let mut papers = self.papers.borrow_mut();
        papers.unsent.remove(digest);
        // It was over before the hub had heard of it.
        if !papers.seen.contains(digest) {
            let (digest, outcome) = (digest.to_owned(), "over".to_owned());
            let closed = ClosedQuestion { digest: digest.clone(), outcome, by: None };
            papers.over.entry(digest).or_insert(closed);
        }
    }

    /// The hub knows that it is over.
    pub(super) fn done(&self, digest: &str) -> io::Result<()> {
        let mut papers = self.papers.borrow_mut();
        papers.over.remove(digest);
        papers.told.remove(digest);
        self.keep(&papers.told)
    }

    fn keep(&self, told: &BTreeSet<String>) -> io::Result<()> {
        let fresh = self.file.with_extension("new");
        let mut file =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(told)?)?;
        fs::rename(&fresh, &self.file)
    }
}

fn contents(path: &Path) -> Option<BTreeSet<String>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(FILE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}
