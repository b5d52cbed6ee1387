//! What is derived of the cases, so that nothing has to be searched for.

use alloc::collections::{BTreeMap, BTreeSet};

use super::case::{Case, Run, Running};
use super::fingerprint::Fingerprint;
use crate::facts::{AttemptId, Person, Uid};
use crate::id::RequestId;
use crate::limits::COMMAND_BYTES_MAX;
use crate::record::About;
use crate::seating::Place;
use crate::time::BootTime;

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) open: usize,
    pub(crate) cases: usize,
    /// Upper bound of the bytes in a snapshot.
    pub(crate) bytes: usize,
}

/// The derived part of [`super::Cases`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Index {
    pub(super) deadlines: BTreeSet<(BootTime, RequestId)>,
    pub(super) same: BTreeSet<(Fingerprint, RequestId)>,
    /// The attempts that run, or that alone a permission is for.
    pub(super) attempts: BTreeMap<AttemptId, RequestId>,
    /// By the account that each is open for.
    pub(super) windows: BTreeSet<(Uid, RequestId)>,
    /// The open request that each grant stand longer.
    pub(super) extensions: BTreeMap<RequestId, RequestId>,
    pub(super) accounts: BTreeMap<Uid, Tally>,
    pub(super) total: Tally,
    pub(super) granted: usize,
}

impl Index {
    pub(super) fn note(&mut self, id: RequestId, case: &Case) {
        if let Some(at) = case.due() {
            self.deadlines.insert((at, id));
        }
        if let Some(fingerprint) = joinable(case) {
            self.same.insert((fingerprint, id));
        }
        for attempt in attempts(case) {
            self.attempts.insert(attempt.clone(), id);
        }
        if let Some(account) = open_for(case) {
            self.windows.insert((account, id));
        }
        if let Some(grant) = extends(case) {
            self.extensions.insert(grant, id);
        }
        let tally = Tally::of(case);
        self.total.add(tally);
        self.granted += usize::from(is_granted(case));
        if let Some(person) = case.requester() {
            self.accounts.entry(person.account.uid).or_default().add(tally);
        }
    }

    pub(super) fn forget(&mut self, id: RequestId, case: &Case) {
        if let Some(at) = case.due() {
            self.deadlines.remove(&(at, id));
        }
        if let Some(fingerprint) = joinable(case) {
            self.same.remove(&(fingerprint, id));
        }
        for attempt in attempts(case) {
            self.attempts.remove(attempt);
        }
        if let Some(account) = open_for(case) {
            self.windows.remove(&(account, id));
        }
        if let Some(grant) = extends(case) {
            self.extensions.remove(&grant);
        }
        let tally = Tally::of(case);
        self.total.remove(tally);
        self.granted -= usize::from(is_granted(case));
        if let Some(person) = case.requester() {
            let account = person.account.uid;
            let left = self.accounts.entry(account).or_default();
            left.remove(tally);
            if *left == Tally::default() {
                self.accounts.remove(&account);
            }
        }
    }
}

/// What the same act joins or uses.
fn joinable(case: &Case) -> Option<Fingerprint> {
    match case {
        Case::Open(request) if request.opened.extends.is_some() => None,
        Case::Open(request) => Some(Fingerprint::of(&request.opened)),
        Case::Granted(grant) => Some(Fingerprint::of(&grant.request.opened)),
        Case::Window(open) => Some(Fingerprint::of(&open.request.opened)),
        Case::Permitted(_) | Case::Outlived(_) => None,
    }
}

fn is_granted(case: &Case) -> bool {
    matches!(case, Case::Granted(_) | Case::Window(_))
}

fn open_for(case: &Case) -> Option<Uid> {
    match case {
        Case::Window(open) => Some(open.request.opened.requester.account.uid),
        _ => None,
    }
}

fn extends(case: &Case) -> Option<RequestId> {
    match case {
        Case::Open(request) => request.opened.extends,
        _ => None,
    }
}

fn attempts(case: &Case) -> impl Iterator<Item = &AttemptId> {
    let permitted = match case {
        Case::Permitted(permit) => Some(&permit.attempt),
        Case::Open(_) | Case::Granted(_) | Case::Window(_) | Case::Outlived(_) => None,
    };
    case.running().chain(permitted)
}

impl Tally {
    fn of(case: &Case) -> Self {
        Self { open: usize::from(matches!(case, Case::Open(_))), cases: 1, bytes: bytes_max(case) }
    }

    fn add(&mut self, other: Self) {
        self.open += other.open;
        self.cases += other.cases;
        self.bytes += other.bytes;
    }

    fn remove(&mut self, other: Self) {
        self.open -= other.open;
        self.cases -= other.cases;
        self.bytes -= other.bytes;
    }
}

/// What names and numbers take beside the texts that are counted, in bytes.
const FRAME_BYTES: usize = 1_024;

/// What the name and the process of a run take, in bytes.
const RUNNING_BYTES: usize = 128;

/// What a case takes in a snapshot at most, for requests (a question stands in
/// it escaped once more, at twice its length, beside the act that it was made of)
/// and for acts (the longest escape of one byte is `\u0000`).
fn bytes_max(case: &Case) -> usize {
    let request = case.request().map(|request| {
        let remarks: usize = request
            .decisions
            .iter()
            .map(|decision| {
                let comment = decision.comment.as_ref().map_or(0, |text| 6 * text.len());
                let places: usize = decision.places.iter().map(place_bytes_max).sum();
                let owner = decision.in_place_of.as_ref().map_or(0, |name| 2 * name.len());
                FRAME_BYTES + comment + places + owner + groups_bytes_max(&decision.by)
            })
            .sum();
        3 * request.opened.question.len() + remarks
    });
    let about = case.about().map(about_bytes_max);
    let runs: usize =
        case.runs_all().into_iter().flat_map(Running::values).map(run_bytes_max).sum();
    let groups = case.requester().map_or(0, groups_bytes_max);
    FRAME_BYTES + request.or(about).unwrap_or(0) + groups + runs
}

/// A run, with what it is where it runs under a window.
fn run_bytes_max(run: &Run) -> usize {
    let about = run.about.as_deref().map_or(0, |about| {
        FRAME_BYTES + about_bytes_max(about) + groups_bytes_max(&about.requester)
    });
    RUNNING_BYTES + about
}

fn about_bytes_max(about: &About) -> usize {
    (6 * about.act.aim.bytes()).min(COMMAND_BYTES_MAX)
}

/// A place, with up to ten digits for each kind of seats.
fn place_bytes_max(place: &Place) -> usize {
    RUNNING_BYTES + 2 * place.of.len() + 11 * place.seats.len()
}

/// The names of a person's groups: of a directory's there may be hundreds. The
/// backslash of `DOMAIN\group` is the most that is escaped in them.
fn groups_bytes_max(person: &Person) -> usize {
    person.groups.iter().map(|group| 2 * group.len() + 3).sum()
}
