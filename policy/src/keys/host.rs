//! `writ.toml`.

use std::collections::BTreeSet;

use writ_engine::policy::{Member, Mode, Unmatched};
use writ_engine::time::Span;

use super::ask::AskKeys;
use super::{people, remote, span, spans};
use crate::findings::Findings;
use crate::name;
use crate::problem::Problem;
use crate::remote::Remote;
use crate::section::Section;
use crate::source::Placed;
use crate::value::Value;

const MODES: [(&str, Mode); 2] = [("enforce", Mode::Enforce), ("observe", Mode::Observe)];

const UNMATCHED: [(&str, Unmatched); 3] =
    [("deny", Unmatched::Deny), ("ask", Unmatched::Ask), ("pass", Unmatched::Pass)];

/// How often the end of a grant is announced at most.
const WARNINGS_MAX: usize = 8;

/// What the host's own file says.
#[derive(Debug, Default)]
pub(crate) struct HostKeys {
    pub(crate) mode: Option<Mode>,
    pub(crate) tags: BTreeSet<String>,
    pub(crate) unmatched: Option<Placed<Unmatched>>,
    pub(crate) ask: AskKeys,
    pub(crate) unattended_wait: Option<Span>,
    pub(crate) warn: Option<Vec<Span>>,
    pub(crate) break_glass: Vec<Member>,
    pub(crate) remote: Remote,
}

impl HostKeys {
    /// What stands for a file that could not be read.
    pub(crate) fn unread() -> Self {
        Self { ask: AskKeys::unread(), ..Self::default() }
    }
}

pub(crate) fn host(mut file: Section<'_>, found: &mut Findings) -> HostKeys {
    let keys = HostKeys {
        mode: file.take("mode").and_then(|value| value.word(&MODES, found)).map(|mode| mode.value),
        tags: file.take("tags").map(|value| tags(&value, found)).unwrap_or_default(),
        unmatched: file.take("unmatched").and_then(|value| value.word(&UNMATCHED, found)),
        ask: file
            .take("ask")
            .map(|value| AskKeys::read(&value, "[ask]", found))
            .unwrap_or_default(),
        unattended_wait: file.take("noninteractive").and_then(|value| wait(&value, found)),
        warn: file.take("sessions").and_then(|value| warn(&value, found)),
        break_glass: file
            .take("break_glass")
            .map(|value| break_glass(&value, found))
            .unwrap_or_default(),
        remote: Remote {
            audit: file.take("audit").map(|value| remote::audit(&value, found)).unwrap_or_default(),
            hub: file.take("hub").and_then(|value| remote::hub(&value, found)),
        },
    };
    file.finish(found);
    if let Some(own) = keys.ask.self_approval.as_ref().filter(|own| own.value) {
        found.note(&own.place, Problem::SelfApprovalOfAll);
    }
    keys
}

fn tags(value: &Value<'_>, found: &mut Findings) -> BTreeSet<String> {
    let tags = value.list(found, |tag| {
        name::check_tag(tag).map_err(|why| Problem::Name { text: tag.to_owned(), why })?;
        Ok(tag.to_owned())
    });
    tags.items.into_iter().map(|tag| tag.value).collect()
}

fn wait(value: &Value<'_>, found: &mut Findings) -> Option<Span> {
    let mut section = value.table("[noninteractive]".into(), found)?;
    let wait = section.take("wait").and_then(|value| span(&value, found));
    section.finish(found);
    wait.map(|wait| wait.value)
}

fn warn(value: &Value<'_>, found: &mut Findings) -> Option<Vec<Span>> {
    let mut section = value.table("[sessions]".into(), found)?;
    let warn = section.take("warn").map(|value| spans(&value, WARNINGS_MAX, found));
    section.finish(found);
    warn
}

fn break_glass(value: &Value<'_>, found: &mut Findings) -> Vec<Member> {
    let Some(mut section) = value.table("[break_glass]".into(), found) else {
        return Vec::new();
    };
    let example = "from = [\"%writ-breakglass\"]";
    let from = section.require("from", example);
    let from = from.map(|value| people::members(&value, found));
    section.finish(found);
    from.into_iter().flat_map(|list| list.items).map(|member| member.value).collect()
}
