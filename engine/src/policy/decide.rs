//! What the policy says of an act, and whom it lets decide.

use super::index::Place;
use super::{
    Approver, Ask, Decision, HostPattern, Policy, Role, Rule, RunAsFilter, Selector, Unmatched,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hearing {
    /// It speaks for its role.
    Speaks,
    /// An earlier rule of its role did.
    Preceded(Place),
    /// It is for other target users or groups.
    OtherRunAs,
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
                Source { role: Some(role.clone()), rule: Some(rule.clone()) }
            }
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
    /// What the policy says of a command. `covers` says of a role's name, and of how
    /// one of its rules asks, whether an open window of the person's stands for the
    /// answer.
    ///
    /// Only roles count that the person has and that are for this host. Within a
    /// role the first matching rule decides. Roles add up: a `deny` of any wins,
    /// then an `allow`, then an `ask` that is covered, then the `ask` that needs the
    /// fewest people; among equals, the role whose name sorts first.
    #[must_use]
    pub fn decide(
        &self,
        person: &Person,
        command: &Command,
        covers: impl Fn(&str, &Ask) -> bool,
    ) -> Verdict<'_> {
        let best = self.weigh(person, command, covers, |_, _| {});
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
        covers: impl Fn(&str, &Ask) -> bool,
    ) -> Verdict<'_> {
        let places = self.index.rules_for_service(&session.service, &self.index.roles_of(person));
        let best = self.best(places, &session.run_as, covers, |_, _| {});
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

    /// The rule that decides about a command, if one does, and its rank. `heard` is told
    /// of each rule that has a pattern for the command, in order, what is made of it.
    pub(super) fn weigh(
        &self,
        person: &Person,
        command: &Command,
        covers: impl Fn(&str, &Ask) -> bool,
        heard: impl FnMut(Place, Hearing),
    ) -> Option<(u64, Place)> {
        let places =
            self.index.rules_for(command, &self.settings.roles, &self.index.roles_of(person));
        self.best(places, &command.run_as, covers, heard)
    }

    /// What comes of the rules that speak of an act, which are in order.
    fn best(
        &self,
        places: Vec<Place>,
        run_as: &RunAs,
        covers: impl Fn(&str, &Ask) -> bool,
        mut heard: impl FnMut(Place, Hearing),
    ) -> Option<(u64, Place)> {
        // The lowest wins.
        let mut best: Option<(u64, Place)> = None;
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
            decided = Some(place);
            let rank = match &rule.decision {
                Decision::Deny => 0,
                Decision::Allow => 1,
                Decision::Ask(ask) if covers(&role.name, ask) => COVERED,
                Decision::Ask(ask) => COVERED + 1 + u64::from(ask.count),
            };
            heard(place, Hearing::Speaks);
            if best.is_none_or(|(least, _)| rank < least) {
                best = Some((rank, place));
            }
        }
        best
    }

    /// What the rule that decides says; without one, what `unmatched` says.
    pub(super) fn verdict_of(&self, best: Option<(u64, Place)>, person: &Person) -> Verdict<'_> {
        let spoke = best.and_then(|(rank, place)| Some((rank, self.rule_at(place)?)));
        match spoke {
            Some((rank, (role, rule))) => match rule.verdict(role) {
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
    pub fn may_review(&self, person: &Person) -> bool {
        person.is_root() || self.may_be_asked(person, &self.settings.ask.from)
    }

    /// Whether a person is among those whom `from` names.
    ///
    /// A name is that of an approver, who answers through his account on this
    /// host; where no approver has it, it is that of a user.
    #[must_use]
    pub fn may_be_asked(&self, person: &Person, from: &[Selector]) -> bool {
        let account = person.account.name.as_str();
        from.iter().any(|selector| match selector {
            Selector::Person(name) => match self.settings.approvers.get(name) {
                Some(approver) => approver.acts_as(account),
                None => name == account,
            },
            Selector::Group(group) => person.groups.contains(group),
            Selector::Team(team) => {
                let members = self.settings.approvers.values().filter(|a| a.teams.contains(team));
                members.into_iter().any(|approver| approver.acts_as(account))
            }
        })
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

impl Rule {
    fn verdict(&self, role: &Role) -> Verdict<'_> {
        let (role, rule) = (role.name.clone(), self.name.clone());
        match &self.decision {
            Decision::Allow => Verdict::Allow(Source { role: Some(role), rule: Some(rule) }),
            Decision::Deny => Verdict::Deny(Why::Rule { role, rule }),
            Decision::Ask(ask) => Verdict::Ask(Asking {
                source: Source { role: Some(role), rule: Some(rule) },
                ask,
                allow_writable: self.allow_writable,
            }),
        }
    }
}

impl RunAsFilter {
    fn matches(&self, run_as: &RunAs) -> bool {
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
    fn acts_as(&self, account: &str) -> bool {
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
        self.hosts.is_empty() || self.hosts.iter().any(|pattern| pattern.matches(host))
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
