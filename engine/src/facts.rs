//! What is known of an escalation: who, what, where.
//!
//! Strings that come from a command line, a path or a terminal are in the wire's
//! reversible form (see `writ_protocol::text`): different bytes are different
//! texts, so that comparing and matching texts is comparing and matching bytes.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// A user number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub u32);

/// The superuser.
pub const ROOT: Uid = Uid(0);

/// What no account has for its number: `(uid_t) -1` (chown(2)).
pub const NO_ACCOUNT: Uid = Uid(u32::MAX);

/// A user of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The number.
    pub uid: Uid,
    /// The name; the number in digits where the system knows none.
    pub name: String,
}

/// A person as far as the host knows him: the account he acts through, and every
/// account that he is known to have come in by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The account he acts through (real uid).
    pub account: Account,
    /// The account he logged in to (audit loginuid, `pam_loginuid(8)`), where set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Account>,
    /// The owner of the login session that he acts in (`user-UID.slice`), where
    /// there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_owner: Option<Uid>,
    /// Names of the groups of `account`, as the system's user database has them,
    /// without what Writ lends.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<String>,
    /// The approver whose signature he has given, where that is how he is known. Who has
    /// no account on this host has [`NO_ACCOUNT`], and the approver's name for its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

impl Person {
    /// Somebody of whom nothing but his account is known.
    #[must_use]
    pub const fn known_by(account: Account) -> Self {
        let groups = BTreeSet::new();
        Self { account, login: None, session_owner: None, groups, approver: None }
    }

    /// An approver, known by his signature, and by his account where he has one here.
    #[must_use]
    pub fn by_signature(approver: &str, here: Option<Self>) -> Self {
        let nowhere = || Self::known_by(Account { uid: NO_ACCOUNT, name: approver.into() });
        Self { approver: Some(approver.into()), ..here.unwrap_or_else(nowhere) }
    }

    /// What he is called: as the approver that he has signed as, or by his account.
    #[must_use]
    pub fn name(&self) -> &str {
        self.approver.as_deref().unwrap_or(&self.account.name)
    }

    /// Whether he has an account on this host.
    #[must_use]
    pub fn has_account(&self) -> bool {
        self.account.uid != NO_ACCOUNT
    }

    /// Every user number that this person is known by.
    pub fn identities(&self) -> impl Iterator<Item = Uid> + '_ {
        [Some(self.account.uid), self.login.as_ref().map(|login| login.uid), self.session_owner]
            .into_iter()
            .flatten()
            .filter(|uid| *uid != NO_ACCOUNT)
    }

    /// The account whose login sessions he is logged in by: the owner of the one that he
    /// acts in, whoever he became in it.
    #[must_use]
    pub fn logged_in_as(&self) -> Uid {
        let login = || self.login.as_ref().map(|login| login.uid);
        self.session_owner.or_else(login).unwrap_or(self.account.uid)
    }

    /// Whether two may be one human being, whichever accounts they act through.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        let one_approver = self.approver.is_some() && self.approver == other.approver;
        one_approver
            || self.identities().any(|mine| other.identities().any(|theirs| mine == theirs))
    }

    /// Whether he acts as the superuser.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.account.uid == ROOT
    }
}

/// Where an escalation is caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// The plugin of sudo.
    Sudo,
    /// The module of PAM: sudo-rs, doas, su, login, sshd and others.
    Pam,
    /// `writ request`: asked for in advance.
    Writ,
}

/// Whom a command runs as.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunAs {
    /// The user.
    pub user: String,
    /// The user's number.
    pub uid: Uid,
    /// The group, when one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// What is done with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It runs.
    Run,
    /// sudoedit: `argv` is the files.
    Edit,
}

/// A command, whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The path that the door resolved.
    pub path: String,
    /// The whole argument vector, argv\[0\] included; for an edit, the files.
    pub argv: Vec<String>,
    /// The working directory.
    pub cwd: String,
    /// Whom it runs as.
    pub run_as: RunAs,
    /// What is done.
    pub action: Action,
}

impl Command {
    /// How long its texts are, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let words: usize = self.argv.iter().map(|word| word.len() + 1).sum();
        self.path.len() + self.cwd.len() + words
    }
}

/// Whether a person can be asked for more while it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// At a terminal.
    Interactive,
    /// A script, a service, `sudo -n`.
    Unattended,
}

/// What becomes of processes that still hold what was lent when a window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnEnd {
    /// They are warned, then ended.
    Terminate,
    /// They are warned.
    Warn,
}

/// A window of a role: its asking rules pass without a question, and what it lends
/// is lent, until it ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The role.
    pub role: String,
    /// The groups that it lends, each with its number on this host.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, u32>,
    /// The actions of polkit that it lends, each with the number of the group that stands
    /// for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub actions: BTreeMap<String, u32>,
    /// The capabilities that it lends to what `writ run` and `writ shell` start
    /// (capabilities(7)), such as `CAP_NET_RAW`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub capabilities: BTreeSet<String>,
    /// Those capabilities and actions that are as good as root.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub root_equivalent: BTreeSet<String>,
    /// What becomes of processes that hold what was lent when it ends.
    pub on_end: OnEnd,
    /// Whether it ends with the requester's last login session.
    pub end_on_logout: bool,
}

/// A session that a service of PAM opens (pam(3)): a shell of su, a login.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSession {
    /// The service, as its program names itself to PAM, such as `su-l`.
    pub service: String,
    /// Whose session it is to be.
    pub run_as: RunAs,
    /// The command line of the program that asks, where that is what the person typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub typed: Vec<String>,
}

impl ServiceSession {
    /// How long its texts are, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let words: usize = self.typed.iter().map(|word| word.len() + 1).sum();
        self.service.len() + self.run_as.user.len() + words
    }
}

/// What an escalation is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aim {
    /// To run a command.
    Command(Command),
    /// To open a session of a service.
    Session(ServiceSession),
    /// To open a window of a role.
    Window(Window),
}

impl Aim {
    /// The command, where it is for one.
    #[must_use]
    pub const fn command(&self) -> Option<&Command> {
        match self {
            Self::Command(command) => Some(command),
            Self::Session(_) | Self::Window(_) => None,
        }
    }

    /// The session, where it is for one.
    #[must_use]
    pub const fn session(&self) -> Option<&ServiceSession> {
        match self {
            Self::Session(session) => Some(session),
            Self::Command(_) | Self::Window(_) => None,
        }
    }

    /// Whom it makes of the requester; a window makes nobody else of him.
    #[must_use]
    pub const fn run_as(&self) -> Option<&RunAs> {
        match self {
            Self::Command(command) => Some(&command.run_as),
            Self::Session(session) => Some(&session.run_as),
            Self::Window(_) => None,
        }
    }

    /// How long its texts are, in bytes; those of a window are the policy's.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Command(command) => command.bytes(),
            Self::Session(session) => session.bytes(),
            Self::Window(_) => 0,
        }
    }

    /// The window, where it is for one.
    #[must_use]
    pub const fn window(&self) -> Option<&Window> {
        match self {
            Self::Window(window) => Some(window),
            Self::Command(_) | Self::Session(_) => None,
        }
    }
}

/// An escalation as the doors tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Where it was caught.
    pub door: Door,
    /// What it is for.
    pub aim: Aim,
    /// The terminal, such as `/dev/pts/3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// Where the login session came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// Whether somebody is there.
    pub presence: Presence,
}

/// What was found at the file of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// SHA-256 of the file, hexadecimal; `None` where it could not be read.
    pub sha256: Option<String>,
    /// The file, or the folder above it, that the requester may write.
    pub writable: Option<String>,
}

impl Evidence {
    /// A file of which only the digest is on record.
    #[must_use]
    pub const fn on_record(sha256: Option<String>) -> Self {
        Self { sha256, writable: None }
    }
}

/// This host, as policies name it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: BTreeSet<String>,
}

/// A random name that a door gave one escalation: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptId(String);

impl AttemptId {
    /// Takes 32 hexadecimal digits; anything else is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let whole = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        whole.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The process of a door that a command started from, as it can be found again: the
/// number alone would be another process's in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leader {
    /// Its number.
    pub pid: i32,
    /// When it was started, in clock ticks since the boot (proc_pid_stat(5), field 22).
    pub started_ticks: u64,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It exited, with this status.
    ExitStatus(i32),
    /// It was ended by this signal.
    Signal(i32),
    /// It could not be executed, for this errno(3).
    ExecErrno(i32),
    /// The door was lost before it could tell.
    Unknown,
}
