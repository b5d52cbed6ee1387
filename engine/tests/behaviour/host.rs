//! A host with an engine, a clock and a list of records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use writ_engine::effect::{Answer, Done, Durability, Effect, Refusal, Remains};
use writ_engine::event::{Event, Proof, Wish, Word};
use writ_engine::facts::{
    Account, Act, Action, Aim, AttemptId, Command, Door, Ending, Evidence, Host as HostFacts,
    Leader, OnEnd, Person, Presence, RunAs, Uid, Window,
};
use writ_engine::id::{IdKey, RequestId};
use writ_engine::policy::{
    Approver, Ask, CommandPattern, Decision, Justification, Mode, Policy, Role, Rule, RunAsFilter,
    Settings, Unmatched, WindowTerms,
};
use writ_engine::time::{BootTime, Now, Span, WallTime};
use writ_engine::{Engine, Loan, Record, Step};

pub(crate) struct Host {
    pub(crate) engine: Engine,
    pub(crate) now: Now,
    pub(crate) records: Vec<Record>,
    pub(crate) durability: Durability,
    answers: BTreeMap<AttemptId, Answer>,
    pub(crate) notices: Vec<RequestId>,
    /// Those about which people were told again.
    pub(crate) reminded: Vec<RequestId>,
    /// The runs that were told to end.
    pub(crate) stopped: Vec<AttemptId>,
    pub(crate) evidence: Evidence,
    /// The groups that this host has.
    pub(crate) groups: BTreeMap<String, u32>,
    /// Whom the shell was last told to lend what.
    pub(crate) lent: Vec<String>,
    /// What the shell was told to end.
    pub(crate) ended: Vec<Remains>,
    /// Whose backstops the shell was told to put off.
    pub(crate) prolonged: Vec<RequestId>,
    attempts: u64,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let mut host = Self {
            engine: Engine::new(),
            now: Now { boot: BootTime(10_000), wall: WallTime(1_800_000_000_000) },
            records: vec![],
            durability: Durability::Written,
            answers: BTreeMap::new(),
            notices: vec![],
            reminded: vec![],
            stopped: vec![],
            evidence: Evidence { sha256: Some("ab".repeat(32)), writable: None },
            groups: BTreeMap::from([("adm".to_string(), 4)]),
            lent: vec![],
            ended: vec![],
            prolonged: vec![],
            attempts: 0,
        };
        host.start("boot-1", settings).unwrap();
        host
    }

    pub(crate) fn start(&mut self, boot_id: &str, settings: Settings) -> Result<Done, Refusal> {
        self.tell(Event::Started {
            version: "1".into(),
            boot_id: boot_id.into(),
            fresh_key: IdKey(1),
            torn_bytes: None,
            policy: Arc::new(Policy::compile(settings)),
        })
    }

    /// The agent is lost, and knows nothing but its ledger when it comes back.
    pub(crate) fn lose_agent(&mut self) {
        let mut engine = Engine::new();
        for record in &self.records {
            engine.replay(record).unwrap();
        }
        self.engine = engine;
        self.answers.clear();
    }

    /// One event, its records kept, its examinations answered.
    pub(crate) fn tell(&mut self, event: Event) -> Result<Done, Refusal> {
        let Step { records, durability, changes, effects, result } =
            self.engine.step(self.now, event);
        self.records.extend(records);
        self.durability = durability;
        for change in changes {
            self.engine.apply(change);
        }
        for effect in effects {
            match effect {
                Effect::Answer { attempt, answer } => {
                    self.answers.insert(attempt, answer);
                }
                Effect::Notify { id, .. } | Effect::Announce { id, .. } => self.notices.push(id),
                Effect::Remind { id } => self.reminded.push(id),
                Effect::Lend => self.lent = self.loans(),
                Effect::End(remains) => self.ended.push(*remains),
                Effect::Prolong { id } => self.prolonged.push(id),
                Effect::Stop { attempt, .. } => self.stopped.push(attempt),
                Effect::FindGroups { attempt, groups, numbers } => {
                    let number = |group: String| (group.clone(), self.groups.get(&group).copied());
                    let groups = groups.into_iter().map(number).collect();
                    let used: Vec<u32> = self.groups.values().copied().collect();
                    let free =
                        numbers.into_iter().filter(|number| !used.contains(number)).collect();
                    self.tell(Event::GroupsFound { attempt, groups, free })?;
                }
                Effect::Examine { attempt, .. } => {
                    let evidence = self.evidence.clone();
                    self.tell(Event::Examined { attempt, evidence })?;
                }
            }
        }
        result
    }

    /// What is lent, as `USER:GROUP=NUMBER`.
    pub(crate) fn loans(&self) -> Vec<String> {
        let told =
            |loan: Loan<'_>| format!("{}:{}={}", loan.person.account.name, loan.group, loan.gid);
        self.engine.loans().filter(|loan| loan.until > self.now.boot).map(told).collect()
    }

    /// A window of `operator` that bob opened for a person, for so long.
    pub(crate) fn opened_window(&mut self, person: &Person, lasts: Option<Span>) -> RequestId {
        let wish = Wish { reason: Some("upgrade".into()), lasts, ..Wish::default() };
        match self.ask_with(person, window("operator"), wish) {
            (_, Answer::Waiting { id, .. }) => {
                self.approve(&bob(), id).unwrap();
                id
            }
            (_, other) => panic!("{other:?}"),
        }
    }

    pub(crate) fn extend(
        &mut self,
        person: &Person,
        id: RequestId,
        lasts: Span,
    ) -> Result<Answer, Refusal> {
        let wish = Wish { reason: Some("more".into()), lasts: Some(lasts), ..Wish::default() };
        let attempt = self.new_attempt();
        let person = person.clone();
        self.tell(Event::ExtensionAsked { attempt: attempt.clone(), person, id, wish })?;
        Ok(self.answer(&attempt))
    }

    pub(crate) fn new_attempt(&mut self) -> AttemptId {
        self.attempts += 1;
        AttemptId::parse(&format!("{:032x}", self.attempts)).unwrap()
    }

    /// A person's sudo, until it has an answer.
    pub(crate) fn ask(&mut self, person: &Person, act: Act) -> (AttemptId, Answer) {
        let wish = Wish { reason: Some("upgrade".into()), ..Wish::default() };
        self.ask_with(person, act, wish)
    }

    pub(crate) fn ask_with(
        &mut self,
        person: &Person,
        act: Act,
        wish: Wish,
    ) -> (AttemptId, Answer) {
        let attempt = self.new_attempt();
        let event = Event::Asked { attempt: attempt.clone(), person: person.clone(), act, wish };
        self.tell(event).unwrap();
        let answer = self.answer(&attempt);
        (attempt, answer)
    }

    /// As sudo does, which starts at once what policy lets it.
    pub(crate) fn ask_to_start(
        &mut self,
        person: &Person,
        act: Act,
    ) -> (AttemptId, Result<Done, Refusal>) {
        let attempt = self.new_attempt();
        let (person, wish, leader) = (person.clone(), Wish::default(), leader());
        let event = Event::AskedToStart { attempt: attempt.clone(), person, act, wish, leader };
        let done = self.tell(event);
        (attempt, done)
    }

    pub(crate) fn answer(&self, attempt: &AttemptId) -> Answer {
        self.answers[attempt].clone()
    }

    /// The ID of a request that waits.
    pub(crate) fn opened(&mut self, person: &Person, act: Act) -> (AttemptId, RequestId) {
        match self.ask(person, act) {
            (attempt, Answer::Waiting { id, .. }) => (attempt, id),
            (_, other) => panic!("{other:?}"),
        }
    }

    pub(crate) fn decide(
        &mut self,
        person: &Person,
        id: RequestId,
        word: Word,
    ) -> Result<Done, Refusal> {
        self.decide_as(person, id, word, Proof::None)
    }

    pub(crate) fn decide_as(
        &mut self,
        person: &Person,
        id: RequestId,
        word: Word,
        proof: Proof,
    ) -> Result<Done, Refusal> {
        let digest =
            self.engine.question(id).map(|(_, digest)| digest.to_owned()).unwrap_or_default();
        self.tell(Event::Decided {
            person: person.clone(),
            id,
            digest,
            word,
            comment: None,
            lasts: None,
            uses: None,
            proof,
        })
    }

    pub(crate) fn approve(&mut self, person: &Person, id: RequestId) -> Result<Done, Refusal> {
        self.decide(person, id, Word::Approve)
    }

    pub(crate) fn confirm(&mut self, attempt: &AttemptId, id: RequestId) -> Result<Done, Refusal> {
        let sha256 = self.evidence.sha256.clone();
        self.tell(Event::Confirmed { attempt: attempt.clone(), id, sha256, leader: leader() })
    }

    pub(crate) fn finish(&mut self, attempt: &AttemptId, id: RequestId) -> Result<Done, Refusal> {
        let (attempt, ending) = (attempt.clone(), Ending::ExitStatus(0));
        self.tell(Event::Finished { attempt, id, ending, runtime: Some(Span(5)) })
    }

    pub(crate) fn pass(&mut self, span: Span) {
        self.now.boot = self.now.boot.after(span);
        self.tell(Event::Tick).unwrap();
    }

    /// The names of all records since the start of the agent.
    pub(crate) fn story(&self) -> Vec<&'static str> {
        self.records.iter().map(|record| record.what.name()).skip(2).collect()
    }
}

pub(crate) fn leader() -> Leader {
    Leader { pid: 4711, started_ticks: 90_000 }
}

pub(crate) fn alice() -> Person {
    person("alice", 1000, Some(("alice", 1000)))
}

pub(crate) fn bob() -> Person {
    person("bob", 1001, Some(("bob", 1001)))
}

pub(crate) fn dave() -> Person {
    person("dave", 1003, Some(("dave", 1003)))
}

pub(crate) fn root() -> Person {
    person("root", 0, None)
}

pub(crate) fn person(name: &str, uid: u32, login: Option<(&str, u32)>) -> Person {
    let account = |name: &str, uid| Account { uid: Uid(uid), name: name.into() };
    Person {
        account: account(name, uid),
        login: login.map(|(name, uid)| account(name, uid)),
        session_owner: None,
        groups: BTreeSet::new(),
        approver: None,
    }
}

pub(crate) fn act(words: &[&str]) -> Act {
    Act {
        door: Door::Sudo,
        aim: Aim::Command(Command {
            path: words[0].into(),
            argv: words.iter().map(|word| word.to_string()).collect(),
            cwd: "/root".into(),
            run_as: RunAs { user: "root".into(), uid: Uid(0), group: None },
            action: Action::Run,
        }),
        tty: Some("/dev/pts/3".into()),
        source_ip: None,
        presence: Presence::Interactive,
    }
}

pub(crate) fn restart() -> Act {
    act(&["/bin/restart", "web"])
}

pub(crate) fn unattended(act: Act) -> Act {
    Act { presence: Presence::Unattended, tty: None, ..act }
}

pub(crate) fn ask() -> Ask {
    Ask {
        from: vec!["@oncall".parse().unwrap()],
        count: 1,
        all_of: vec![],
        escalate: vec![],
        remind: None,
        self_approval: false,
        timeout: Span::from_secs(300),
        max_duration: Span::from_secs(3600),
        uses: writ_engine::limits::USES_MAX,
        justification: Justification::Required,
        ticket: None,
        reauth: false,
        without_hub: writ_engine::policy::WithoutHub::Local,
        signed: false,
    }
}

/// A window that lends the group `adm`.
pub(crate) fn terms(decision: Decision) -> WindowTerms {
    WindowTerms {
        decision,
        groups: BTreeSet::from(["adm".to_string()]),
        actions: BTreeSet::new(),
        capabilities: BTreeSet::new(),
        root_equivalent: BTreeSet::new(),
        max_duration: Span::from_secs(3600),
        on_end: OnEnd::Terminate,
        end_on_logout: false,
    }
}

/// The same, with another window of its role.
pub(crate) fn with_window(window: Option<WindowTerms>) -> Settings {
    let mut settings = settings();
    settings.roles[0].window = window;
    settings
}

/// A role as it is asked for.
pub(crate) fn window(role: &str) -> Act {
    let window = Window {
        role: role.into(),
        groups: BTreeMap::new(),
        actions: BTreeMap::new(),
        capabilities: BTreeSet::new(),
        root_equivalent: BTreeSet::new(),
        on_end: OnEnd::Terminate,
        end_on_logout: false,
    };
    Act { door: Door::Writ, aim: Aim::Window(window), tty: None, ..restart() }
}

pub(crate) fn settings() -> Settings {
    let rule = |name: &str, command: &str, decision| Rule {
        name: name.into(),
        commands: vec![CommandPattern::parse(command).unwrap()],
        services: BTreeSet::new(),
        run_as: RunAsFilter::Any,
        decision,
        allow_writable: false,
        without_agent: writ_engine::policy::WithoutAgent::Deny,
        limits: None,
    };
    let asking = |count| Decision::Ask(Arc::new(Ask { count, ..ask() }));
    let approver = |name: &str| {
        let teams = BTreeSet::from(["oncall".to_string()]);
        (
            name.to_string(),
            Approver {
                name: name.into(),
                unix_user: Some(name.into()),
                teams,
                keys: Vec::new(),
                away: None,
            },
        )
    };
    Settings {
        mode: Mode::Enforce,
        unmatched: Unmatched::Deny,
        ask: ask(),
        unattended_wait: Span::from_secs(8),
        warn: vec![],
        roles: vec![Role {
            name: "operator".into(),
            description: None,
            members: vec!["alice".parse().unwrap()],
            except: vec![],
            hosts: vec![],
            except_hosts: vec![],
            times: writ_engine::policy::Times::default(),
            rules: vec![
                rule("look", "/bin/look **", Decision::Allow),
                rule("restart", "/bin/restart *", asking(1)),
                rule("shell", "/bin/shell **", asking(2)),
                rule("never", "/bin/never", Decision::Deny),
            ],
            window: Some(terms(asking(1))),
        }],
        approvers: ["alice", "bob", "dave"].iter().map(|name| approver(name)).collect(),
        on_call: BTreeMap::new(),
        break_glass: vec!["alice".parse().unwrap(), "%breakers".parse().unwrap()],
        host: HostFacts { name: "web-1".into(), tags: BTreeSet::new() },
        digest: "00".repeat(32),
    }
}
