//! What the module does when PAM calls: ask in the account stage, ask again when the
//! session begins.
//!
//! A use is taken, and the start recorded, in the account stage already: a stack may have
//! no session of ours, and then nothing would be asked later. When the session begins, it
//! must still stand. sshd is the exception: where it talks with a person, the account
//! stage runs in a process that ends before the session begins. There the use is taken
//! when the session begins, and what the other process asked is asked again, which finds
//! the answer that was given.

use std::time::{Duration, Instant};

use rustix::process::getuid;
use rustix::stdio::stdin;
use rustix::termios::isatty;
use writ_door::{Decided, Escalation, Link, Refusal, Talk as _, drawn_attempt, syslog};
use writ_protocol::calls::{Ask, Command, RunAs, Session};
use writ_protocol::services::{POLKIT, SSHD, is_login, wait_seconds};
use writ_protocol::text;

use crate::abi::Handle;
use crate::accounts::{self, User};
use crate::ahead;
use crate::command::{self, CommandError};
use crate::program::{self, Kind};
use crate::talk::{Aside, Conversation};
use crate::trial::Options;

/// Services whose programs run single commands, and of which one must know the program.
const COMMAND_SERVICES: [&str; 3] = ["sudo", "sudo-i", "doas"];

/// How long a program takes from the account stage to its session, if nobody stops it.
const A_MOMENT: Duration = Duration::from_millis(500);

/// The longest name of a terminal, in bytes.
const TTY_BYTES_MAX: usize = 64;

/// What PAM is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may be.
    Allowed,
    /// It is none of Writ's.
    LeftAlone,
    /// It may not.
    Refused,
}

/// What is kept from one stage to the next.
pub(crate) enum Kept {
    /// It is none of Writ's.
    LeftAlone,
    /// Root's own, which the agent does not know of.
    Unrecorded,
    /// It was allowed.
    Allowed(Box<Standing>),
}

/// Something that was allowed.
pub(crate) struct Standing {
    escalation: Escalation,
    /// The user that it was asked for.
    target: RunAs,
    /// When it was confirmed, where it was.
    confirmed: Option<Instant>,
    /// Whether it can end.
    ends: bool,
}

/// What PAM is told, and what is kept.
pub(crate) type Outcome = (Verdict, Option<Kept>);

/// What is asked about.
struct Subject {
    command: Option<Command>,
    session: Option<Session>,
    /// Who is to act or to come in.
    target: RunAs,
    /// Root himself asks.
    by_root: bool,
}

/// One call of PAM.
struct Stage<'a> {
    handle: &'a Handle,
    options: &'a Options,
    kind: Kind,
    service: String,
    silent: bool,
    /// Who started the program.
    uid: u32,
}

/// The account stage (pam_sm_acct_mgmt(3)).
pub(crate) fn account(
    handle: &Handle,
    options: &Options,
    silent: bool,
    _kept: Option<Kept>,
) -> Outcome {
    let Some(stage) = Stage::of(handle, options, silent) else { return (Verdict::Refused, None) };
    if stage.is_the_plugins() {
        return (Verdict::LeftAlone, Some(Kept::LeftAlone));
    }
    let confirms = stage.service != SSHD;
    stage.decide(stage.can_ask(), confirms)
}

/// A session begins (pam_sm_open_session(3)).
pub(crate) fn open_session(
    handle: &Handle,
    options: &Options,
    silent: bool,
    kept: Option<Kept>,
) -> Outcome {
    let Some(stage) = Stage::of(handle, options, silent) else { return (Verdict::Refused, None) };
    match kept {
        Some(Kept::LeftAlone) => (Verdict::LeftAlone, Some(Kept::LeftAlone)),
        Some(Kept::Unrecorded) => (Verdict::Allowed, Some(Kept::Unrecorded)),
        Some(Kept::Allowed(standing)) => stage.begin(standing),
        None if stage.is_the_plugins() || stage.service == POLKIT => {
            (Verdict::LeftAlone, Some(Kept::LeftAlone))
        }
        None if stage.runs_commands() => stage.refused_unless_root(
            stage.uid == 0,
            &Refusal::Unaskable(
                "the program did not ask whether this may be (a sudo-rs before 0.2.14 does not for sudoedit)"
                    .to_owned(),
            ),
        ),
        None => stage.decide(false, true),
    }
}

/// A session has ended (pam_sm_close_session(3)).
pub(crate) fn close_session(
    _handle: &Handle,
    _options: &Options,
    _silent: bool,
    kept: Option<Kept>,
) -> Outcome {
    match kept {
        Some(Kept::Allowed(_) | Kept::Unrecorded) => (Verdict::Allowed, None),
        Some(Kept::LeftAlone) | None => (Verdict::LeftAlone, None),
    }
}

impl<'a> Stage<'a> {
    fn of(handle: &'a Handle, options: &'a Options, silent: bool) -> Option<Self> {
        options.panic_if_wanted();
        Some(Self {
            handle,
            options,
            kind: Kind::of_this_process(options),
            service: handle.service()?,
            silent,
            uid: options.uid.unwrap_or_else(|| getuid().as_raw()),
        })
    }

    fn runs_commands(&self) -> bool {
        matches!(self.kind, Kind::Sudo | Kind::Doas)
            || COMMAND_SERVICES.contains(&self.service.as_str())
    }

    /// Whether sudo's own plugin asks.
    fn is_the_plugins(&self) -> bool {
        self.kind == Kind::Sudo && program::has_plugin()
    }

    /// Whether the person can be asked for more. A conversation without a terminal may
    /// read what is meant for the command.
    fn can_ask(&self) -> bool {
        match self.service.as_str() {
            SSHD => program::is_sshd_that_talks(self.options),
            service if is_login(service) || service == POLKIT => true,
            _ => isatty(stdin()),
        }
    }

    fn conversation(&self) -> Conversation<'a> {
        let patience = self.options.wait.or_else(|| wait_seconds(&self.service));
        let patience = patience.map(|seconds| Duration::from_secs(seconds.into()));
        let aside = match self.kind {
            Kind::Sudo | Kind::Doas | Kind::Su => Aside::StandardError,
            Kind::Other => Aside::Nothing,
        };
        Conversation::new(self.handle, self.silent, patience, aside)
    }

    fn decide(&self, interactive: bool, confirms: bool) -> Outcome {
        let mut link = ahead::link(&self.options.socket);
        link.announce();
        let subject = match self.subject() {
            Ok(Some(subject)) => subject,
            Ok(None) => return (Verdict::LeftAlone, Some(Kept::LeftAlone)),
            Err(refusal) => return self.refused_unless_root(self.is_roots(), &refusal),
        };
        let by_root = subject.by_root;
        match self.ask(link, subject, interactive, confirms) {
            Ok(Some(standing)) => (Verdict::Allowed, Some(Kept::Allowed(Box::new(standing)))),
            Ok(None) => (Verdict::LeftAlone, Some(Kept::LeftAlone)),
            Err(refusal) => self.refused_unless_root(by_root, &refusal),
        }
    }

    fn ask(
        &self,
        link: Link,
        subject: Subject,
        interactive: bool,
        confirms: bool,
    ) -> Result<Option<Standing>, Refusal> {
        let mut talk = self.conversation();
        let comes_in = is_login(&self.service);
        let target = subject.target;
        let remote = self.handle.remote_host().filter(|host| comes_in && !host.is_empty());
        let ask = Ask {
            attempt: drawn_attempt()?,
            door: "pam".to_owned(),
            command: subject.command,
            session: subject.session,
            remote_host: remote.map(|host| text::encode(&host)),
            tty: self.tty(),
            interactive,
            at_once: confirms,
            break_glass: false,
            reason: None,
            ticket: None,
        };
        let mut escalation = match subject.by_root {
            true => Escalation::new(link, ask),
            false => Escalation::new(link, ask).or_else(),
        };
        let (message, ends) = match escalation.decide(&mut talk)? {
            Decided::LeftAlone => return Ok(None),
            Decided::Allowed { message, ends } => (message, ends),
        };
        if let Some(message) = message {
            talk.say(&text::shown(&message));
        }
        let mut standing = Standing { escalation, target, confirmed: None, ends };
        if confirms {
            standing.confirm(&mut talk)?;
        }
        Ok(Some(standing))
    }

    /// What was allowed begins, and for nobody else.
    fn begin(&self, mut standing: Box<Standing>) -> Outcome {
        let by_root = self.is_roots();
        if !self.is_of(&standing.target) {
            let other = Refusal::Unaskable("the session is of another user than was asked".into());
            return self.refused_unless_root(by_root, &other);
        }
        match standing.confirm(&mut self.conversation()) {
            Ok(()) => (Verdict::Allowed, Some(Kept::Allowed(standing))),
            Err(refusal) => self.refused_unless_root(by_root, &refusal),
        }
    }

    /// Whether root himself asks, as far as is known. polkit never asks for root, who may
    /// all; a helper of it that root started is a daemon's (polkit 127 and later), behind
    /// which is anybody.
    fn is_roots(&self) -> bool {
        if self.service == POLKIT {
            false
        } else if is_login(&self.service) {
            self.user().is_ok_and(|user| user.uid == 0)
        } else {
            self.uid == 0
        }
    }

    /// What the program is about to do; nothing where it runs nothing.
    fn subject(&self) -> Result<Option<Subject>, Refusal> {
        let by_root = self.is_roots();
        if self.runs_commands() {
            if !matches!(self.kind, Kind::Sudo | Kind::Doas) {
                return Err(Refusal::Unaskable(format!(
                    "the service {} belongs to sudo and doas, and this program is neither",
                    text::shown(&self.service)
                )));
            }
            let words = program::command_line(self.options).ok_or(CommandError::Unreadable)?;
            let command = command::of(self.kind, &words, self.uid)?;
            return Ok(command.map(|command| Subject {
                target: command.run_as.clone(),
                command: Some(command),
                session: None,
                by_root,
            }));
        }
        if self.service == POLKIT && self.uid == 0 {
            return Err(Refusal::Unaskable(
                "who asks cannot be told, as polkit's helper is started by the system on this host"
                    .to_owned(),
            ));
        }
        let User { name, uid, .. } = self.user()?;
        let typed = match self.kind {
            Kind::Su => program::command_line(self.options).ok_or(CommandError::Unreadable)?,
            Kind::Sudo | Kind::Doas | Kind::Other => Vec::new(),
        };
        let target = RunAs { user: name, uid, group: None };
        let session = Session {
            service: self.service.clone(),
            run_as: target.clone(),
            typed: typed.iter().map(|word| text::encode(word)).collect(),
        };
        Ok(Some(Subject { command: None, session: Some(session), target, by_root }))
    }

    /// The user of the transaction.
    fn user(&self) -> Result<User, Refusal> {
        let named = self.handle.user().ok_or_else(|| {
            Refusal::Unaskable("the program did not say whose session it is".to_owned())
        })?;
        accounts::by_name(&named)
            .ok_or_else(|| CommandError::NoUser(text::shown(&text::encode(&named))).into())
    }

    /// Whether the transaction is about that user: by his name, or another of his.
    fn is_of(&self, user: &RunAs) -> bool {
        self.handle.user().is_some_and(|named| named == user.user.as_bytes())
            || self.user().is_ok_and(|named| named.uid == user.uid)
    }

    fn tty(&self) -> Option<String> {
        let tty = self.handle.tty().filter(|tty| tty.len() <= TTY_BYTES_MAX)?;
        let tty = text::encode(&tty);
        match tty.as_str() {
            "" | "ssh" => None,
            whole if whole.starts_with('/') => Some(tty),
            name => Some(format!("/dev/{name}")),
        }
    }

    /// Root is never locked out; that the agent has no record of it is in the system's
    /// log. Everybody else reads why not.
    fn refused_unless_root(&self, by_root: bool, why: &Refusal) -> Outcome {
        if by_root && !why.is_leaving() {
            let service = text::shown(&self.service);
            let user = self.handle.user().map(|user| text::shown(&text::encode(&user)));
            syslog::warn_as_the_program(&format!(
                "pam_writ: root passes without a record of Writ's agent ({why}): {service} for {}",
                user.unwrap_or_default()
            ));
            return (Verdict::Allowed, Some(Kept::Unrecorded));
        }
        self.conversation().refuse(why);
        (Verdict::Refused, None)
    }
}

impl Standing {
    /// Asks whether it still stands, and has its start recorded. What the policy allows by
    /// itself cannot end in the moment since it was asked.
    fn confirm(&mut self, talk: &mut Conversation<'_>) -> Result<(), Refusal> {
        let is_fresh = self.confirmed.is_some_and(|at| at.elapsed() < A_MOMENT);
        if !is_fresh || self.ends {
            self.escalation.confirm(talk)?;
        }
        self.confirmed = Some(Instant::now());
        Ok(())
    }
}

impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        Self::Unaskable(error.to_string())
    }
}
