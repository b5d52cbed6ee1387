//! What can be remarked of a policy, each as the sentence that is read.

use crate::source::Place;

/// Something that may not be as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remark {
    /// An earlier rule of the role takes every command of a pattern.
    Shadowed { by: String, at: Place },
    /// A rule of another role decides before this one can ask.
    Moot { by: String, role: String, says: &'static str, at: Place },
    /// A rule allows what gives its user a shell.
    Escapes { program: String, how: &'static str },
    /// Too few of those who are asked can answer on a host.
    NobodyAnswers { count: u32, answering: usize },
    /// A member cannot be decided on, for he is among the few who could decide.
    Himself { member: String, count: u32, left: usize },
    /// Nobody of a team is on call now.
    NobodyOnCall { team: String },
    /// Too few of those who are asked are there now.
    TooFewNow { count: u32, filled: u32 },
    /// There is no such user on this host.
    NoUser { name: String, meant: Option<String> },
    /// There is no such group on this host.
    NoGroup { name: String, meant: Option<String> },
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Shadowed { by, .. } => {
                write!(f, "no command comes this far: the rule {by:?} takes every one before it")
            }
            Self::Moot { by, role, says, .. } => write!(
                f,
                "nobody is asked about this: the rule {by:?} of the role `{role}` {says} it for the same members"
            ),
            Self::Escapes { program, how } if program == "ALL" => write!(f, "`ALL` {how}"),
            Self::Escapes { program, how } => write!(
                f,
                "`{program}` can start a shell or run code of its user's choice: it {how}"
            ),
            Self::NobodyAnswers { count, answering } => write!(
                f,
                "{} must approve, and of those who are asked {answering} can answer on this host",
                people(*count)
            ),
            Self::Himself { member, count, left } => write!(
                f,
                "what `{member}` asks for here, too few can approve: {} must, and without him {left} can",
                people(*count)
            ),
            Self::NobodyOnCall { team } => {
                write!(f, "nobody of `@{team}` is on call now, and so the whole team is asked")
            }
            Self::TooFewNow { count, filled } => write!(
                f,
                "{} must approve, and those who are there now come to {filled}",
                people(*count)
            ),
            Self::NoUser { name, .. } => write!(f, "this host has no user `{name}`"),
            Self::NoGroup { name, .. } => write!(f, "this host has no group `{name}`"),
        }
    }
}

impl Remark {
    /// What to do about it. `locate` tells a place as `file:line`.
    pub(super) fn help(&self, locate: impl Fn(&Place) -> String) -> Option<String> {
        let meant =
            |meant: &Option<String>| meant.as_ref().map(|meant| format!("did you mean `{meant}`?"));
        Some(match self {
            Self::Shadowed { at, .. } => {
                format!("it is at {}; put this rule before it, or take this pattern out", locate(at))
            }
            Self::Moot { at, .. } => {
                format!("it is at {}; narrow it, or take this pattern out", locate(at))
            }
            Self::Escapes { .. } => {
                "ask about it, or name the arguments that are wanted; whoever runs it can run anything".into()
            }
            Self::NobodyAnswers { .. } => {
                "give the approvers a `unix_user`, name more people in `from`, or lower `count`".into()
            }
            Self::Himself { .. } => "name more people in `from`: nobody decides on a request of his own".into(),
            Self::NobodyOnCall { .. } => "see to `since` and `shifts`".into(),
            Self::TooFewNow { .. } => "see who is away, and who is on call; name more people in `from`, or `escalate`".into(),
            Self::NoUser { meant: name, .. } | Self::NoGroup { meant: name, .. } => {
                return meant(name);
            }
        })
    }
}

fn people(count: u32) -> String {
    match count {
        1 => "1 person".to_owned(),
        count => format!("{count} people"),
    }
}
