//! What is kept of something that was let pass, until the agent is back.

use serde::{Deserialize, Serialize};
use writ_engine::Event;
use writ_engine::facts::AttemptId;
use writ_engine::limits::{COMMAND_BYTES_MAX, REMARK_BYTES_MAX, TICKET_BYTES_MAX};
use writ_engine::record::{About, Force, LetPass};
use writ_engine::time::WallTime;
use writ_protocol::text::shown;

use crate::record::{run_as, wanted};

/// Something that was let pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// When, by the wall clock.
    pub(super) at: WallTime,
    /// The name that its door gave it.
    pub(super) attempt: AttemptId,
    /// As what.
    pub(super) force: Force,
    /// He said that this is an emergency; no rule let it pass.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) glass: bool,
    /// Who, what for and on whose word.
    pub(super) about: About,
}

impl Entry {
    /// Whether the ledger will take it.
    ///
    /// # Errors
    /// What of it is too long.
    pub(super) fn fits(&self) -> Result<(), String> {
        let aim = serde_json::to_vec(&self.about.act.aim).map_or(usize::MAX, |json| json.len());
        let remark = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        for (what, bytes, bytes_max) in [
            ("the command line", aim, COMMAND_BYTES_MAX),
            ("the reason", remark(&self.about.reason), REMARK_BYTES_MAX),
            ("the ticket", remark(&self.about.ticket), TICKET_BYTES_MAX),
        ] {
            if bytes > bytes_max {
                return Err(format!(
                    "{what} is longer than the {bytes_max} bytes that can be put on record"
                ));
            }
        }
        Ok(())
    }

    /// As the engine is told it.
    pub(super) fn event(self) -> Event {
        let passed = LetPass { at: self.at, attempt: self.attempt };
        let about = Box::new(self.about);
        match self.glass {
            true => Event::GlassReported { passed, about },
            false => Event::LetPass { passed, about, force: self.force },
        }
    }

    /// In words, on one line.
    pub(super) fn line(&self) -> String {
        let About { requester, act, source, reason, .. } = &self.about;
        let (user, target) = (shown(&requester.account.name), shown(run_as(act, requester)));
        let wanted = wanted(act);
        if self.glass {
            let why = shown(reason.as_deref().unwrap_or_default());
            return format!(
                "BREAK-GLASS: {user} runs as {target} without Writ's agent and without a decision: {wanted}; because: {why}"
            );
        }
        let by = match (&source.role, &source.rule) {
            (Some(role), Some(rule)) => {
                format!("the rule {:?} of the role {:?}", shown(rule), shown(role))
            }
            _ => "observe mode".to_owned(),
        };
        format!("{user} runs as {target} without Writ's agent, by {by}: {wanted}")
    }
}
