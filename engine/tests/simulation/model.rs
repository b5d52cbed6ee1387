//! What must hold, told from the ledger alone and without the engine's code.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use writ_engine::Record;
use writ_engine::facts::{AttemptId, Command, Leader, Person};
use writ_engine::id::RequestId;
use writ_engine::policy::{Mode, Settings};
use writ_engine::question::Question;
use writ_engine::record::{About, By, Force, Made, Opened, Outcome, What};
use writ_engine::time::{BootTime, Now, Span};

use crate::cast::same_human;
use crate::rules::{Says, is_on_call, says};

/// How long an automatic permission may wait, in milliseconds: the documented value.
const CONFIRM_WAIT_MS: u64 = 60_000;

/// What an attempt really is.
pub(crate) struct Truth {
    pub(crate) person: Person,
    pub(crate) command: Command,
    pub(crate) leader: Leader,
}

/// What the ledger tells.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) stories: BTreeMap<RequestId, Story>,
    boot_id: Option<String>,
    last: Option<Now>,
}

/// What it tells of one ID.
pub(crate) struct Story {
    opened_at: BootTime,
    opened: Option<Opened>,
    about: Option<About>,
    approvers: Vec<Person>,
    /// What the approvers left of it.
    narrowed: (Span, u32),
    denied: bool,
    grant: Option<Granted>,
    over: bool,
    started: BTreeSet<AttemptId>,
    running: BTreeSet<AttemptId>,
}

struct Granted {
    until: BootTime,
    uses: u32,
}

impl Model {
    /// Reads one more record. `settings` is the policy in force, `doors` what the
    /// attempts really are.
    pub(crate) fn read(
        &mut self,
        record: &Record,
        settings: Option<&Settings>,
        doors: &BTreeMap<AttemptId, Truth>,
    ) {
        let now = record.at;
        if let What::AgentStarted { boot_id, .. } = &record.what {
            if self.boot_id.as_ref().is_some_and(|before| before != boot_id) {
                let alive = self.stories.iter().find(|(_, story)| story.is_alive());
                assert!(alive.is_none(), "{} outlived a boot", alive.unwrap().0);
                self.last = None;
            }
            self.boot_id = Some(boot_id.clone());
        }
        // What ends with a boot is on record before the new boot is, in the new clock.
        let ends = matches!(
            record.what,
            What::RequestExpired { .. } | What::GrantEnded { .. } | What::CommandFinished { .. }
        );
        assert!(ends || self.last.is_none_or(|last| last.boot <= now.boot), "time ran backwards");
        self.last = Some(now);
        match (&record.what, record.id) {
            (What::RequestOpened(opened), Some(id)) => self.opened(now, id, opened, settings),
            (What::DecisionMade(made), Some(id)) => match &made.about {
                Some(about) => self.settled(now, id, made, about, settings),
                None => self.decided(now, id, made),
            },
            (what, Some(id)) => self.goes_on(now, id, what, doors),
            (What::LedgerAcknowledged { .. }, None) => {
                assert!(self.stories.values().all(|story| !story.is_alive()));
            }
            (_, None) => {}
        }
    }

    fn opened(&mut self, now: Now, id: RequestId, opened: &Opened, settings: Option<&Settings>) {
        assert!(!self.stories.contains_key(&id), "{id} was given out twice");
        let digest: String =
            Sha256::digest(&opened.question).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, opened.digest);
        let question = Question::parse(&opened.question).unwrap();
        let command = &opened.act.command;
        assert_eq!(
            (&question.path, &question.argv, &question.cwd),
            (&command.path, &command.argv, &command.cwd)
        );
        assert_eq!((&question.run_as, question.action), (&command.run_as, command.action));
        assert_eq!(
            (question.id, &question.sha256, question.needed),
            (id, &opened.sha256, opened.needed)
        );
        assert_eq!(question.requester.uid, opened.requester.account.uid);
        if let Some(settings) = settings {
            let policy = says(settings, &opened.requester, &opened.act);
            assert_eq!(policy, Says::Ask { needed: opened.needed });
            assert_eq!(settings.mode, Mode::Enforce, "people are asked in observe mode");
            assert!(opened.lasts <= settings.ask.max_duration);
        }
        self.stories.insert(id, Story { opened: Some(opened.clone()), ..Story::new(now) });
    }

    fn settled(
        &mut self,
        now: Now,
        id: RequestId,
        made: &Made,
        about: &About,
        settings: Option<&Settings>,
    ) {
        assert!(!self.stories.contains_key(&id), "{id} was given out twice");
        assert_eq!(made.by, By::Policy);
        let lets =
            matches!(made.outcome, Outcome::Allow | Outcome::Pass) || made.force == Force::Observed;
        if let Some(settings) = settings {
            let policy = says(settings, &about.requester, &about.act);
            match made.outcome {
                Outcome::Allow => assert_eq!(policy, Says::Allow),
                Outcome::Pass => assert_eq!(policy, Says::Pass),
                // What is asked about may still be refused: a writable file, no reason.
                Outcome::Deny => assert!(matches!(policy, Says::Deny | Says::Ask { .. })),
                Outcome::WouldAsk => assert!(matches!(policy, Says::Ask { .. })),
                Outcome::Approve => panic!("the policy approves nothing"),
            }
            assert_eq!(made.force == Force::Observed, settings.mode == Mode::Observe);
        }
        let over = !lets || about.attempt.is_none();
        self.stories.insert(id, Story { about: Some(about.clone()), over, ..Story::new(now) });
    }

    fn decided(&mut self, now: Now, id: RequestId, made: &Made) {
        let By::Person(person) = &made.by else { panic!("nobody decided on {id}") };
        let story = self.stories.get_mut(&id).unwrap();
        assert!(story.counts(now, person, made.digest.as_deref()), "{person:?} counts on {id}");
        match made.outcome {
            Outcome::Approve => {}
            Outcome::Deny => story.denied = true,
            other => panic!("{other:?} of a person"),
        }
        let (lasts, uses) = &mut story.narrowed;
        *lasts = made.lasts.map_or(*lasts, |made| made.min(*lasts));
        *uses = made.uses.map_or(*uses, |made| made.min(*uses));
        story.approvers.push(person.clone());
    }

    fn goes_on(
        &mut self,
        now: Now,
        id: RequestId,
        what: &What,
        doors: &BTreeMap<AttemptId, Truth>,
    ) {
        let story = self.stories.get_mut(&id).unwrap();
        match what {
            What::RequestJoined { attempt } => {
                assert!(story.is_open());
                story.is_of(&doors[attempt]);
            }
            What::RequestCancelled { by } => {
                assert!(story.is_open());
                assert!(same_human(by, &story.opened.as_ref().unwrap().requester));
                story.over = true;
            }
            What::RequestExpired { .. } | What::RequestDenied { .. } => {
                assert!(story.is_open());
                story.over = true;
            }
            What::GrantStarted { lasts, uses } => {
                assert!(story.is_open() && !story.denied);
                let opened = story.opened.as_ref().unwrap();
                assert!(story.approvers.len() >= opened.needed as usize, "{id} without a quorum");
                assert_eq!(*lasts, opened.lasts.min(story.narrowed.0), "{id} was not narrowed");
                assert_eq!(*uses, opened.uses.min(story.narrowed.1), "{id} was not narrowed");
                story.grant = Some(Granted { until: now.boot.after(*lasts), uses: *uses });
            }
            What::GrantEnded { .. } => {
                assert!(!story.over && !story.is_open(), "{id} ended twice");
                story.over = true;
            }
            What::CommandStarted { attempt, leader } => {
                assert!(story.stands(now, attempt), "{id} does not stand");
                assert!(story.started.insert(attempt.clone()));
                story.running.insert(attempt.clone());
                story.over |= story.about.is_some();
                let uses = story.grant.as_ref().map_or(1, |grant| grant.uses as usize);
                assert!(story.started.len() <= uses, "{id} was used too often");
                assert_eq!(
                    *leader,
                    Some(doors[attempt].leader),
                    "{id} starts from another process"
                );
                story.is_of(&doors[attempt]);
            }
            What::CommandFinished { attempt, .. } => {
                assert!(story.running.remove(attempt), "{id} did not run");
            }
            other => panic!("{} with an ID", other.name()),
        }
    }

    /// A command really starts now: that must be on record, and still stand.
    pub(crate) fn really_starts(&self, now: Now, id: RequestId, attempt: &AttemptId) {
        let story = &self.stories[&id];
        assert!(story.running.contains(attempt), "{id} starts without a record");
        if let Some(grant) = &story.grant {
            assert!(!story.over && now.boot < grant.until, "{id} starts after its end");
        }
    }

    /// An attempt is told that it may start.
    pub(crate) fn is_allowed(&self, now: Now, id: RequestId) {
        let story = &self.stories[&id];
        let granted =
            story.grant.as_ref().is_some_and(|grant| !story.over && now.boot < grant.until);
        assert!(granted || story.about.is_some(), "{id} was allowed before it was granted");
    }

    pub(crate) fn min_deadline(&self) -> Option<BootTime> {
        self.stories.values().filter(|story| !story.over).map(Story::deadline).min()
    }
}

impl Story {
    fn new(now: Now) -> Self {
        Self {
            opened_at: now.boot,
            opened: None,
            about: None,
            approvers: vec![],
            narrowed: (Span(u64::MAX), u32::MAX),
            denied: false,
            grant: None,
            over: false,
            started: BTreeSet::new(),
            running: BTreeSet::new(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.opened.is_some() && self.grant.is_none() && !self.over
    }

    /// Open, though people have decided: half of a step.
    pub(crate) fn is_half_decided(&self) -> bool {
        let quorum = self
            .opened
            .as_ref()
            .is_some_and(|opened| self.approvers.len() >= opened.needed as usize);
        self.is_open() && (quorum || self.denied)
    }

    /// Whether a policy refuses what it is about.
    pub(crate) fn is_refused_by(&self, settings: &Settings) -> bool {
        let opened = self.opened.as_ref().filter(|_| settings.mode == Mode::Enforce);
        opened.is_some_and(|opened| says(settings, &opened.requester, &opened.act) == Says::Deny)
    }

    /// The digest that it is bound to.
    pub(crate) fn sha256(&self) -> Option<&String> {
        self.opened.as_ref()?.sha256.as_ref()
    }

    pub(crate) fn is_granted(&self) -> bool {
        self.grant.is_some() && !self.over
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.over || !self.running.is_empty()
    }

    /// Whether people were asked.
    pub(crate) fn is_request(&self) -> bool {
        self.opened.is_some()
    }

    pub(crate) fn uses_left(&self) -> usize {
        match &self.grant {
            Some(grant) if !self.over => grant.uses as usize - self.started.len(),
            _ => 0,
        }
    }

    pub(crate) fn runs(&self, attempt: &AttemptId) -> bool {
        self.running.contains(attempt)
    }

    pub(crate) fn running(&self) -> usize {
        self.running.len()
    }

    fn deadline(&self) -> BootTime {
        match (&self.grant, &self.opened) {
            (Some(grant), _) => grant.until,
            (None, Some(opened)) => BootTime(self.opened_at.0 + opened.timeout.0),
            (None, None) => BootTime(self.opened_at.0 + CONFIRM_WAIT_MS),
        }
    }

    /// Whether a person's word counts, whoever is on call.
    fn counts(&self, now: Now, person: &Person, digest: Option<&str>) -> bool {
        let Some(opened) = &self.opened else { return false };
        self.is_open()
            && !self.denied
            && self.approvers.len() < opened.needed as usize
            && now.boot < self.deadline()
            && digest == Some(&opened.digest)
            && !same_human(person, &opened.requester)
            && !self.approvers.iter().any(|other| same_human(person, other))
    }

    /// The same, by the people who are on call now.
    pub(crate) fn must_count(
        &self,
        now: Now,
        person: &Person,
        digest: &str,
        settings: &Settings,
    ) -> bool {
        self.counts(now, person, Some(digest)) && is_on_call(settings, person)
    }

    /// Whether an attempt may start now.
    fn stands(&self, now: Now, attempt: &AttemptId) -> bool {
        let of_policy =
            self.about.as_ref().is_some_and(|about| about.attempt.as_ref() == Some(attempt));
        !self.over && now.boot < self.deadline() && (of_policy || self.grant.is_some())
    }

    /// The attempt is the very command, asked for by the very person.
    fn is_of(&self, Truth { person, command, .. }: &Truth) {
        let (requester, act) = match (&self.opened, &self.about) {
            (Some(opened), _) => (&opened.requester, &opened.act),
            (None, Some(about)) => (&about.requester, &about.act),
            (None, None) => panic!("a story about nothing"),
        };
        assert_eq!(&act.command, command);
        assert_eq!(requester.account, person.account);
        assert!(same_human(requester, person));
    }
}
