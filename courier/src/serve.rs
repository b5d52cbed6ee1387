//! The courier from its start to its stop: it does what the agent says is to be done,
//! and anew when that changes.

use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;
use writ_protocol::calls::Replies;
use writ_protocol::courier::{CourierSettings, Settings};
use writ_uplink::Backoff;

use crate::agent::{Agent, AgentError};
use crate::collector::Collector;
use crate::hub::Hub;
use crate::limits::Pace;
use crate::positions::{Positions, PositionsError};
use crate::sentence;
use crate::standing::Standing;

/// Where things are.
#[derive(Debug, Clone)]
pub struct Places {
    /// The agent's socket.
    pub socket: PathBuf,
    /// What is kept.
    pub state: PathBuf,
    /// How fast things go.
    pub pace: Pace,
}

/// Why the courier does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What is kept cannot be read.
    #[error(transparent)]
    Positions(#[from] PositionsError),
    /// The system refuses.
    #[error("signals cannot be waited for")]
    Signals(#[source] io::Error),
}

/// Carries until it is told to stop, or until there is nothing to carry.
///
/// # Errors
/// When it cannot start.
pub async fn serve(places: Places) -> Result<(), StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Signals)?;
    let positions = Rc::new(Positions::read(&places.state)?);
    let local = LocalSet::new();
    let carry = local.run_until(carry(places, positions));
    tokio::select! {
        () = carry => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Ends when there is nothing to carry.
async fn carry(places: Places, positions: Rc<Positions>) {
    let standing = Rc::new(Standing::default());
    let (reporting, socket) = (Rc::clone(&standing), places.socket.clone());
    let pace = places.pace;
    tokio::task::spawn_local(async move { reporting.report(&socket, pace).await });
    let mut backoff = Backoff::from(places.pace.first_wait);
    let mut tasks = JoinSet::new();
    let mut known: Option<Settings> = None;
    loop {
        let mut told = Ok(());
        let called = Agent::call(&places.socket, &CourierSettings {}, Replies::More).await;
        match called {
            Err(error) => told = Err(error),
            Ok(mut agent) => {
                while told.is_ok() {
                    match agent.reply::<CourierSettings>().await {
                        Err(error) => told = Err(error),
                        Ok((settings, _)) => {
                            backoff.reset();
                            // An agent that was started anew knows nothing of how it goes.
                            standing.expect(&settings.collectors);
                            if known.as_ref() == Some(&settings) {
                                continue;
                            }
                            if settings.collectors.is_empty() && settings.hub.is_none() {
                                return;
                            }
                            tasks.shutdown().await;
                            begin(&places, &settings, &positions, &standing, &mut tasks);
                            known = Some(settings);
                        }
                    }
                }
            }
        }
        if let Err(error) = told {
            wait(&error, &mut backoff).await;
        }
    }
}

async fn wait(error: &AgentError, backoff: &mut Backoff) {
    /// The agent is back at once, mostly.
    const AT_FIRST: Duration = Duration::from_millis(200);
    eprintln!("{}", sentence(error));
    let wait = backoff.wait();
    sleep(if matches!(error, AgentError::Call(_)) { wait.min(AT_FIRST) } else { wait }).await;
}

fn begin(
    places: &Places,
    settings: &Settings,
    positions: &Rc<Positions>,
    standing: &Rc<Standing>,
    tasks: &mut JoinSet<()>,
) {
    for url in &settings.collectors {
        let collector = Collector {
            url: url.clone(),
            host: settings.host.clone(),
            ca: settings.collectors_ca.as_ref().map(PathBuf::from),
            socket: places.socket.clone(),
            positions: Rc::clone(positions),
            standing: Rc::clone(standing),
            pace: places.pace,
        };
        tasks.spawn_local(collector.serve());
    }
    if let Some(hub) = &settings.hub {
        let hub = Hub {
            settings: hub.clone(),
            socket: places.socket.clone(),
            state: places.state.clone(),
            standing: Rc::clone(standing),
            pace: places.pace,
        };
        tasks.spawn_local(hub.serve());
    }
}
