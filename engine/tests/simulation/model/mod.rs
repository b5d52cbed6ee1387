//! What must hold, told from the ledger alone and without the engine's code.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use writ_engine::Record;
use writ_engine::effect::Remains;
use writ_engine::event::Word;
use writ_engine::facts::{Aim, AttemptId, Door, Leader, Person, Window};
use writ_engine::id::RequestId;
use writ_engine::policy::{Decision, Mode, Settings};
use writ_engine::question::Question;
use writ_engine::record::{About, By, Force, Made, Opened, Outcome, SignedBy, What};
use writ_engine::time::{BootTime, Now, Span, WallTime};
use writ_signed::Verdict;

use crate::cast::same_human;
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
}

/// What the ledger tells.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) seen: Seen,
    pub(crate) stories: BTreeMap<RequestId, Story>,
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
                None => self.decided(now, id, made, settings),
            },
            (what, Some(id)) => self.goes_on(now, id, what, settings, doors),
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
                let policy = says(settings, &opened.requester, command);
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
    ) {
        assert!(!self.stories.contains_key(&id), "{id} was given out twice");
        assert_eq!(made.by, By::Policy);
        let lets =
            matches!(made.outcome, Outcome::Allow | Outcome::Pass) || made.force == Force::Observed;
        if let Some(settings) = settings {
            match &about.act.aim {
                Aim::Command(command) => {
                    let policy = says(settings, &about.requester, command);
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
        self.stories.insert(id, Story { about: Some(about.clone()), over, ..Story::new(now) });
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
                        story.covers(about, &doors[attempt], settings);
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

    /// Whom what is lent until when, as the ledger has it.
    pub(crate) fn loans(&self) -> BTreeSet<(String, String, BootTime)> {
        let open = self.stories.values().filter(|story| story.is_granted());
        let all = open.filter_map(|story| Some((story, story.window()?)));
        all.flat_map(|(story, window)| {
            let person = story.opened.as_ref().unwrap().requester.account.name.clone();
            let until = story.deadline();
            window.groups.keys().map(move |group| (person.clone(), group.clone(), until))
        })
        .collect()
    }

    /// The shell is told to end what runs on a grant: nothing else, and all of it.
    pub(crate) fn is_told_to_end(&self, remains: &Remains) {
        let story = &self.stories[&remains.id];
        assert_eq!(story.requester().account, remains.person.account);
        if remains.runs.is_empty() {
            assert!(story.window().is_some() || story.started > 0);
            return;
        }
        assert!(story.over && story.is_request(), "{} is to be stopped too early", remains.id);
        let told: BTreeSet<_> = remains.runs.iter().map(|run| run.attempt.clone()).collect();
        assert_eq!(told, story.of_doors(), "{} is not stopped whole", remains.id);
    }

    /// The commands of people that have no grant any more.
    pub(crate) fn outlived(&self) -> BTreeSet<AttemptId> {
        let over = self.stories.values().filter(|story| story.over && story.is_request());
        over.flat_map(Story::of_doors).collect()
    }

    /// The windows of a role that are open for a person and lend something, each with
    /// its end.
    pub(crate) fn lent(
        &self,
        now: Now,
        person: &Person,
        role: &str,
    ) -> BTreeMap<RequestId, BootTime> {
        let known = |person: &Person| person.identities().collect::<BTreeSet<_>>();
        let fits = |story: &Story| {
            let lends = |window: &Window| {
                window.role == role && !(window.groups.is_empty() && window.capabilities.is_empty())
            };
            story.is_granted()
                && now.boot < story.deadline()
                && story.window().is_some_and(lends)
                && story.requester().account == person.account
                && known(story.requester()) == known(person)
        };
        let all = self.stories.iter().filter(|(_, story)| fits(story));
        all.map(|(id, story)| (*id, story.deadline())).collect()
    }

    /// A command really starts now: that must be on record, and still stand.
    pub(crate) fn really_starts(&self, now: Now, id: RequestId, attempt: &AttemptId) {
        let story = &self.stories[&id];
        assert!(story.running.contains(attempt), "{id} starts without a record");
        if let Some(grant) = &story.grant {
            assert!(!story.over && now.boot < grant.until, "{id} starts after its end");
        }
    }

    /// Whether what a request is to make stand longer, if anything, stands now.
    pub(crate) fn extends_what_stands(&self, now: Now, id: RequestId) -> bool {
        let grant = self.stories[&id].extends().map(|grant| &self.stories[&grant]);
        grant.is_none_or(|grant| grant.is_granted() && now.boot < grant.deadline())
    }

    /// An attempt is told that it may start.
    pub(crate) fn is_allowed(&self, now: Now, id: RequestId) {
        let story = &self.stories[&id];
        let granted =
            story.grant.as_ref().is_some_and(|grant| !story.over && now.boot < grant.until);
        assert!(granted || story.about.is_some(), "{id} was allowed before it was granted");
    }

    pub(crate) fn min_deadline(&self) -> Option<BootTime> {
        self.stories.values().filter(|story| !story.over).map(Story::due).min()
    }
}

impl Story {
    fn new(now: Now) -> Self {
        Self {
            opened_at: now.boot,
            asked_at: now.wall,
            opened: None,
            about: None,
            approvers: vec![],
            places: vec![],
            narrowed: (Span(u64::MAX), u32::MAX),
            escalated: 0,
            denied: false,
            grant: None,
            over: false,
            started: 0,
            running: BTreeSet::new(),
            services: BTreeSet::new(),
        }
    }

    /// The commands that run and are no services.
    fn of_doors(&self) -> BTreeSet<AttemptId> {
        self.running.difference(&self.services).cloned().collect()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.opened.is_some() && self.grant.is_none() && !self.over
    }

    /// Open, though people have decided: half of a step.
    pub(crate) fn is_half_decided(&self) -> bool {
        self.is_open() && (self.has_quorum() || self.denied)
    }

    /// Whether different people, none of them who asked, fill every seat.
    fn has_quorum(&self) -> bool {
        let Some(opened) = &self.opened else { return false };
        for (place, (person, _)) in self.approvers.iter().enumerate() {
            let mut before = self.approvers[..place].iter().map(|(person, _)| person);
            let own = same_human(person, &opened.requester) && !opened.self_approval;
            if own || before.any(|one| same_human(one, person)) {
                return false;
            }
        }
        self.seated(None) >= opened.needed as usize
    }

    /// How many seats those who approved fill, and somebody else with them.
    fn seated(&self, more: Option<Vec<Seat>>) -> usize {
        let Some(opened) = &self.opened else { return 0 };
        let people: Vec<Vec<Seat>> = self.places.iter().cloned().chain(more).collect();
        most_seated(&people, &mut BTreeSet::new(), &mut seats_in(opened))
    }

    /// Whether a policy refuses what it is about.
    pub(crate) fn is_refused_by(&self, settings: &Settings) -> bool {
        let Some(opened) = &self.opened else { return false };
        match &opened.act.aim {
            Aim::Command(_) if settings.mode == Mode::Observe => false,
            Aim::Command(command) => says(settings, &opened.requester, command) == Says::Deny,
            Aim::Session(_) => panic!("nobody asks for sessions here"),
            Aim::Window(window) => match terms(settings, &opened.requester, &window.role) {
                Some(terms) => !window.groups.keys().all(|group| terms.groups.contains(group)),
                None => opened.requester.account.uid.0 != 0,
            },
        }
    }

    /// Who asked.
    pub(crate) fn requester(&self) -> &Person {
        match (&self.opened, &self.about) {
            (Some(opened), _) => &opened.requester,
            (None, Some(about)) => &about.requester,
            (None, None) => panic!("a story about nothing"),
        }
    }

    pub(crate) fn window(&self) -> Option<&Window> {
        self.opened.as_ref()?.act.aim.window()
    }

    pub(crate) fn extends(&self) -> Option<RequestId> {
        self.opened.as_ref()?.extends
    }

    /// Whether how often it is used is counted.
    pub(crate) fn counts_uses(&self) -> bool {
        self.opened.as_ref().is_none_or(|opened| opened.uses > 0)
    }

    pub(crate) fn needed(&self) -> u32 {
        self.opened.as_ref().map_or(1, |opened| opened.needed)
    }

    /// A command runs under this window: it is the door's, the person is the very one
    /// who asked for the role, and those who allowed the window were enough for it.
    fn covers(&self, about: &About, truth: &Truth, settings: Option<&Settings>) {
        let opened = self.opened.as_ref().unwrap();
        let window = self.window().expect("only a window covers");
        assert_eq!((&about.act.aim, &about.requester), (&truth.aim, &truth.person));
        assert_eq!(opened.requester.account, about.requester.account);
        let known = |person: &Person| person.identities().collect::<BTreeSet<_>>();
        assert_eq!(known(&opened.requester), known(&about.requester));
        let Some(settings) = settings else { return };
        let command = about.act.aim.command().unwrap();
        let says = says(settings, &about.requester, command);
        assert!(matches!(says, Says::Ask { .. }), "{says:?} is no question");
        let wanted = wanted_by(settings, &window.role, command).unwrap();
        let own = wanted_own(settings, &window.role, command);
        let counting = self
            .approvers
            .iter()
            .filter(|(person, _)| own || !same_human(person, self.requester()));
        let people: Vec<Vec<Seat>> = counting
            .map(|(person, at)| {
                let when = (self.asked_at, *at);
                places_in(settings, person, self.requester(), &wanted, when)
            })
            .collect();
        let mut seats: Vec<u32> = wanted.iter().map(|seats| seats.count).collect();
        let count: u32 = seats.iter().sum();
        let seated = most_seated(&people, &mut BTreeSet::new(), &mut seats);
        assert!(opened.needed == 0 || seated >= count as usize, "more people were to be asked");
    }

    /// A command runs with what this window lends: it is the caller's own, and he is the
    /// very one who asked for the role.
    fn lends_to(&self, about: &About, truth: &Truth) {
        let window = self.window().expect("only a window lends");
        assert_eq!((&about.act.aim, &about.requester), (&truth.aim, &truth.person));
        assert_eq!(about.source.role.as_ref(), Some(&window.role));
        let command = about.act.aim.command().unwrap();
        assert_eq!(command.run_as.uid, about.requester.account.uid);
        assert_eq!(self.requester().account, about.requester.account);
        let known = |person: &Person| person.identities().collect::<BTreeSet<_>>();
        assert_eq!(known(self.requester()), known(&about.requester));
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
            Some(_) if self.window().is_some() => 0,
            Some(grant) if !self.over => grant.uses as usize - self.started,
            _ => 0,
        }
    }

    pub(crate) fn runs(&self, attempt: &AttemptId) -> bool {
        self.running.contains(attempt)
    }

    pub(crate) fn running(&self) -> usize {
        self.running.len()
    }

    /// When the next of its escalation comes, or else it ends.
    fn due(&self) -> BootTime {
        let steps = self.opened.as_ref().filter(|_| self.is_open()).map(|opened| &opened.escalate);
        let next = steps.and_then(|steps| steps.get(self.escalated));
        let next = next.map(|step| BootTime(self.opened_at.0 + step.after.0));
        next.map_or(self.deadline(), |next| next.min(self.deadline()))
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
            && self.seated(None) < opened.needed as usize
            && now.boot < self.deadline()
            && digest == Some(&opened.digest)
            && (opened.self_approval || !same_human(person, &opened.requester))
            && !self.approvers.iter().any(|(other, _)| same_human(person, other))
    }

    /// An answer that counted is the approver's own word on this question, on this host
    /// and in time, and he is not who asked, whatever the policy says of that.
    /// Whether only signed answers approve it.
    pub(crate) fn wants_signed(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.signed)
    }

    fn is_signed(&self, now: Now, id: RequestId, made: &Made, signed: &SignedBy) {
        let By::Person(person) = &made.by else { panic!("{id}: nobody signed") };
        let opened = self.opened.as_ref().unwrap();
        let name = person.approver.as_deref().unwrap();
        let verified = signed.answer.verify([&key_of(name)]).expect("a key of the approver's");
        let decision = verified.decision;
        assert_eq!((decision.approver.as_str(), decision.id), (name, id.to_string()));
        assert_eq!(decision.question, opened.digest, "{id}: another question");
        assert_eq!(decision.host_key, host_key().fingerprint(), "{id}: another host");
        assert!(now.wall.0 < decision.expires_wall_ms, "{id}: too late");
        assert_eq!(decision.verdict == Verdict::Deny, made.outcome == Outcome::Deny);
        assert_eq!(decision.lasts_ms.map(Span), made.lasts, "{id}: not what was signed");
        assert!(!same_human(person, &opened.requester), "{id}: he signed for himself");
    }

    /// When it was asked, and when it is answered.
    fn when(&self, now: Now) -> (WallTime, WallTime) {
        (self.asked_at, now.wall)
    }

    /// Whether a person is one of those who are asked, by the people of today.
    pub(crate) fn is_for(&self, now: Now, person: &Person, settings: &Settings) -> bool {
        let opened = self.opened.as_ref().unwrap();
        !places_of(settings, person, opened, self.escalated, self.when(now)).is_empty()
    }

    /// The same, by the people who are on call now.
    pub(crate) fn must_count(
        &self,
        now: Now,
        person: &Person,
        digest: &str,
        word: Word,
        settings: &Settings,
    ) -> bool {
        let Some(opened) = &self.opened else { return false };
        let places = places_of(settings, person, opened, self.escalated, self.when(now));
        let named = !places.is_empty();
        let seated = word == Word::Deny || self.seated(Some(places)) > self.seated(None);
        self.counts(now, person, Some(digest)) && named && seated
    }

    /// Whether those who have not answered are to be told again by now.
    pub(crate) fn reminds(&self, now: Now) -> bool {
        let remind = self.opened.as_ref().and_then(|opened| opened.remind);
        let first = remind.map(|every| self.opened_at.after(every));
        first.is_some_and(|first| first <= now.boot) && now.boot < self.deadline()
    }

    /// Whether an attempt may start now.
    fn stands(&self, now: Now, attempt: &AttemptId) -> bool {
        let of_policy =
            self.about.as_ref().is_some_and(|about| about.attempt.as_ref() == Some(attempt));
        !self.over && now.boot < self.deadline() && (of_policy || self.grant.is_some())
    }

    /// The attempt is the very command, asked for by the very person.
    fn is_of(&self, Truth { person, aim, .. }: &Truth) {
        let (requester, act) = match (&self.opened, &self.about) {
            (Some(opened), _) => (&opened.requester, &opened.act),
            (None, Some(about)) => (&about.requester, &about.act),
            (None, None) => panic!("a story about nothing"),
        };
        match (&act.aim, aim) {
            // What it lends, the policy says, not the door.
            (Aim::Window(window), Aim::Window(wanted)) => assert_eq!(window.role, wanted.role),
            _ => assert_eq!(&act.aim, aim),
        }
        assert_eq!(requester.account, person.account);
        assert!(same_human(requester, person));
    }
}
