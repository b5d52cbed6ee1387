//! What is kept from one call of sudo to the next.
//!
//! sudo's order is: audit `open`; approval `open` and `check`; audit `accept` just
//! before the command; audit `close` at its end. With sudoers' `intercept`, `check`
//! comes again for each command that the first one starts; what `accept` returns is
//! then ignored, so that such a command is confirmed in `check`, and its end is not
//! told by anybody. With `log_subcmds` there is no `check`, and `accept` is told.

use std::path::PathBuf;
use std::time::Instant;

use writ_door::{Decided, Escalation, Link, Refusal, drawn_attempt, syslog};
use writ_protocol::calls::{Ask, Command, Ending};
use writ_protocol::text;

use crate::facts::{FactsError, Invoker};
use crate::subcommands::Subcommands;
use crate::terminal::Progress;
use crate::wait::Wait;

/// Only one of the two plugins is in sudo.conf.
const HALF_ENABLED: &str = "sudo.conf names only one of writ_approval and writ_audit; `writ enable sudo` as root puts it right";

/// sudo calls in an order that it does not have.
const DISORDER: &str =
    "sudo called Writ's plugin in an order that it does not know; it may be of another version";

/// Where sudo is.
#[derive(Default)]
enum Stage {
    /// Nothing was decided.
    #[default]
    Idle,
    /// It may start once it is confirmed. `None`: root's own, which the agent does
    /// not know of.
    Allowed(Option<Escalation>),
    /// It has been started.
    Started(Option<Escalation>, Instant),
}

/// The state of the plugin in one process of sudo.
pub(crate) struct Session {
    socket: PathBuf,
    invoker: Option<Result<Invoker, FactsError>>,
    /// Whether sudo has opened the audit plugin, without which nothing would be
    /// confirmed.
    audited: bool,
    /// The way to the agent, until the first command is asked about.
    link: Option<Link>,
    stage: Stage,
    subcommands: Subcommands,
    /// Whether the next `accept` is that of a command that was checked.
    is_checked: bool,
}

impl Session {
    /// Before the first call.
    pub(crate) fn new(socket: PathBuf) -> Self {
        let subcommands = Subcommands::new(socket.clone());
        Self {
            socket,
            invoker: None,
            audited: false,
            link: None,
            stage: Stage::Idle,
            subcommands,
            is_checked: false,
        }
    }

    /// `open` of either plugin. A failure is kept for `check`, which can refuse
    /// with a sentence.
    pub(crate) fn open(&mut self, invoker: impl FnOnce() -> Result<Invoker, FactsError>) {
        self.invoker.get_or_insert_with(invoker);
    }

    /// `open` of the audit plugin, which sudo does first of all.
    pub(crate) fn audit(&mut self) {
        self.audited = true;
        self.link.get_or_insert_with(|| Link::ahead(self.socket.clone()));
    }

    /// Whether root himself invoked sudo, as far as is known.
    pub(crate) fn is_roots(&self) -> Option<bool> {
        Some(self.invoker.as_ref()?.as_ref().ok()?.is_root())
    }

    /// May this command run? What is returned otherwise has been said to the
    /// person.
    pub(crate) fn check(&mut self, info: &[&[u8]], argv: &[&[u8]]) -> Result<(), Refusal> {
        let invoker = match self.invoker.clone() {
            Some(Ok(invoker)) => invoker,
            Some(Err(error)) => return Err(refused(&mut Wait::new(Progress::Plain), error.into())),
            None => {
                let disorder = Refusal::Unaskable(DISORDER.to_owned());
                return Err(refused(&mut Wait::new(Progress::Plain), disorder));
            }
        };
        let is_within = matches!(self.stage, Stage::Started(..));
        let progress =
            if invoker.noninteractive || is_within { Progress::Plain } else { Progress::Live };
        let mut wait = Wait::new(progress);
        let asked = invoker.command(info, argv).map_err(Refusal::from);
        let decided = match asked.clone() {
            Ok(command) => self.decide(&invoker, command, &mut wait),
            Err(refusal) => Err(refusal),
        };
        match decided {
            Ok(escalation) if is_within => {
                drop(escalation);
                self.is_checked = true;
            }
            Ok(escalation) => self.stage = Stage::Allowed(Some(escalation)),
            Err(refusal) if invoker.is_root() && !refusal.is_leaving() => {
                note_unrecorded(&refusal, asked.ok().as_ref());
                if !is_within {
                    self.stage = Stage::Allowed(None);
                }
            }
            Err(refusal) => return Err(refused(&mut wait, refusal)),
        }
        Ok(())
    }

    /// The command is about to start, and starts only when this succeeds; or it has, and
    /// starts another.
    pub(crate) fn accept(&mut self, info: &[&[u8]], argv: &[&[u8]]) -> Result<(), Refusal> {
        let was_checked = std::mem::take(&mut self.is_checked);
        match std::mem::take(&mut self.stage) {
            Stage::Allowed(Some(mut escalation)) => {
                let confirmed = escalation.confirm(&mut Wait::new(Progress::Plain));
                match confirmed {
                    Ok(()) => self.stage = Stage::Started(Some(escalation), Instant::now()),
                    Err(refusal) if self.is_roots() == Some(true) && !refusal.is_leaving() => {
                        note_unrecorded(&refusal, None);
                        self.stage = Stage::Started(None, Instant::now());
                    }
                    Err(refusal) => return Err(refusal),
                }
            }
            Stage::Allowed(None) => self.stage = Stage::Started(None, Instant::now()),
            started @ Stage::Started(..) => {
                if let (Stage::Started(Some(first), _), false) = (&started, was_checked)
                    && let Some(Ok(invoker)) = &self.invoker
                    && let Ok(command) = invoker.command(info, argv)
                {
                    let talk = &mut Wait::new(Progress::Plain);
                    self.subcommands.tell(talk, first, command);
                }
                self.stage = started;
            }
            Stage::Idle if self.is_roots() == Some(true) => note_unrecorded(&half_enabled(), None),
            Stage::Idle => return Err(half_enabled()),
        }
        Ok(())
    }

    /// sudo is at its end; `ending` is that of the command.
    pub(crate) fn close(&mut self, ending: Ending) {
        let talk = &mut Wait::new(Progress::Plain);
        match std::mem::take(&mut self.stage) {
            Stage::Started(Some(mut escalation), started) => {
                escalation.finish(talk, ending, started.elapsed());
            }
            // Another plugin refused it.
            Stage::Allowed(Some(mut escalation)) => escalation.take_back(talk),
            _ => {}
        }
    }

    fn decide(
        &mut self,
        invoker: &Invoker,
        command: Command,
        wait: &mut Wait,
    ) -> Result<Escalation, Refusal> {
        if !self.audited {
            return Err(half_enabled());
        }
        let mut escalation = match &self.stage {
            Stage::Started(Some(first), _) => first.within(self.socket.clone(), command)?,
            _ => {
                let link = self.link.take().unwrap_or_else(|| Link::new(self.socket.clone()));
                let asking = asking(invoker, command, wait.screen.progress())?;
                match (invoker.is_root(), invoker.is_emergency) {
                    (true, _) => Escalation::new(link, asking),
                    (false, false) => Escalation::new(link, asking).or_else(),
                    (false, true) => Escalation::new(link, asking).or_break_glass(),
                }
            }
        };
        if let Decided::Allowed { message: Some(message), .. } = escalation.decide(wait)? {
            wait.screen.say(&granted(&message, escalation.id()));
        }
        if matches!(self.stage, Stage::Started(..)) {
            escalation.confirm(wait)?;
        }
        Ok(escalation)
    }
}

/// For `invoker`, who can be asked for more where progress can be shown.
fn asking(invoker: &Invoker, command: Command, progress: Progress) -> Result<Ask, Refusal> {
    Ok(Ask {
        attempt: drawn_attempt()?,
        door: "sudo".to_owned(),
        command: Some(command),
        session: None,
        remote_host: None,
        tty: invoker.tty.clone(),
        interactive: progress == Progress::Live,
        at_once: true,
        break_glass: false,
        reason: invoker.reason.clone(),
        ticket: invoker.ticket.clone(),
    })
}

fn half_enabled() -> Refusal {
    Refusal::Unaskable(HALF_ENABLED.to_owned())
}

/// "7K3M-Q2 approved by bob".
fn granted(message: &str, id: Option<&str>) -> String {
    let shown = text::shown(message);
    match id {
        Some(id) if !message.contains(id) => format!("{} {shown}", text::shown(id)),
        _ => shown,
    }
}

fn refused(wait: &mut Wait, refusal: Refusal) -> Refusal {
    wait.screen.say(&refusal.to_string());
    refusal
}

/// Root is never locked out; that the agent has no record of it is in the system's
/// log.
fn note_unrecorded(why: &Refusal, command: Option<&Command>) {
    let command = command.map_or_else(String::new, |command| {
        let words = text::shown_command(command.argv.iter().map(String::as_str));
        format!(
            ": {} as {}: {words}",
            text::shown(&command.path),
            text::shown(&command.run_as.user)
        )
    });
    syslog::warn(&format!("root's sudo passes without a record of Writ's agent ({why}){command}"));
}
