//! What can be wrong in a policy file, each as the sentence that is read.

use writ_conditions::ParseError as ConditionError;
use writ_engine::policy::{PatternError, SelectorError};
use writ_signed::ApproverKeyError;

use crate::capability::Capability;
use crate::diagnostic::Severity;
use crate::duration::DurationError;
use crate::hours::HoursError;
use crate::name::NameError;
use crate::remote::AddressError;
use crate::source::Place;
use crate::suggest;

/// Something wrong, or worth a word, at a place of a file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("the file is not UTF-8 text")]
    NotText,
    #[error("not valid TOML: {0}")]
    Syntax(String),

    #[error("unknown key `{key}` in {section}")]
    UnknownKey { key: String, section: String, known: Vec<&'static str> },
    #[error("{section} has no `{key}`")]
    MissingKey { key: &'static str, section: String, example: &'static str },
    #[error("{key} must be {wanted}, not {found}")]
    WrongType { key: String, wanted: &'static str, found: &'static str },
    #[error("{key} cannot be {word:?}")]
    UnknownWord { key: String, word: String, words: Vec<&'static str> },
    #[error("{key} is empty")]
    EmptyList { key: String },
    #[error("this list may have {most} items at most")]
    LongList { most: usize },
    #[error("{key} must be a whole number from 1 to {most}")]
    OutOfRange { key: String, most: u32 },

    #[error("{text:?} {why}")]
    Name { text: String, why: NameError },
    #[error("{text:?} {why}")]
    Duration { text: String, why: DurationError },
    #[error("{text:?} {why}")]
    Hours { text: String, why: HoursError },
    #[error("this is no last day")]
    Date,
    #[error("{0:?} is no date or time")]
    Instant(String),
    #[error("this ends before it begins")]
    EndsBefore,
    #[error("this host knows no time zone {0:?}")]
    TimeZone(String),
    #[error("{why}")]
    Condition { why: ConditionError },
    #[error("{why}")]
    Command { text: String, why: PatternError },
    #[error("{why}")]
    Selector { why: SelectorError },
    #[error("`ALL` names nobody here")]
    Everybody,
    #[error("a description has {most} characters at most")]
    LongDescription { most: usize },
    #[error("`{0}` is no pattern for tickets: {1}")]
    Ticket(String, regex_lite::Error),
    #[error("{text:?} {why}")]
    Address { text: String, why: AddressError },
    #[error("{0:?} is no pin of a key")]
    Pin(String),
    #[error("{0:?} is no whole path of a file")]
    Path(String),
    #[error("this key {0}")]
    Key(ApproverKeyError),
    #[error("this key is in the list of `{first}` already")]
    KeyTwice { first: String },
    #[error(
        "only signed answers approve, and of those who are asked {keyed} have a key, where {count} must approve"
    )]
    TooFewKeys { count: u32, keyed: u32 },
    #[error("there is no capability {0:?}")]
    UnknownCapability(String),
    #[error("{} is as good as root: whoever holds it {power}", .capability.name())]
    RootlyCapability { capability: Capability, power: &'static str },

    #[error("`{0}` is no action of polkit's")]
    NoAction(String),

    #[error("there is {what} `{name}` already")]
    NamedTwice { what: &'static str, name: String, first: Place },
    #[error("the user `{user}` is another approver already")]
    UserTwice { user: String, first: Place },
    #[error("`{approver}` has no way to answer: neither a `unix_user` nor a key")]
    NoWayToAnswer { approver: String },
    #[error("no approver is called `{name}`, and so nobody can take his place")]
    UnknownDeputy { name: String, known: Vec<String> },
    #[error("{} would take each other's places in a circle", .circle.join(", "))]
    AwayInCircle { circle: Vec<String> },
    #[error("`{name}` is no approver of the team `@{team}`")]
    NotOfTeam { name: String, team: String, members: Vec<String> },
    #[error("nobody is ever on call of `@{team}`")]
    NobodyOnCall { team: String },
    #[error("`rotation` stands without `since`, which says when the first of them begins")]
    RotationSinceNever,
    #[error("`since` stands without a `rotation` that begins then")]
    SinceOfNobody,
    #[error("reminders come every 10 seconds at most")]
    HastyReminder,
    #[error("no approver is of the team `@{team}`")]
    UnknownTeam { team: String, known: Vec<String> },
    #[error("this asks, and there is nobody to ask")]
    NobodyToAsk,
    #[error("{count} people must approve, and `from` names only {reachable}")]
    TooFewToAsk { count: u32, reachable: usize },
    #[error(
        "{seats} different people must approve, and those whom `all_of` names can fill only {reachable} of the seats"
    )]
    TooFewForSeats { seats: u32, reachable: u32 },
    #[error("`all_of` stands beside `from` or `count`")]
    AllOfBesideFrom,
    #[error("`count` says nothing here: a farther `ask` has `all_of`, which says how many")]
    CountOverAllOf,
    #[error("`escalate` says nothing beside `all_of`: nobody can take the place of others there")]
    EscalateBesideAllOf,
    #[error("this step does not come after the one before it")]
    EscalationOrder,
    #[error("this comes too late: silence is a no after {timeout}")]
    LateEscalation { timeout: String },
    #[error(
        "`self_approval` in [ask] would let everybody who is asked approve what he asks for himself"
    )]
    SelfApprovalOfAll,
    #[error("this is longer than the `max_duration` of the role")]
    LongerThanRole,
    #[error("`ask` stands beside a decision that does not ask")]
    AskUnasked,
    #[error("`without_agent` stands beside a decision that is not \"allow\"")]
    WithoutAgentUnallowed,
    #[error("`{key}` of this rule cannot be judged without the agent")]
    WithoutAgentLimited { key: &'static str },
    #[error("`hours` and `not_after` of this role cannot be judged without the agent")]
    WithoutAgentInTimes,
    #[error("`run_as_groups` stands without `run_as`")]
    GroupsWithoutUsers,
    #[error("a rule has either `commands` or `services`")]
    CommandsAndServices,
    #[error("{text:?} is no SHA-256")]
    Digest { text: String },
    #[error("`{pattern}` is not one program, and the rule is pinned to a file")]
    PinOfMany { pattern: String },
    #[error("`sha256` stands in a rule without commands")]
    PinOfService,
    #[error("`{service}` runs single commands, which `commands` speaks of")]
    CommandService { service: String },

    #[error("nobody is a member of the role `{role}`")]
    NoMembers { role: String },
    #[error("the role `{role}` has no rules and lends nothing")]
    IdleRole { role: String },
}

impl Problem {
    pub(crate) fn severity(&self) -> Severity {
        match self {
            Self::NoMembers { .. } | Self::IdleRole { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// The part of `place` that is meant, where the problem knows better than its
    /// reader: the fault in a pattern that stands in the file as it is, without
    /// escapes.
    pub(crate) fn narrow(&self, place: &Place, contents: &[u8]) -> Place {
        if let Self::Command { text, why } = self {
            let quoted = contents.get(place.start + 1..place.end.saturating_sub(1));
            if quoted == Some(text.as_bytes()) && why.offset < text.len() {
                let start = place.start + 1 + why.offset;
                return Place { start, end: start + 1, ..*place };
            }
        }
        place.clone()
    }

    /// What to do about it, where the sentence alone does not say. `locate` tells
    /// a place as `file:line`.
    pub(crate) fn help(&self, locate: impl Fn(&Place) -> String) -> Option<String> {
        Some(match self {
            Self::Date => "write the last day that counts, such as 2026-12-31".into(),
            Self::Instant(_) => {
                "write one such as 2026-12-24, \"2026-12-24 09:00\" or 2026-12-24T09:00:00+01:00".into()
            }
            Self::EndsBefore => "write an end that is later; a date without a time counts whole".into(),
            Self::UnknownDeputy { name, known } => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                if known.is_empty() {
                    format!("add an [approver.{name}] to approvers.d")
                } else {
                    did_you_mean(name, &known, "the others of approvers.d are")
                }
            }
            Self::AwayInCircle { .. } => {
                "have one of them send for somebody else, or not be away at that time".into()
            }
            Self::NotOfTeam { name, team, members } => {
                let known: Vec<&str> = members.iter().map(String::as_str).collect();
                if known.is_empty() {
                    format!("add `teams = [\"{team}\"]` to [approver.{name}]")
                } else {
                    did_you_mean(name, &known, "its approvers are")
                }
            }
            Self::NobodyOnCall { .. } => {
                "add `rotation` and `since`, or `shifts`; without [on_call] the whole team is asked".into()
            }
            Self::RotationSinceNever => "add a line such as `since = \"2026-11-30 09:00\"`".into(),
            Self::SinceOfNobody => "add a line such as `rotation = [\"bob\", \"carol\"]`".into(),
            Self::HastyReminder => "lengthen it; `remind = false` is none".into(),
            Self::TimeZone(_) => {
                "write one such as Europe/Berlin or UTC; the package tzdata has them".into()
            }
            Self::Condition { why: ConditionError::UnknownName(name) } => {
                let known: Vec<&'static str> =
                    writ_conditions::NAMES.iter().map(|(name, _)| *name).collect();
                did_you_mean(name, &known, "it knows")
            }
            Self::CommandsAndServices => {
                "write two rules, one with `commands` and one with `services`".into()
            }
            Self::CommandService { .. } => {
                "write a rule with `commands`: it counts for sudo, sudo-rs and doas alike".into()
            }
            Self::Digest { .. } => {
                "write the 64 hexadecimal digits that `sha256sum FILE` prints".into()
            }
            Self::PinOfMany { .. } => {
                "write the whole path of the program, without * or ?; or take `sha256` out".into()
            }
            Self::PinOfService => {
                "a pin is of a command's file: write a rule with `commands`, or take `sha256` out"
                    .into()
            }
            Self::Address { why: AddressError::CollectorScheme | AddressError::Port, .. } => {
                "write one such as \"tls://logs.example.com:6514\"".into()
            }
            Self::Address { why: AddressError::ProxyScheme, .. } => {
                "write one such as \"http://proxy.example.com:3128\"".into()
            }
            Self::Address { .. } => {
                "write one such as \"https://hub.example.com\"".into()
            }
            Self::Pin(_) => {
                "write `sha256//` and the SHA-256 of the public key in Base64, as curl's --pinnedpubkey has it".into()
            }
            Self::Path(_) => "write it from the root on, such as \"/etc/ssl/certs/logs.pem\"".into(),
            Self::NotText => "save the file in the encoding UTF-8".into(),
            Self::UnknownKey { key, known, .. } => did_you_mean(key, known, "the keys here are"),
            Self::MissingKey { example, .. } => format!("add a line such as `{example}`"),
            Self::UnknownWord { word, words, .. } => did_you_mean(word, words, "it can be"),
            Self::NoAction(_) => "`pkaction` lists them; one is named by its whole name".into(),
            Self::EmptyList { .. } => "put at least one into the list".into(),
            Self::Everybody => "name users such as \"alice\", or a group such as \"%sudo\"".into(),
            Self::Name { why: NameError::All, .. } => "leave the key out to mean all of them".into(),
            Self::Ticket(..) => {
                "write a regular expression in single quotes, such as '[A-Z]+-[0-9]+'".into()
            }
            Self::UnknownCapability(name) => {
                let full = format!("CAP_{}", name.trim_start_matches("CAP_").to_ascii_uppercase());
                match suggest::nearest(&full, Capability::names()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "`man 7 capabilities` lists them".into(),
                }
            }
            Self::RootlyCapability { .. } => {
                "give a rule for the command that needs it instead, or say `allow_dangerous = true` in the role".into()
            }
            Self::NamedTwice { first, .. } => {
                format!("the first is at {}; rename one or make them one", locate(first))
            }
            Self::UserTwice { first, .. } => {
                format!("see {}; one person counts once, so he must have one name", locate(first))
            }
            Self::KeyTwice { .. } => {
                "a key is one person's, and stands in his list once".into()
            }
            Self::TooFewKeys { .. } => {
                "add the approvers' public keys to `keys` in approvers.d, or leave `signed` out".into()
            }
            Self::NoWayToAnswer { approver } => format!("add a line such as `unix_user = \"{approver}\"`"),
            Self::UnknownTeam { team, known } => {
                let known: Vec<String> = known.iter().map(|team| format!("@{team}")).collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                if known.is_empty() {
                    format!("add `teams = [\"{team}\"]` to an approver in approvers.d")
                } else {
                    did_you_mean(&format!("@{team}"), &known, "the teams of approvers.d are")
                }
            }
            Self::NobodyToAsk => {
                "say whom with `from`, in `ask` here, in `ask` of the role or in [ask] of writ.toml".into()
            }
            Self::TooFewToAsk { .. } => "name more people in `from`, or lower `count`".into(),
            Self::TooFewForSeats { .. } => {
                "name more people, or lower a `count`: one person fills one seat".into()
            }
            Self::AllOfBesideFrom => {
                "put `from` and `count` into an item of `all_of`, such as { from = [\"@oncall\"], count = 1 }".into()
            }
            Self::CountOverAllOf => "say `from` beside it, or `all_of`, or take it out".into(),
            Self::EscalateBesideAllOf => {
                "name more people in the items of `all_of`, or write `from` and `count`".into()
            }
            Self::EscalationOrder => "put the steps in the order in which they come".into(),
            Self::LateEscalation { .. } => "lengthen `timeout`, or shorten this".into(),
            Self::SelfApprovalOfAll => {
                "say it in `ask` of the rule or role that it is meant for".into()
            }
            Self::LongerThanRole => "shorten it, or lengthen that of the role".into(),
            Self::AskUnasked => "write `decision = \"ask\"`, or take `ask` out".into(),
            Self::WithoutAgentUnallowed => {
                "nobody can be asked then: write `decision = \"allow\"`, or take it out".into()
            }
            Self::WithoutAgentLimited { key } => {
                format!("take `without_agent` out, or `{key}`; a rule of its own may have the other")
            }
            Self::WithoutAgentInTimes => {
                "take `without_agent` out, or put the rule into a role without these".into()
            }
            Self::GroupsWithoutUsers => {
                "name the users that go with these groups in `run_as`, or take it out".into()
            }
            Self::NoMembers { .. } => "add people to `members`, or remove the role".into(),
            Self::IdleRole { .. } => "add a [[role.NAME.rule]], or remove the role".into(),
            Self::Name { .. }
            | Self::LongDescription { .. }
            | Self::Duration { .. }
            | Self::Hours { .. }
            | Self::Condition { .. }
            | Self::Command { .. }
            | Self::Selector { .. }
            | Self::Key(_)
            | Self::Syntax(_)
            | Self::WrongType { .. }
            | Self::LongList { .. }
            | Self::OutOfRange { .. } => return None,
        })
    }
}

fn did_you_mean(word: &str, known: &[&str], listing: &str) -> String {
    match suggest::nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => {
            let known: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
            format!("{listing} {}", known.join(", "))
        }
    }
}
