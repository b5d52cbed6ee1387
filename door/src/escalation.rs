//! One escalation, from the question to the end of its command.
//!
//! ```text
//! decide ─► allowed ─► confirm ─► (the command runs) ─► finish
//!    └────► refused      └──────► refused
//! ```
//! One `attempt` names it on every connection: a lost agent is asked again under
//! the same attempt, and joins what it had begun.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use writ_protocol::answers::{Answer, AnswerState};
use writ_protocol::calls::{Ask, Command, Confirm, Ending, Finish, Replies, START_WITHIN};
use writ_protocol::{CallError, ErrorReply, Follows};

use crate::boot_clock::BootInstant;
use crate::link::{Link, LinkError, RECONNECT_PATIENCE};
use crate::refusal::Refusal;
use crate::status::Waiting;
use crate::talk::Talk;
use crate::wanted::Wanted;

/// How long the agent may take for its first answer, which nobody is asked for.
const FIRST_ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// How long what stands beside the agent may take: PID 1 starts it, and it looks up groups.
const WITHOUT_AGENT_PATIENCE: Duration = Duration::from_secs(10);

/// How much later than it said the agent may end a wait.
const ANSWER_MARGIN: Duration = Duration::from_secs(5);

/// How long the agent may take to write down that a command starts, which may wait
/// for a disk.
const CONFIRM_PATIENCE: Duration = Duration::from_secs(10);

/// How long a new agent may take to take the end of a command.
const FINISH_PATIENCE: Duration = Duration::from_secs(1);

/// How a start ends that was on record and came to nothing (errno(3)).
const NOT_STARTED: i32 = libc::ECANCELED;

/// How often a person is asked for a reason or a ticket that the agent takes.
const QUESTIONS_MAX: usize = 3;

/// Why nothing runs where he did not say why.
const UNBROKEN: &str = "no reason was given, and the glass was not broken";

/// The digits of an attempt's name.
const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// What was decided, where it is no refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// It may start, once it is confirmed.
    Allowed {
        /// What the person is to be told about it.
        message: Option<String>,
        /// Whether it can end: what people allowed, or a window stands for, does.
        ends: bool,
    },
    /// No rule names the service: nothing is on record, and nothing to confirm.
    LeftAlone,
}

/// One escalation.
pub struct Escalation {
    link: Link,
    ask: Ask,
    /// The request or grant, once the agent has named it.
    id: Option<String>,
    /// Since when the start is on record, if it went there with the answer.
    started: Option<BootInstant>,
    authority: Authority,
    /// He has said beforehand that this is an emergency, where the agent cannot be reached.
    is_emergency: bool,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Authority {
    /// The agent, and nobody else: root passes by himself.
    Agent,
    /// The agent, and while it cannot be reached what stands beside it.
    AgentOrElse,
    /// The agent could not be reached, and something else has let it pass.
    Else,
}

impl Escalation {
    /// Of what `ask` asks. The name of its attempt is [`drawn_attempt`].
    #[must_use]
    pub fn new(link: Link, ask: Ask) -> Self {
        let authority = Authority::Agent;
        Self { link, ask, id: None, started: None, authority, is_emergency: false }
    }

    /// The same, of somebody who is asked about also while the agent cannot be reached.
    #[must_use]
    pub fn or_else(self) -> Self {
        Self { authority: Authority::AgentOrElse, ..self }
    }

    /// The same, of somebody who has said that this is an emergency, and why: he is not
    /// asked once more. It counts only where the agent cannot be reached.
    #[must_use]
    pub fn or_break_glass(self) -> Self {
        Self { is_emergency: true, ..self.or_else() }
    }

    /// What is asked about.
    #[must_use]
    pub fn ask(&self) -> &Ask {
        &self.ask
    }

    /// Of a command that this one starts (sudoers' `intercept`), for the same
    /// reason. Nobody can be asked for more: the terminal is not ours meanwhile.
    pub fn within(&self, socket: PathBuf, command: Command) -> Result<Self, Refusal> {
        let ask = Ask {
            attempt: drawn_attempt()?,
            command: Some(command),
            interactive: false,
            break_glass: false,
            ..self.ask.clone()
        };
        let authority = match self.authority {
            Authority::Agent => Authority::Agent,
            Authority::AgentOrElse | Authority::Else => Authority::AgentOrElse,
        };
        Ok(Self { authority, ..Self::new(Link::new(socket), ask) })
    }

    /// The request or grant, once there is one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Asks until there is an answer.
    ///
    /// # Errors
    /// When the answer is no, or there is none.
    pub fn decide(&mut self, talk: &mut dyn Talk) -> Result<Decided, Refusal> {
        match self.decided_by_agent(talk) {
            Err(Refusal::Agent { error, id })
                if error.is_absence() && self.authority == Authority::AgentOrElse =>
            {
                talk.clear();
                self.decided_without(talk, error, id)
            }
            decided => decided,
        }
    }

    fn decided_by_agent(&mut self, talk: &mut dyn Talk) -> Result<Decided, Refusal> {
        for question in 0..=QUESTIONS_MAX {
            let answer = self.answer(talk)?;
            match answer.state {
                AnswerState::Allowed if self.id.is_some() => {
                    return Ok(Decided::Allowed {
                        ends: answer.remaining_ms > 0,
                        message: answer.message,
                    });
                }
                AnswerState::Unasked if self.ask.session.is_some() => {
                    return Ok(Decided::LeftAlone);
                }
                AnswerState::Denied | AnswerState::Expired => {
                    let message =
                        answer.message.unwrap_or_else(|| "no reason was given".to_owned());
                    return Err(Refusal::Denied { message, id: self.id.clone() });
                }
                AnswerState::Open => {
                    return Err(Refusal::Open {
                        message: answer.message.unwrap_or_else(|| self.stays_open()),
                    });
                }
                AnswerState::Wanted => {
                    let wanted = Wanted::of(&answer).ok_or(Refusal::Nonsense)?;
                    if question == QUESTIONS_MAX {
                        return Err(wanted.unanswered());
                    }
                    self.fill_in(&wanted, &answer, talk)?;
                }
                AnswerState::Allowed | AnswerState::Waiting | AnswerState::Unasked => {
                    return Err(Refusal::Nonsense);
                }
            }
        }
        Err(Refusal::Nonsense)
    }

    /// Asks whether the grant still stands; once this returns, the start of the
    /// command is on record.
    ///
    /// # Errors
    /// When it does not, or nobody can be asked.
    pub fn confirm(&mut self, talk: &mut dyn Talk) -> Result<(), Refusal> {
        match self.started.take() {
            Some(started) if started.elapsed() < START_WITHIN => return Ok(()),
            _ if self.authority == Authority::Else => return self.confirmed_without(talk),
            Some(_) => self.ask_anew(talk)?,
            None => {}
        }
        let deadline = Instant::now() + RECONNECT_PATIENCE;
        let mut lost = false;
        loop {
            let error = match self.confirm_once(talk) {
                Ok(()) => return Ok(()),
                // A new agent does not know this attempt. It is asked once more,
                // and has to allow it at once.
                Err(LinkError::Call(CallError::Reply(
                    ErrorReply::NotFound { .. } | ErrorReply::Refused { .. },
                ))) if lost => match self.is_allowed_at_once(talk) {
                    Ok(true) => {
                        lost = false;
                        continue;
                    }
                    Ok(false) => return Err(no_longer_allowed()),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            if !error.is_loss() || Instant::now() >= deadline {
                return Err(Self::not_started(error));
            }
            lost = true;
            self.link.reconnect(talk, deadline).map_err(Self::not_started)?;
        }
    }

    /// What stands beside the agent says whether this passes without it.
    fn decided_without(
        &mut self,
        talk: &mut dyn Talk,
        error: LinkError,
        id: Option<String>,
    ) -> Result<Decided, Refusal> {
        self.ask.break_glass = self.is_emergency;
        let answered = match self.asked_without(talk) {
            Ok(answer) if answer.state == AnswerState::Wanted => {
                self.break_glass(&answer, &error, talk)?;
                self.asked_without(talk)
            }
            answered => answered,
        };
        match answered {
            Ok(answer) => match answer.state {
                AnswerState::Allowed => {
                    self.authority = Authority::Else;
                    self.id = None;
                    self.started = answer.started_boot_ms.map(BootInstant);
                    Ok(Decided::Allowed { message: answer.message, ends: false })
                }
                AnswerState::Unasked if self.ask.session.is_some() => Ok(Decided::LeftAlone),
                _ => Err(Refusal::Agent { error, id }),
            },
            Err(LinkError::Left(left)) => Err(Refusal::from_link(left.into(), id.as_deref())),
            Err(LinkError::Call(CallError::Reply(
                ErrorReply::Refused { message: why } | ErrorReply::NoRecord { message: why },
            ))) => Err(Refusal::WithoutAgent { error, why }),
            Err(_) => Err(Refusal::Agent { error, id }),
        }
    }

    /// He may go ahead in an emergency, if this is one: he has to say which.
    fn break_glass(
        &mut self,
        offer: &Answer,
        error: &LinkError,
        talk: &mut dyn Talk,
    ) -> Result<(), Refusal> {
        let unbroken = || Refusal::WithoutAgent { error: error.clone(), why: UNBROKEN.to_owned() };
        match Wanted::of(offer) {
            Some(wanted) => match self.fill_in(&wanted, offer, talk) {
                Ok(()) => self.ask.break_glass = true,
                Err(left) if left.is_leaving() => return Err(left),
                Err(_) => return Err(unbroken()),
            },
            None => return Err(unbroken()),
        }
        Ok(())
    }

    /// It passed without the agent a while ago; it must pass still, and be on record, once.
    fn confirmed_without(&mut self, talk: &mut dyn Talk) -> Result<(), Refusal> {
        self.ask.at_once = true;
        let message = match self.asked_without(talk) {
            Ok(answer) if answer.state == AnswerState::Allowed => return Ok(()),
            Ok(_) => "it passes no more without Writ's agent; run the command again".to_owned(),
            Err(error) => error.to_string(),
        };
        Err(Refusal::Ended { message })
    }

    fn asked_without(&self, talk: &mut dyn Talk) -> Result<Answer, LinkError> {
        let mut link = self.link.without_agent();
        link.connect(talk)?;
        Ok(link.call(talk, &self.ask, WITHOUT_AGENT_PATIENCE)?.answer)
    }

    /// Takes a start back that came to nothing.
    pub fn take_back(&mut self, talk: &mut dyn Talk) {
        if self.started.take().is_some() {
            let ending = Ending { exec_errno: Some(NOT_STARTED), ..Ending::default() };
            self.finish(talk, ending, Duration::ZERO);
        }
    }

    /// sudo was stopped between the answer and the start: that start is taken back, and
    /// the agent has to allow it at once as it is now.
    fn ask_anew(&mut self, talk: &mut dyn Talk) -> Result<(), Refusal> {
        let ending = Ending { exec_errno: Some(NOT_STARTED), ..Ending::default() };
        self.finish(talk, ending, Duration::ZERO);
        self.ask = Ask { attempt: drawn_attempt()?, at_once: false, ..self.ask.clone() };
        match self.is_allowed_at_once(talk) {
            Ok(true) => Ok(()),
            Ok(false) => Err(stopped_too_long()),
            Err(error) => Err(Self::not_started(error)),
        }
    }

    /// Tells how the command ended. Nobody waits for this but for a moment, and
    /// nothing is said when it fails: the agent sees the connection end.
    pub fn finish(&mut self, talk: &mut dyn Talk, ending: Ending, runtime: Duration) {
        let Some(id) = self.id.clone() else { return };
        let finish = Finish {
            attempt: self.ask.attempt.clone(),
            id,
            ending,
            runtime_ms: u64::try_from(runtime.as_millis()).unwrap_or(u64::MAX),
        };
        if self.link.send(&finish, Replies::None).is_ok() {
            return;
        }
        let deadline = Instant::now() + FINISH_PATIENCE;
        if self.link.reconnect(talk, deadline).is_ok() {
            let _ = self.link.call(talk, &finish, FINISH_PATIENCE);
        }
    }

    /// The last answer of an Ask: everything but "waiting". A lost agent is asked
    /// again.
    fn answer(&mut self, talk: &mut dyn Talk) -> Result<Answer, Refusal> {
        let mut lost_since = None;
        self.link.connect(talk).map_err(|error| self.refused(error))?;
        loop {
            let error = match self.answer_on_this_connection(talk, &mut lost_since) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.is_loss() && self.link.drop_ahead() {
                self.link.connect(talk).map_err(|error| self.refused(error))?;
                continue;
            }
            let since = *lost_since.get_or_insert_with(Instant::now);
            let deadline = since + RECONNECT_PATIENCE;
            if !error.is_loss() || Instant::now() >= deadline {
                return Err(self.refused(error));
            }
            talk.show_loss();
            self.link.reconnect(talk, deadline).map_err(|error| self.refused(error))?;
        }
    }

    fn answer_on_this_connection(
        &mut self,
        talk: &mut dyn Talk,
        lost_since: &mut Option<Instant>,
    ) -> Result<Answer, LinkError> {
        self.link.send(&self.ask, Replies::More)?;
        let mut deadline = Instant::now() + FIRST_ANSWER_PATIENCE;
        let mut waiting: Option<(Waiting, Instant)> = None;
        loop {
            let now = Instant::now();
            if now >= deadline {
                return Err(CallError::TimedOut.into());
            }
            let wake = match &waiting {
                Some((waiting, end)) => {
                    talk.show(waiting, end.saturating_duration_since(now)).map(|tick| now + tick)
                }
                None => None,
            };
            let until = wake.map_or(deadline, |wake| wake.min(deadline));
            let Some((reply, follows)) = self.link.reply::<Ask>(talk, until)? else {
                continue;
            };
            *lost_since = None;
            let answer = reply.answer;
            self.id = answer.id.clone().or_else(|| self.id.take());
            if answer.state != AnswerState::Waiting {
                self.started = answer.started_boot_ms.map(BootInstant);
                talk.clear();
                return Ok(answer);
            }
            if follows == Follows::Nothing {
                return Err(CallError::Malformed.into());
            }
            let end = later(Instant::now(), Duration::from_millis(answer.remaining_ms));
            deadline = later(end, ANSWER_MARGIN);
            let is_first = waiting.is_none();
            let now_waiting = Waiting::of(answer, self.id.as_deref());
            if is_first {
                talk.begin(&now_waiting);
            }
            waiting = Some((now_waiting, end));
        }
    }

    fn confirm_once(&mut self, talk: &mut dyn Talk) -> Result<(), LinkError> {
        let Some(id) = self.id.clone() else {
            return Err(CallError::Malformed.into());
        };
        let confirm = Confirm { attempt: self.ask.attempt.clone(), id };
        self.link.call(talk, &confirm, CONFIRM_PATIENCE).map(|_| ())
    }

    fn is_allowed_at_once(&mut self, talk: &mut dyn Talk) -> Result<bool, LinkError> {
        self.ask.interactive = false;
        let answer = self.link.call(talk, &self.ask, FIRST_ANSWER_PATIENCE)?.answer;
        let (AnswerState::Allowed, Some(id)) = (answer.state, answer.id) else {
            return Ok(false);
        };
        self.id = Some(id);
        Ok(true)
    }

    fn fill_in(
        &mut self,
        wanted: &Wanted,
        answer: &Answer,
        talk: &mut dyn Talk,
    ) -> Result<(), Refusal> {
        if !self.ask.interactive {
            return Err(wanted.cannot_ask());
        }
        if let Some(message) = &answer.message {
            talk.say(&writ_protocol::text::shown(message));
        }
        let typed = talk.fill_in(wanted, self.id.as_deref())?;
        self.ask.reason = typed.reason.or_else(|| self.ask.reason.take());
        self.ask.ticket = typed.ticket.or_else(|| self.ask.ticket.take());
        Ok(())
    }

    fn stays_open(&self) -> String {
        let id = self.id.as_deref().unwrap_or("of this command");
        format!("request {id} stays open; run the same command again once it is approved")
    }

    fn refused(&self, error: LinkError) -> Refusal {
        Refusal::from_link(error, self.id.as_deref())
    }

    fn not_started(error: LinkError) -> Refusal {
        Refusal::Ended { message: error.to_string() }
    }
}

fn stopped_too_long() -> Refusal {
    Refusal::Ended {
        message: "sudo was stopped before the command started, and it is not allowed any more; run it again"
            .to_owned(),
    }
}

fn no_longer_allowed() -> Refusal {
    Refusal::Ended {
        message: "Writ's agent was started anew and no longer allows it; run the command again"
            .to_owned(),
    }
}

/// `instant` and `span` after it; where the clock has no such time, a day after it.
fn later(instant: Instant, span: Duration) -> Instant {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    instant.checked_add(span).unwrap_or(instant + DAY)
}

/// 32 hexadecimal digits from the kernel's generator (getrandom(2)).
pub fn drawn_attempt() -> Result<String, Refusal> {
    let mut bytes = [0u8; 16];
    let drawn = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    if drawn != Ok(bytes.len()) {
        return Err(Refusal::NoRandom);
    }
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    Ok(digits
        .filter_map(|digit| HEXADECIMAL.get(usize::from(digit)))
        .map(|digit| char::from(*digit))
        .collect())
}
