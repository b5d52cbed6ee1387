//! How the courier fares, as it says itself: for `writ status` and `writ doctor`.

use std::collections::HashMap;
use std::rc::Rc;

use writ_protocol::ErrorReply;
use writ_protocol::answers::{Collector, Finding, Nothing};
use writ_protocol::courier::{CollectorState, CourierState};
use writ_protocol::text::shown;

use super::admit;
use crate::agent::Agent;
use crate::connection::Caller;
use crate::core::Core;

/// The longest sentence that is kept, in bytes.
const SENTENCE_BYTES_MAX: usize = 512;

/// The courier says how it fares. Of what it says, only what is about collectors of the
/// policy in force is kept.
///
/// # Errors
/// When the caller is neither root nor the courier.
pub(crate) async fn state(
    agent: &Rc<Agent>,
    caller: &Caller,
    state: CourierState,
) -> Result<Nothing, ErrorReply> {
    admit(agent, caller).await?;
    let known: Vec<String> = agent.courier.urls();
    let mut collectors: HashMap<String, CollectorState> = HashMap::new();
    for mut collector in state.collectors {
        if let Some(error) = &mut collector.error {
            cut(error);
        }
        if known.contains(&collector.url) {
            collectors.insert(collector.url.clone(), collector);
        }
    }
    agent.courier.collectors.replace(collectors.into_values().collect());
    let mut hub_error = state.hub.and_then(|hub| hub.error);
    if let Some(error) = &mut hub_error {
        cut(error);
    }
    agent.courier.hub_error.replace(hub_error);
    agent.courier.judge(&agent.core);
    Ok(Nothing {})
}

fn cut(text: &mut String) {
    let end = (0..=SENTENCE_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
}

impl super::Courier {
    /// Tells those who wait for people whether the hub can be reached, where that is new.
    pub(crate) fn judge(&self, core: &Core) {
        let is_away = self.is_hub_away();
        core.hub_away.send_if_modified(|known| std::mem::replace(known, is_away) != is_away);
    }

    fn hub_finding(&self, is_root: bool) -> Option<Finding> {
        let error = self.hub_error.borrow().clone()?;
        let url = self.remote.borrow().hub.as_ref()?.url.clone();
        let why = if is_root { shown(&error) } else { "root sees why".to_owned() };
        Some(Finding {
            what: format!("questions do not reach the hub {}: {why}", shown(&url)),
            remedy: "local approvers are still asked; `journalctl -u writ-courier` says more"
                .to_owned(),
        })
    }

    fn urls(&self) -> Vec<String> {
        let remote = self.remote.borrow();
        remote.audit.collectors.iter().map(ToString::to_string).collect()
    }
}

/// The collectors of the policy in force, and how far each is.
#[must_use]
pub(crate) fn listed(agent: &Agent) -> Vec<Collector> {
    let head = *agent.core.synced.borrow();
    let told = agent.courier.collectors.borrow();
    let urls = agent.courier.urls().into_iter();
    urls.map(|url| {
        let known = told.iter().find(|known| known.url == url);
        Collector {
            waiting: head.saturating_sub(known.map_or(0, |known| known.sent)),
            error: known.and_then(|known| known.error.clone()),
            url,
        }
    })
    .collect()
}

/// What is not as it should be. Why a collector gets nothing may quote what is for root
/// alone, so that others hear only that it does not.
#[must_use]
pub(crate) fn findings(agent: &Agent, collectors: &[Collector], is_root: bool) -> Vec<Finding> {
    let courier = &agent.courier;
    if courier.is_wanted() && courier.present.get() == 0 {
        return vec![Finding {
            what: "writ-courier is not there, so that nothing goes to collectors or the hub"
                .to_owned(),
            remedy: "`systemctl status writ-courier.path writ-courier.service` says more"
                .to_owned(),
        }];
    }
    let failing = collectors.iter().filter_map(|collector| {
        let error = collector.error.as_ref()?;
        let (url, waiting) = (shown(&collector.url), collector.waiting);
        let why = if is_root { shown(error) } else { "root sees why".to_owned() };
        Some(Finding {
            what: format!("the collector {url} gets nothing, and {waiting} lines wait for it: {why}"),
            remedy: "they wait in the ledger and go when it can be reached; `journalctl -u writ-courier` says more".to_owned(),
        })
    });
    courier.hub_finding(is_root).into_iter().chain(failing).collect()
}
