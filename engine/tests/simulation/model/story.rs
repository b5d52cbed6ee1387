//! What the ledger tells of one ID, and what must hold of it.

use super::*;

impl Story {
    pub(super) fn new(now: Now) -> Self {
        Self {
            opened_at: now.boot,
            asked_at: now.wall,
            opened: None,
            about: None,
            approvers: vec![],
            places: vec![],
            pins: None,
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
    pub(super) fn of_doors(&self) -> BTreeSet<AttemptId> {
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
    pub(super) fn has_quorum(&self) -> bool {
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
    pub(super) fn seated(&self, more: Option<Vec<Seat>>) -> usize {
        let Some(opened) = &self.opened else { return 0 };
        let people: Vec<Vec<Seat>> = self.places.iter().cloned().chain(more).collect();
        most_seated(&people, &mut BTreeSet::new(), &mut seats_in(opened))
    }

    /// Whether a policy refuses what it is about.
    pub(crate) fn is_refused_by(&self, settings: &Settings) -> bool {
        let Some(opened) = &self.opened else { return false };
        match &opened.act.aim {
            Aim::Command(_) if settings.mode == Mode::Observe => false,
            Aim::Command(command) => {
                let file = as_on_record(&opened.sha256);
                says(settings, &opened.requester, command, &file) == Says::Deny
            }
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
    pub(super) fn covers(
        &self,
        about: &About,
        truth: &Truth,
        settings: Option<&Settings>,
        found: &Evidence,
    ) {
        let opened = self.opened.as_ref().unwrap();
        let window = self.window().expect("only a window covers");
        assert_eq!((&about.act.aim, &about.requester), (&truth.aim, &truth.person));
        assert_eq!(opened.requester.account, about.requester.account);
        let known = |person: &Person| person.identities().collect::<BTreeSet<_>>();
        assert_eq!(known(&opened.requester), known(&about.requester));
        let Some(settings) = settings else { return };
        let command = about.act.aim.command().unwrap();
        assert_eq!(about.sha256, found.sha256, "another file is on record than was looked at");
        let says = says(settings, &about.requester, command, found);
        assert!(matches!(says, Says::Ask { .. }), "{says:?} is no question");
        let wanted = wanted_by(settings, &window.role, command, found).unwrap();
        let own = wanted_own(settings, &window.role, command, found);
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
    pub(super) fn lends_to(&self, about: &About, truth: &Truth) {
        let window = self.window().expect("only a window lends");
        assert_eq!((&about.act.aim, &about.requester), (&truth.aim, &truth.person));
        assert_eq!(about.source.role.as_ref(), Some(&window.role));
        let command = about.act.aim.command().unwrap();
        assert_eq!(command.run_as.uid, about.requester.account.uid);
        assert_eq!(self.requester().account, about.requester.account);
        let known = |person: &Person| person.identities().collect::<BTreeSet<_>>();
        assert_eq!(known(self.requester()), known(&about.requester));
    }

    /// Whether its command may start as a file of that digest, none where nobody looked.
    pub(crate) fn may_start_as(&self, sha256: Option<&String>) -> bool {
        let bound = self.opened.as_ref().and_then(|opened| opened.sha256.as_ref());
        let pinned = |pins: &Vec<String>| sha256.is_some_and(|sha256| pins.contains(sha256));
        (bound.is_none() || bound == sha256) && self.pins.as_ref().is_none_or(pinned)
    }

    /// Whether only pinned rules allow it.
    pub(crate) fn is_pinned(&self) -> bool {
        self.pins.is_some()
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
    pub(super) fn due(&self) -> BootTime {
        let steps = self.opened.as_ref().filter(|_| self.is_open()).map(|opened| &opened.escalate);
        let next = steps.and_then(|steps| steps.get(self.escalated));
        let next = next.map(|step| BootTime(self.opened_at.0 + step.after.0));
        next.map_or(self.deadline(), |next| next.min(self.deadline()))
    }

    pub(super) fn deadline(&self) -> BootTime {
        match (&self.grant, &self.opened) {
            (Some(grant), _) => grant.until,
            (None, Some(opened)) => BootTime(self.opened_at.0 + opened.timeout.0),
            (None, None) => BootTime(self.opened_at.0 + CONFIRM_WAIT_MS),
        }
    }

    /// Whether a person's word counts, whoever is on call.
    pub(super) fn counts(&self, now: Now, person: &Person, digest: Option<&str>) -> bool {
        let Some(opened) = &self.opened else { return false };
        self.is_open()
            && !self.denied
            && self.seated(None) < opened.needed as usize
            && now.boot < self.deadline()
            && digest == Some(&opened.digest)
            && (opened.self_approval || !same_human(person, &opened.requester))
            && !self.approvers.iter().any(|(other, _)| same_human(person, other))
    }

    /// Whether only signed answers approve it.
    pub(crate) fn wants_signed(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.signed)
    }

    /// An answer that counted is the approver's own word on this question, on this host
    /// and in time, and he is not who asked, whatever the policy says of that.
    pub(super) fn is_signed(&self, now: Now, id: RequestId, made: &Made, signed: &SignedBy) {
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
    pub(super) fn when(&self, now: Now) -> (WallTime, WallTime) {
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
    pub(super) fn stands(&self, now: Now, attempt: &AttemptId) -> bool {
        let of_policy =
            self.about.as_ref().is_some_and(|about| about.attempt.as_ref() == Some(attempt));
        !self.over && now.boot < self.deadline() && (of_policy || self.grant.is_some())
    }

    /// The attempt is the very command, asked for by the very person.
    pub(super) fn is_of(&self, Truth { person, aim, .. }: &Truth) {
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
