//! What must hold, told from the ledger alone and without the engine's code.

mod glass;
mod story;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use writ_engine::Record;
use writ_engine::effect::Remains;
use writ_engine::event::Word;
use writ_engine::facts::{Aim, AttemptId, Door, Evidence, Leader, Person, Window};
use writ_engine::id::RequestId;
use writ_engine::policy::{Decision, Mode, Settings};
use writ_engine::question::Question;
use writ_engine::record::{About, By, Force, Made, Opened, Outcome, SignedBy, What};
use writ_engine::time::{BootTime, Now, Span, WallTime};
use writ_signed::Verdict;

use crate::cast::same_human;
use crate::pins::{as_on_record, pins_that_allow};
use crate::rules::{
    Says, Seat, host_key, key_of, most_seated, places_in, places_of, says, seats_in, terms,
    wanted_by, wanted_own,
};

/// How long an automatic permission may wait, in milliseconds: the documented value.
const CONFIRM_WAIT_MS: u64 = 60_000;

/// What an attempt really is.
pub(crate) struct Truth {
    pub(crate) person: Person,
    pub(crate) aim: Aim,
    pub(crate) leader: Leader,
}

/// How often the rarer things have happened.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) windows: usize,
    pub(crate) covered: usize,
    pub(crate) extended: usize,
    pub(crate) stopped: usize,
    pub(crate) runs: usize,
    pub(crate) escalated: usize,
    pub(crate) by_later: usize,
    pub(crate) own: usize,
    pub(crate) kinds: usize,
    pub(crate) deputies: usize,
    pub(crate) signed: usize,
    pub(crate) reminded: usize,
    pub(crate) seen_by: usize,
    pub(crate) pinned: usize,
    pub(crate) unlike: usize,
    pub(crate) glass: usize,
    pub(crate) reviewed: usize,
}

/// What the ledger tells.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) seen: Seen,
    pub(crate) stories: BTreeMap<RequestId, Story>,
    pub(crate) glass: BTreeMap<RequestId, glass::Use>,
    boot_id: Option<String>,
    last: Option<Now>,
}

/// What it tells of one ID.
pub(crate) struct Story {
    opened_at: BootTime,
    asked_at: WallTime,
    opened: Option<Opened>,
    about: Option<About>,
    approvers: Vec<(Person, WallTime)>,
    /// The places that each of them could take when he approved.
    places: Vec<Vec<Seat>>,
    /// The digests that its file may have, where only pinned rules allow it.
    pins: Option<Vec<String>>,
    /// What the approvers left of it.
    narrowed: (Span, u32),
    /// How many steps of its escalation have come.
    escalated: usize,
    denied: bool,
    grant: Option<Granted>,
    over: bool,
    /// How often something started. A door whose confirmation came through, and its
    /// answer not, may start once more, by another use.
    started: usize,
    running: BTreeSet<AttemptId>,
    /// Those of them that PID 1 runs as services, and those that it ran.
    services: BTreeSet<AttemptId>,
}

struct Granted {
    until: BootTime,
    uses: u32,
}

impl Model {
    /// Before anything was read, with what was seen kept.
    pub(crate) fn anew(&self) -> Self {
        Self { seen: self.seen, ..Self::default() }
    }

    /// Reads one more record. `settings` is the policy in force, `doors` what the
    /// attempts really are, `found` what the agent knew of the command's file.
    pub(crate) fn read(
        &mut self,
        record: &Record,
        settings: Option<&Settings>,
        doors: &BTreeMap<AttemptId, Truth>,
        found: &Evidence,
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
                Some(about) => self.settled(now, id, made, about, settings, found),
                None => self.decided(now, id, made, settings),
            },
            (What::BreakGlassUsed(used), Some(id)) => self.glass_used(id, used, doors),
            (What::BreakGlassReviewed { by, .. }, Some(id)) => self.glass_reviewed(id, by),
            (what, Some(id)) => self.goes_on(now, id, what, settings, doors, found),
            (What::LedgerAcknowledged { .. }, None) => {
                assert!(self.stories.values().all(|story| !story.is_alive()));
            }
            (_, None) => {}
        }
    }

    fn opened(&mut self, now: Now, id: RequestId, opened: &Opened, settings: Option<&Settings>) {
        self.is_new(id);
        let digest: String =
            Sha256::digest(&opened.question).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, opened.digest);
        let question = Question::parse(&opened.question).unwrap();
        assert_eq!((&question.aim, question.extends), (&opened.act.aim, opened.extends));
        assert_eq!(
            (question.id, &question.sha256, question.needed),
            (id, &opened.sha256, opened.needed)
        );
        assert_eq!(question.requester.uid, opened.requester.account.uid);
        if let Some(settings) = settings.filter(|_| opened.needed > 0) {
            assert_eq!(opened.signed, settings.ask.signed, "{id}: all rules here ask alike");
        }
        match (settings, &opened.act.aim) {
            (Some(settings), Aim::Command(command)) => {
                let file = as_on_record(&opened.sha256);
                let policy = says(settings, &opened.requester, command, &file);
                assert_eq!(policy, Says::Ask { needed: opened.needed });
                let observes = settings.mode == Mode::Observe && opened.extends.is_none();
                assert!(!observes, "people are asked in observe mode");
                assert!(opened.lasts <= settings.ask.max_duration);
            }
            (_, Aim::Session(_)) => panic!("nobody asks for sessions here"),
            (Some(settings), Aim::Window(window)) => {
                let terms = terms(settings, &opened.requester, &window.role).unwrap();
                let needed = match &terms.decision {
                    Decision::Ask(ask) => ask.count,
                    Decision::Allow | Decision::Deny => 0,
                };
                assert_eq!((opened.needed, opened.uses), (needed, 0));
                assert!(opened.lasts <= terms.max_duration.max(settings.ask.max_duration));
                assert!(window.groups.keys().all(|group| terms.groups.contains(group)));
            }
            (None, _) => {}
        }
        if let Some(grant) = opened.extends {
            let story = &self.stories[&grant];
            assert!(story.is_granted() && now.boot < story.deadline(), "{grant} is over");
            let of = story.opened.as_ref().unwrap();
            assert!(same_human(&of.requester, &opened.requester));
            assert_eq!((&of.act.aim, &of.sha256), (&opened.act.aim, &opened.sha256));
            let mut others = self.stories.values().filter(|story| story.is_open());
            assert!(others.all(|other| other.extends() != Some(grant)), "{grant} is asked twice");
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
        found: &Evidence,
    ) {
        self.is_new(id);
        let mut pins = None;
        assert_eq!(made.by, By::Policy);
        let lets =
            matches!(made.outcome, Outcome::Allow | Outcome::Pass) || made.force == Force::Observed;
        if let Some(settings) = settings {
            match &about.act.aim {
                Aim::Command(command) => {
                    let policy = says(settings, &about.requester, command, found);
                    if made.outcome == Outcome::Allow && made.force == Force::Enforced {
                        pins = pins_that_allow(settings, &about.requester, command);
                    }
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
                Aim::Session(_) => panic!("nobody asks for sessions here"),
                Aim::Window(_) => {
                    assert_eq!((made.outcome, made.force), (Outcome::Deny, Force::Enforced));
                }
            }
        }
        let over = !lets || about.attempt.is_none();
        self.stories
            .insert(id, Story { about: Some(about.clone()), pins, over, ..Story::new(now) });
    }

    fn decided(&mut self, now: Now, id: RequestId, made: &Made, settings: Option<&Settings>) {
        let story = self.stories.get_mut(&id).unwrap();
        let By::Person(person) = &made.by else {
            assert!(made.by == By::Policy && story.needed() == 0, "nobody decided on {id}");
            return;
        };
        assert!(story.counts(now, person, made.digest.as_deref()), "{person:?} counts on {id}");
        assert_eq!(made.signed.is_some(), person.approver.is_some(), "{id}: {person:?}");
        if let Some(signed) = &made.signed {
            story.is_signed(now, id, made, signed);
            self.seen.signed += 1;
        }
        match made.outcome {
            Outcome::Approve => {
                let signed = made.signed.is_some();
                assert!(signed || !story.wants_signed(), "{id}: approved without a signature");
            }
            Outcome::Deny => story.denied = true,
            other => panic!("{other:?} of a person"),
        }
        let (lasts, uses) = &mut story.narrowed;
        *lasts = made.lasts.map_or(*lasts, |made| made.min(*lasts));
        *uses = made.uses.map_or(*uses, |made| made.min(*uses));
        let plain = story.opened.as_ref().is_some_and(|opened| opened.all_of.is_empty());
        let kinds = |seats: &[u32]| -> BTreeSet<u32> {
            if plain { BTreeSet::from([0]) } else { seats.iter().copied().collect() }
        };
        let recorded: Vec<Seat> =
            made.places.iter().map(|place| (place.of.clone(), kinds(&place.seats))).collect();
        if let (Some(settings), Outcome::Approve) = (settings, made.outcome) {
            let opened = story.opened.as_ref().unwrap();
            assert_eq!(
                recorded,
                places_of(settings, person, opened, story.escalated, story.when(now)),
                "{id}: other places"
            );
        }
        let own = same_human(person, &story.opened.as_ref().unwrap().requester);
        assert_eq!(made.self_approval, own && made.outcome == Outcome::Approve);
        if let Some(owner) = &made.in_place_of {
            let requester = &story.opened.as_ref().unwrap().requester;
            let place = made.places.iter().find(|place| place.of == *owner);
            let denied = made.outcome == Outcome::Deny;
            assert!(denied || place.unwrap().deputy, "{id}: {owner} spoke for himself");
            assert_ne!(*owner, requester.account.name, "{id}: for who asked");
            assert_ne!(Some(owner), requester.login.as_ref().map(|login| &login.name));
            assert!(!own, "{id}: on his own request in the place of {owner}");
            self.seen.deputies += 1;
        }
        self.seen.own += usize::from(own);
        self.seen.by_later += usize::from(made.places.iter().any(|place| place.of == "#1004"));
        story.approvers.push((person.clone(), now.wall));
        story.places.push(recorded);
    }

    fn goes_on(
        &mut self,
        now: Now,
        id: RequestId,
        what: &What,
        settings: Option<&Settings>,
        doors: &BTreeMap<AttemptId, Truth>,
        found: &Evidence,
    ) {
        if let What::GrantExtended { request, lasts } = what {
            return self.extended(id, *request, *lasts);
        }
        let story = self.stories.get_mut(&id).unwrap();
        match what {
            What::RequestJoined { attempt } => {
                assert!(story.is_open());
                // Who asks that a grant stand longer is no door.
                assert_eq!(doors.contains_key(attempt), story.extends().is_none());
                if let Some(door) = doors.get(attempt) {
                    story.is_of(door);
                }
            }
            What::RequestEscalated { from } => {
                assert!(story.is_open() && now.boot < story.deadline());
                let step = &story.opened.as_ref().unwrap().escalate[story.escalated];
                assert!(now.boot.0 >= story.opened_at.0 + step.after.0, "{id} too early");
                assert_eq!(step.from, *from);
                story.escalated += 1;
                self.seen.escalated += 1;
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
                assert!(story.is_open() && !story.denied && story.extends().is_none());
                let opened = story.opened.as_ref().unwrap();
                assert!(story.has_quorum(), "{id} without a quorum");
                assert_eq!(*lasts, opened.lasts.min(story.narrowed.0), "{id} was not narrowed");
                assert_eq!(*uses, opened.uses.min(story.narrowed.1), "{id} was not narrowed");
                self.seen.kinds += usize::from(opened.all_of.len() > 1);
                self.seen.windows += usize::from(story.window().is_some());
                story.grant = Some(Granted { until: now.boot.after(*lasts), uses: *uses });
            }
            What::GrantEnded { .. } => {
                assert!(!story.over && !story.is_open(), "{id} ended twice");
                story.over = true;
            }
            What::CommandStarted { attempt, leader, about } => {
                assert!(story.stands(now, attempt), "{id} does not stand");
                story.started += 1;
                assert!(story.running.insert(attempt.clone()), "{id} runs twice at once");
                story.over |= story.about.is_some();
                let uses = story.grant.as_ref().map_or(1, |grant| grant.uses as usize);
                let counted = story.window().is_none();
                assert!(!counted || story.started <= uses, "{id} was used too often");
                assert_eq!(
                    *leader,
                    Some(doors[attempt].leader),
                    "{id} starts from another process"
                );
                match about {
                    Some(about) if about.act.door == Door::Writ => {
                        story.services.insert(attempt.clone());
                        story.lends_to(about, &doors[attempt]);
                        self.seen.runs += 1;
                    }
                    Some(about) => {
                        story.covers(about, &doors[attempt], settings, found);
                        self.seen.covered += 1;
                    }
                    None => story.is_of(&doors[attempt]),
                }
            }
            What::SessionEnded(end) => {
                assert!(story.over, "{id} was stopped before its end");
                let attempt = end.attempt.as_ref();
                assert!(attempt.is_none_or(|attempt| story.running.contains(attempt)));
                self.seen.stopped += 1;
            }
            What::CommandFinished { attempt, .. } => {
                assert!(story.running.remove(attempt), "{id} did not run");
            }
            other => panic!("{} with an ID", other.name()),
        }
    }

    /// A grant stands longer, on the word of as many people as were asked.
    fn extended(&mut self, id: RequestId, request: RequestId, lasts: Span) {
        let asked = self.stories.get_mut(&request).unwrap();
        assert!(asked.is_open() && !asked.denied && asked.extends() == Some(id));
        assert!(asked.has_quorum(), "{id} without a quorum");
        let opened = asked.opened.as_ref().unwrap();
        assert_eq!(lasts, opened.lasts.min(asked.narrowed.0), "{request} was not narrowed");
        asked.over = true;
        let grant = self.stories.get_mut(&id).unwrap();
        assert!(grant.is_granted(), "{id} came to life again");
        let granted = grant.grant.as_mut().unwrap();
        granted.until = granted.until.after(lasts);
        self.seen.extended += 1;
    }
}
