//! What may not be as it was meant, in files that are taken: for `writ check`.
//!
//! The agent does not ask for it: it takes longer than reading, and what it finds keeps
//! no policy from being taken.

mod accounts;
mod approvals;
mod escaping;
mod remark;
mod shadows;
mod standing;

use writ_engine::policy::Policy;
use writ_engine::time::WallTime;

use crate::diagnostic::{Diagnostic, Severity};
use crate::excerpt::Excerpt;
use crate::findings::Findings;
use crate::parse;
use crate::source::{Place, SourceFile};

pub use accounts::Accounts;
use remark::Remark;

/// Collects what is remarked.
#[derive(Debug, Default)]
struct Remarks(Vec<(Place, Remark)>);

impl Remarks {
    fn note(&mut self, place: &Place, remark: Remark) {
        self.0.push((place.clone(), remark));
    }

    /// Whether something is remarked of a place.
    fn has(&self, place: &Place) -> bool {
        self.0.iter().any(|(noted, _)| noted == place)
    }
}

/// Looks through files that [`crate::parse`] takes. With `accounts`, users and groups
/// are held against a host's.
#[must_use]
pub fn review(files: &[SourceFile], accounts: Option<&dyn Accounts>) -> Vec<Diagnostic> {
    let (subjects, files) = parse::in_order(files.to_vec());
    // What is wrong with the files themselves was told when they were read.
    let said = parse::read(&subjects, &files, &mut Findings::default());
    let mut remarks = Remarks::default();
    shadows::look(&said.roles, &mut remarks);
    escaping::look(&said.roles, &mut remarks);
    approvals::look(&said, &mut remarks);
    if let Some(accounts) = accounts {
        accounts::look(&said, accounts, &mut remarks);
    }
    told(remarks, &files)
}

/// Looks through files that [`crate::parse`] takes, and made `policy` of, for what does
/// not hold at an instant: nobody is on call, or too few are there.
#[must_use]
pub fn review_at(files: &[SourceFile], policy: &Policy, now: WallTime) -> Vec<Diagnostic> {
    let (subjects, files) = parse::in_order(files.to_vec());
    let said = parse::read(&subjects, &files, &mut Findings::default());
    let (mut at_any_time, mut remarks) = (Remarks::default(), Remarks::default());
    approvals::look(&said, &mut at_any_time);
    standing::look(&said, policy, now, &at_any_time, &mut remarks);
    told(remarks, &files)
}

fn told(mut remarks: Remarks, files: &[SourceFile]) -> Vec<Diagnostic> {
    remarks.0.sort_by(|(one, _), (other, _)| one.cmp(other));
    remarks.0.dedup();
    let tell = |(place, remark): &(Place, Remark)| {
        let file = files.get(place.file)?;
        let excerpt = Excerpt::of(file.contents(), place.start..place.end);
        let locate = |place: &Place| {
            files.get(place.file).map_or_else(String::new, |file| {
                let excerpt = Excerpt::of(file.contents(), place.start..place.end);
                format!("{}:{}", file.path().display(), excerpt.position.line)
            })
        };
        let (message, help) = (remark.to_string(), remark.help(locate));
        Some(Diagnostic::within(file.path(), excerpt, Severity::Warning, message, help))
    };
    remarks.0.iter().filter_map(tell).collect()
}
