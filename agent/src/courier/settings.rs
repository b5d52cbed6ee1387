//! What the courier is to carry where, now and after each change; and the file by which
//! PID 1 knows that there is anything.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::rc::Rc;

use writ_policy::Remote;
use writ_protocol::courier::{HubSettings, Settings};

use super::{Counted, Courier, Ended, admit};
use crate::agent::Agent;
use crate::connection::Caller;
use crate::stream::{Follows, FrameStream, StreamError};

/// Tells the settings until the connection ends.
///
/// # Errors
/// Always: why it ends.
pub(crate) async fn settings(
    agent: &Rc<Agent>,
    caller: &Caller,
    stream: &mut FrameStream,
) -> Result<std::convert::Infallible, Ended> {
    admit(agent, caller).await?;
    let present = Counted::one_more(&agent.courier.present);
    let ended = tell(agent, stream).await;
    drop(present);
    agent.courier.judge(&agent.core);
    ended
}

async fn tell(
    agent: &Rc<Agent>,
    stream: &mut FrameStream,
) -> Result<std::convert::Infallible, Ended> {
    let courier = &agent.courier;
    let mut remote = courier.remote.subscribe();
    loop {
        let told = told(&remote.borrow_and_update(), agent.host());
        stream.reply(&told, Follows::More).await?;
        tokio::select! {
            // The sender is the agent's own, which outlives the connection.
            _ = remote.changed() => {}
            frame = stream.next_frame(None) => {
                frame?;
                return Err(StreamError::Malformed.into());
            }
        }
    }
}

fn told(remote: &Remote, host: String) -> Settings {
    Settings {
        host,
        collectors: remote.audit.collectors.iter().map(ToString::to_string).collect(),
        collectors_ca: remote.audit.ca.clone(),
        hub: hub_settings(remote),
    }
}

/// Where the hub is, as the courier is told it.
pub(super) fn hub_settings(remote: &Remote) -> Option<HubSettings> {
    let hub = remote.hub.clone()?;
    Some(HubSettings { url: hub.url, proxy: hub.proxy, ca: hub.ca, pins: hub.pins })
}

impl Courier {
    /// Puts the file there that writ-courier.path waits for, or takes it away.
    pub(crate) fn say_whether_wanted(&self, file: &Path) {
        let said = match self.is_wanted() {
            true => fs::write(file, ""),
            false => match fs::remove_file(file) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                other => other,
            },
        };
        if let Err(error) = said {
            eprintln!(
                "whether the courier has anything to do cannot be said in {}: {error}",
                file.display()
            );
        }
    }
}
