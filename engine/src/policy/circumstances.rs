//! What a decision hangs on beside person and command.

use alloc::format;
use alloc::string::String;

use super::limits::{Facts, Stands};
use super::pins::{FileSeen, Pinned};
use super::{Ask, Host, Role, Rule};

/// Conditions that are evaluated for one decision. More can only stand for one command
/// if somebody writes them so; what is beyond is in doubt.
pub const CONDITIONS_PER_DECISION_MAX: u32 = 256;

/// What a decision hangs on beside person and command. A closure is one in which
/// nothing is known but which windows are open: hours do not count then, conditions
/// are in doubt, and nobody looked at the command's file.
pub trait Circumstances {
    /// Whether an open window of the person's, of this role, stands for the answer to
    /// what a rule asks so.
    fn covers(&self, role: &str, ask: &Ask) -> bool;

    /// What conditions may ask for on this host.
    fn facts<'a>(&'a self, host: &'a Host) -> Option<Facts<'a>> {
        let _ = host;
        None
    }

    /// What is known of the file of the command.
    fn file(&self) -> FileSeen<'_> {
        FileSeen::Not
    }
}

impl<F: Fn(&str, &Ask) -> bool> Circumstances for F {
    fn covers(&self, role: &str, ask: &Ask) -> bool {
        self(role, ask)
    }
}

/// Nothing is known, and no window is open; of files, it is supposed that they are those
/// that rules are pinned to.
#[derive(Debug, Clone, Copy)]
pub struct NothingKnown;

impl Circumstances for NothingKnown {
    fn covers(&self, _: &str, _: &Ask) -> bool {
        false
    }

    fn file(&self) -> FileSeen<'_> {
        FileSeen::AsPinned
    }
}

/// Whether rules speak, in the circumstances of one decision.
pub(super) struct Speaking<'a> {
    facts: Option<Facts<'a>>,
    file: FileSeen<'a>,
    evaluated: u32,
}

/// Whether a rule speaks.
pub(super) enum Speaks {
    /// It is not its time.
    NotNow,
    /// It is pinned to other files.
    OtherFile,
    /// Its condition does not hold.
    No,
    /// It does.
    Yes,
    /// Nobody can say, for this reason.
    InDoubt(String),
}

impl<'a> Speaking<'a> {
    pub(super) fn new(circumstances: &'a impl Circumstances, host: &'a Host) -> Self {
        Self { facts: circumstances.facts(host), file: circumstances.file(), evaluated: 0 }
    }

    /// Whether a rule whose commands match speaks.
    pub(super) fn of(&mut self, role: &Role, rule: &Rule) -> Speaks {
        if let Some(facts) = &self.facts
            && role.times.stands(facts.wall).and(rule.times(facts.wall)) == Stands::Not
        {
            return Speaks::NotNow;
        }
        if let Pinned::OtherFile = rule.of_file(self.file) {
            return Speaks::OtherFile;
        }
        let Some(when) = rule.limits.as_ref().and_then(|limits| limits.when.as_ref()) else {
            return Speaks::Yes;
        };
        if self.evaluated >= CONDITIONS_PER_DECISION_MAX {
            return Speaks::InDoubt(format!(
                "more than {CONDITIONS_PER_DECISION_MAX} conditions hang on this command"
            ));
        }
        self.evaluated += 1;
        match self.facts.as_ref().map(|facts| when.holds(facts)) {
            Some(Ok(true)) => Speaks::Yes,
            Some(Ok(false)) => Speaks::No,
            Some(Err(why)) => Speaks::InDoubt(why),
            None => Speaks::InDoubt("nothing is known of the request".into()),
        }
    }
}
