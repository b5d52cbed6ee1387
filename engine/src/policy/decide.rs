//! What the policy says of an act, and whom it lets decide.

use super::circumstances::{Circumstances, Speaking, Speaks};
use super::index::Place;
use super::{
    Approver, Ask, Decision, HostPattern, Member, Occasion, Policy, Role, Rule, RunAsFilter, Seats,
    Selector, Unmatched,
};
use crate::facts::{Command, Host, Person, RunAs, ServiceSession};
use crate::record::Source;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The place of a covered `ask` among what roles say; the lowest wins.
const COVERED: u64 = 2;

/// What the policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// Yes.
    Allow(Source),
    /// No.
    Deny(Why),
    /// Ask.
    Ask(Asking<'a>),
    /// It would be asked about, and an open window of its role stands for the answer.
    Covered(Asking<'a>),
    /// Nothing; sudoers alone decides.
    Pass,
}

/// Why the policy says no. Display is the sentence that the person reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// A rule says so.
    #[error("the rule {rule:?} of the role {role:?} denies this command")]
    Rule {
        /// Of which role.
        role: String,
        /// Which rule.
        rule: String,
    },
    /// A rule denies it because nobody can say whether its condition holds.
    #[error(
        "the rule {rule:?} of the role {role:?} denies this, because its condition cannot be evaluated: {doubt}"
    )]
    InDoubt {
        /// Of which role.
        role: String,
        /// Which rule.
        rule: String,
        /// Why not.
        doubt: String,
    },
    /// A rule denies a session.
    #[error("the rule {rule:?} of the role {role:?} denies sessions of {service} as {user}")]
    SessionRule {
        /// Of which role.
        role: String,
        /// Which rule.
        rule: String,
        /// Which service.
        service: String,
        /// As whom.
        user: String,
    },
    /// No rule speaks of a session, and others name its service.
    #[error(
        "no role that {person} has on this host speaks of sessions of {service} as {user}; the policy refuses what it does not name"
    )]
    SessionUnmatched {
        /// Who asked.
        person: String,
        /// Which service.
        service: String,
        /// As whom.
        user: String,
    },
    /// No rule speaks of it.
    #[error(
        "no role that {person} has on this host speaks of this command; the policy refuses what it does not name"
    )]
    Unmatched {
        /// Who asked.
        person: String,
    },
}

/// What is made of a rule that has a pattern for the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hearing {
    /// It speaks for its role.
    Speaks {
        /// Why nobody can say whether its condition holds.
        doubt: Option<String>,
    },
    /// An earlier rule of its role did.
    Preceded(Place),
    /// It is for other target users or groups.
    OtherRunAs,
    /// It is not its time.
    OtherTime,
    /// It is pinned to other files.
    OtherFile,
    /// Its condition does not hold.
    Unmet,
}

/// The rule that decides.
pub(super) struct Best<'a> {
    /// The lowest goes first.
    rank: u64,
    /// Where it is.
    pub(super) place: Place,
    said: Said<'a>,
}

/// How to ask, and on whose word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking<'a> {
    /// The role and rule; none when `unmatched` says to ask.
    pub source: Source,
    /// Whom, how many, how long.
    pub ask: &'a Ask,
    /// Ask even about a command whose file the requester may write.
    pub allow_writable: bool,
}

impl Why {
    /// The role and rule, where one spoke.
    #[must_use]
    pub fn source(&self) -> Source {
        match self {
            Self::Rule { role, rule } | Self::SessionRule { role, rule, .. } => {
                Source::of_rule(role, rule, None)
            }
            Self::InDoubt { role, rule, doubt } => Source::of_rule(role, rule, Some(doubt)),
            Self::Unmatched { .. } | Self::SessionUnmatched { .. } => Source::default(),
        }
    }

    /// The same, said of a session.
    fn of_session(self, session: &ServiceSession) -> Self {
        let (service, user) = (session.service.clone(), session.run_as.user.clone());
        match self {
            Self::Rule { role, rule } => Self::SessionRule { role, rule, service, user },
            Self::Unmatched { person } => Self::SessionUnmatched { person, service, user },
            said => said,
        }
    }
}

impl Policy {
    /// What the policy says of a command.
    ///
    /// Only roles count that the person has and that are for this host. Within a
    /// role the first matching rule decides, among those whose hours it is, that are not
    /// pinned to another file, and whose condition holds; where nobody can say whether that holds, a rule that allows
    /// asks, and any other stands. Roles add up: a `deny` of any wins,
    /// then an `allow`, then an `ask` that is covered, then the `ask` that needs the
    /// fewest people; among equals, the role whose name sorts first.
    #[must_use]
    pub fn decide(
        &self,
        person: &Person,
        command: &Command,
        circumstances: impl Circumstances,
    ) -> Verdict<'_> {
        let best = self.weigh(person, command, &circumstances, |_, _| {});
        self.verdict_of(best, person)
    }

    /// What the policy says of a session of a service, by the same rules as of a
    /// command. What it says of a service that [`Policy::names_service`] knows nothing
    /// of is not to be acted on.
    #[must_use]
    pub fn decide_session(
        &self,
        person: &Person,
        session: &ServiceSession,
        circumstances: impl Circumstances,
    ) -> Verdict<'_> {
        let places = self.index.rules_for_service(&session.service, &self.places_of(person));
        let best = self.best(places, &session.run_as, &circumstances, |_, _| {});
        match self.verdict_of(best, person) {
            Verdict::Deny(why) => Verdict::Deny(why.of_session(session)),
            verdict => verdict,
        }
    }

    /// Whether any rule for this host names a service of PAM: one that none names is
    /// left alone, so that a policy of commands locks nobody out of a login.
    #[must_use]
    pub fn names_service(&self, service: &str) -> bool {
        self.index.names_service(service)
    }

    /// The rule that decides about a command, if one does. `heard` is told of each rule
    /// that has a pattern for the command, in order, what is made of it.
    pub(super) fn weigh(
        &self,
        person: &Person,
        command: &Command,
        circumstances: &impl Circumstances,
        heard: impl FnMut(Place, Hearing),
    ) -> Option<Best<'_>> {
        let roles = self.places_of(person);
        let places = self.index.rules_for(command, &self.settings.roles, &roles);
        self.best(places, &command.run_as, circumstances, heard)
    }

    /// What comes of the rules that speak of an act, which are in order.
    fn best(
        &self,
        places: Vec<Place>,
        run_as: &RunAs,
        circumstances: &impl Circumstances,
        mut heard: impl FnMut(Place, Hearing),
    ) -> Option<Best<'_>> {
        let mut speaking = Speaking::new(circumstances, &self.settings.host);
        let mut best: Option<Best<'_>> = None;
        let mut decided: Option<Place> = None;
        for place in places {
            let Some((role, rule)) = self.rule_at(place) else { continue };
            if let Some(first) = decided.filter(|first| first.role == place.role) {
                heard(place, Hearing::Preceded(first));
                continue;
            }
            if !rule.run_as.matches(run_as) {
                heard(place, Hearing::OtherRunAs);
                continue;
            }
            let doubt = match speaking.of(role, rule) {
                Speaks::NotNow => {
                    heard(place, Hearing::OtherTime);
                    continue;
                }
                Speaks::OtherFile => {
                    heard(place, Hearing::OtherFile);
                    continue;
                }
                Speaks::No => {
                    heard(place, Hearing::Unmet);
                    continue;
                }
                Speaks::Yes => None,
                Speaks::InDoubt(why) => Some(why),
            };
            heard(place, Hearing::Speaks { doubt: doubt.clone() });
            decided = Some(place);
            let said = Said { role, rule, doubt };
            let rank = match said.word() {
                Word::Deny => 0,
                Word::Allow => 1,
                Word::Ask(ask) if circumstances.covers(&role.name, ask) => COVERED,
                Word::Ask(ask) => COVERED + u64::from(ask.count.max(1)),
            };
            if best.as_ref().is_none_or(|best| rank < best.rank) {
                best = Some(Best { rank, place, said });
            }
        }
        best
    }

    /// What the rule that decides says; without one, what `unmatched` says.
    pub(super) fn verdict_of<'a>(&'a self, best: Option<Best<'a>>, person: &Person) -> Verdict<'a> {
        match best {
            Some(Best { rank, said, .. }) => match said.verdict() {
                Verdict::Ask(asking) if rank == COVERED => Verdict::Covered(asking),
                verdict => verdict,
            },
            None => self.unmatched(person),
        }
    }

    /// Whether a person has a role on this host.
    #[must_use]
    pub fn has_role(&self, person: &Person, name: &str) -> bool {
        self.roles_of(person).iter().any(|role| role.name == name)
    }

    /// Whether a person may go ahead without a decision in an emergency.
    #[must_use]
    pub fn may_break_glass(&self, person: &Person) -> bool {
        self.settings.break_glass.iter().any(|member| member.is(person))
    }

    /// Whether a person may look at what others did in an emergency: whoever is asked
    /// by default.
    #[must_use]
    pub fn may_review(&self, person: &Person, on: Occasion<'_>) -> bool {
        person.is_root() || self.may_be_asked(person, &self.settings.ask.from, on)
    }

    /// Whether a person is among those whom `from` names.
    ///
    /// A name is that of an approver, who answers through his account on this
    /// host; where no approver has it, it is that of a user.
    #[must_use]
    pub fn may_be_asked(&self, person: &Person, from: &[Selector], on: Occasion<'_>) -> bool {
        let seats = Seats { from: from.to_vec(), count: 1 };
        !self.places(person, core::slice::from_ref(&seats), on).is_empty()
    }

    /// The places of the roles that a person has on this host, in order.
    pub(super) fn places_of(&self, person: &Person) -> Vec<usize> {
        let mut places = self.index.roles_of(person);
        let role = |place: usize| self.settings.roles.get(place);
        places.retain(|place| role(*place).is_some_and(|role| !role.excepts(person)));
        places
    }

    pub(super) fn rule_at(&self, place: Place) -> Option<(&Role, &Rule)> {
        let role = self.settings.roles.get(place.role)?;
        Some((role, role.rules.get(place.rule)?))
    }

    fn unmatched(&self, person: &Person) -> Verdict<'_> {
        match self.settings.unmatched {
            Unmatched::Deny => {
                Verdict::Deny(Why::Unmatched { person: person.account.name.clone() })
            }
            Unmatched::Pass => Verdict::Pass,
            Unmatched::Ask => Verdict::Ask(Asking {
                source: Source::default(),
                ask: &self.settings.ask,
                allow_writable: false,
            }),
        }
    }
}

/// A rule that speaks of a command.
struct Said<'a> {
    role: &'a Role,
    rule: &'a Rule,
    /// Why nobody can say whether it does.
    doubt: Option<String>,
}

/// What it says.
enum Word<'a> {
    Allow,
    Deny,
    Ask(&'a Ask),
}

impl<'a> Said<'a> {
    fn word(&self) -> Word<'a> {
        let in_doubt = || self.rule.limits.as_ref().and_then(|limits| limits.in_doubt.as_deref());
        match &self.rule.decision {
            Decision::Deny => Word::Deny,
            Decision::Ask(ask) => Word::Ask(ask),
            Decision::Allow if self.doubt.is_some() => in_doubt().map_or(Word::Deny, Word::Ask),
            Decision::Allow => Word::Allow,
        }
    }

    fn verdict(self) -> Verdict<'a> {
        let word = self.word();
        let (role, rule) = (self.role.name.clone(), self.rule.name.clone());
        match (word, self.doubt) {
            (Word::Allow, _) => Verdict::Allow(Source::of_rule(&role, &rule, None)),
            (Word::Deny, None) => Verdict::Deny(Why::Rule { role, rule }),
            (Word::Deny, Some(doubt)) => Verdict::Deny(Why::InDoubt { role, rule, doubt }),
            (Word::Ask(ask), doubt) => Verdict::Ask(Asking {
                source: Source::of_rule(&role, &rule, doubt.as_ref()),
                ask,
                allow_writable: self.rule.allow_writable,
            }),
        }
    }
}

impl RunAsFilter {
    pub(super) fn matches(&self, run_as: &RunAs) -> bool {
        match self {
            Self::Any => true,
            Self::Only { users, groups } => {
                let by_number = || users.contains(&format!("#{}", run_as.uid.0));
                (users.contains(&run_as.user) || by_number())
                    && run_as.group.as_ref().is_none_or(|group| groups.contains(group))
            }
        }
    }
}

impl Approver {
    pub(crate) fn acts_as(&self, account: &str) -> bool {
        self.unix_user.as_deref() == Some(account)
    }
}

impl Role {
    /// Whether it is for the host of a policy.
    #[must_use]
    pub fn is_here(&self, policy: &Policy) -> bool {
        self.is_for(&policy.settings.host)
    }

    /// Whether it is for this host.
    pub(super) fn is_for(&self, host: &Host) -> bool {
        let any = |patterns: &[HostPattern]| patterns.iter().any(|pattern| pattern.matches(host));
        (self.hosts.is_empty() || any(&self.hosts)) && !any(&self.except_hosts)
    }

    /// Whether a person has it not, though a member. Who came to a member's account by
    /// one that is excepted is excepted there too.
    pub(super) fn excepts(&self, person: &Person) -> bool {
        let login = person.login.as_ref().map(|login| &login.name);
        self.except.iter().any(|member| match member {
            Member::User(name) => *name == person.account.name || Some(name) == login,
            Member::Group(group) => person.groups.contains(group),
        })
    }
}

impl HostPattern {
    /// Whether it names this host. Host names have no case (RFC 4343).
    #[must_use]
    pub fn matches(&self, host: &Host) -> bool {
        match self {
            Self::Tag(tag) => host.tags.contains(tag),
            Self::Name(pattern) => {
                star_matches(&pattern.to_ascii_lowercase(), &host.name.to_ascii_lowercase())
            }
        }
    }
}

/// `*` is any run of characters; there is no other sign.
fn star_matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return name.ends_with(part);
        }
        let Some((_, after)) = name.split_once(part) else { return false };
        name = after;
    }
    name.is_empty()
}
