//! The agent from its start to its stop.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener as StdListener;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use writ_engine::Event;

use crate::agent::Agent;
use crate::clock::DeadlineTimer;
use crate::connection;
use crate::core::{Core, Store};
use crate::policy_files;
use crate::record::JournalWriter;
use crate::settings::Places;
use crate::socket::Listener;
use crate::userdb::UserDatabase;
use crate::{bounded, courier, hinges, jobs, leaders, runs, start, store, without_agent};

/// After something was written through: when it is on the disk at the latest.
const SYNC_WITHIN: Duration = Duration::from_secs(1);

/// After something was recorded by policy alone: when the journal has it at the
/// latest. Longer than a sudo takes that waits for nobody.
pub(crate) const COPY_WITHIN: Duration = Duration::from_millis(25);

/// How long accepting rests when the system has no descriptor left.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Why the agent does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The ledger.
    #[error("the ledger in {path} cannot be opened")]
    Ledger {
        /// Where it is.
        path: String,
        /// Why.
        #[source]
        source: writ_ledger::OpenError,
    },
    /// The system.
    #[error("{what} failed")]
    System {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The first records cannot be written, or the kernel lacks something.
    #[error("the start cannot be put on record: {0}")]
    Record(writ_protocol::ErrorReply),
}

/// Serves until it is told to stop.
///
/// # Errors
/// When it cannot start.
pub async fn serve(places: Places) -> Result<(), StartError> {
    let system = |what| move |source| StartError::System { what, source };
    let found = store::open(&places.ledger()).map_err(|source| StartError::Ledger {
        path: places.ledger().display().to_string(),
        source,
    })?;
    let journal = JournalWriter::start().map_err(system("starting the journal's thread"))?;
    let policy = policy_files::at_start(&places.policy, &places.last_good());
    if let Some(error) = &policy.error {
        eprintln!("the policy files are not taken, the last good ones stay in force:\n{error}");
    }
    let sealed = match &found.store {
        Store::Sealed(why) => Some(why.clone()),
        Store::Open(_) => None,
    };
    let user_database = UserDatabase::start(&places.user_database)
        .map(Rc::new)
        .map_err(system("starting the user database"))?;
    let (core, queue) = Core::new(
        found.engine,
        Arc::clone(&policy.policy),
        found.store,
        journal,
        Rc::clone(&user_database),
    );
    match &sealed {
        // Nothing can be recorded, so nothing will be granted; people are told why.
        Some(why) => eprintln!("the ledger is broken and everything is refused: {why}"),
        None => {
            let started =
                start::started(policy.policy, found.torn_bytes).map_err(StartError::Record)?;
            core.submit(started).map_err(StartError::Record)?;
            if let Some(message) = policy.error.clone() {
                let _ = core.submit(Event::PolicyRefused { message });
            }
        }
    }
    let listener = listener(&places.socket).map_err(system("listening"))?;
    let agent = Rc::new(Agent::new(core, places, policy.error, policy.remote));
    let local = tokio::task::LocalSet::new();
    let stop = local.run_until(run(agent, user_database, listener, queue, sealed.is_some())).await;
    stop.map_err(system("serving"))
}

async fn run(
    agent: Rc<Agent>,
    user_database: Rc<UserDatabase>,
    listener: Listener,
    queue: tokio::sync::mpsc::UnboundedReceiver<crate::core::Job>,
    sealed: bool,
) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::task::spawn_local(jobs::run(Rc::clone(&agent), queue));
    tokio::task::spawn_local(keep_time(Rc::clone(&agent.core), DeadlineTimer::new()?));
    tokio::task::spawn_local(sync_in_groups(Rc::clone(&agent.core)));
    tokio::task::spawn_local(copy_in_groups(Rc::clone(&agent.core)));
    tokio::task::spawn_local(async move { user_database.keep_watchdog().await });
    leaders::await_ends(&agent);
    tokio::task::spawn_local(bounded::reconcile(Rc::clone(&agent)));
    tokio::task::spawn_local(bounded::warn_in_time(Rc::clone(&agent), DeadlineTimer::new()?));
    tokio::task::spawn_local(bounded::keep_held(Rc::clone(&agent)));
    tokio::task::spawn_local(bounded::watch_logouts(Rc::clone(&agent)));
    tokio::task::spawn_local(hinges::watch(Rc::clone(&agent)));
    tokio::task::spawn_local(courier::refuse_what_cannot_go(Rc::clone(&agent)));
    runs::await_ends(&agent);
    tokio::task::spawn_local(without_agent::keep_taking(Rc::clone(&agent)));
    tokio::task::spawn_local(accept(Rc::clone(&agent), listener));
    tell_systemd(&[NotifyState::Ready]);
    if sealed {
        tell_systemd(&[NotifyState::Status("the ledger is broken; everything is refused")]);
    }
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {
                if let Err(error) = agent.reload() {
                    eprintln!("{error}");
                }
            }
        }
    }
    tell_systemd(&[NotifyState::Stopping]);
    agent.core.stop();
    Ok(())
}

/// The socket that systemd holds, or one of our own.
fn listener(path: &Path) -> io::Result<Listener> {
    let listener = match ListenFd::from_env().take_unix_listener(0)? {
        Some(listener) => listener,
        None => bind(path)?,
    };
    listener.set_nonblocking(true)?;
    Listener::new(listener)
}

/// Everybody may connect: who may do what is decided by who he is.
fn bind(path: &Path) -> io::Result<StdListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = StdListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

async fn accept(agent: Rc<Agent>, listener: Listener) {
    loop {
        match listener.accept().await {
            Ok(connection) => {
                tokio::task::spawn_local(connection::serve(Rc::clone(&agent), connection));
            }
            // No descriptor left, most likely: whoever holds them will end.
            Err(_) => tokio::time::sleep(ACCEPT_REST).await,
        }
    }
}

/// Wakes the engine at its deadlines, and at nothing else.
async fn keep_time(core: Rc<Core>, timer: DeadlineTimer) {
    let mut set = None;
    loop {
        let deadline = core.next_deadline();
        if set != Some(deadline) {
            if timer.set(deadline).is_err() {
                return;
            }
            set = Some(deadline);
        }
        tokio::select! {
            () = core.deadline_changed.notified() => {}
            woken = timer.wait() => {
                if woken.is_err() {
                    return;
                }
                // It does not go off twice.
                set = None;
                let _ = core.submit(Event::Tick);
            }
        }
    }
}

async fn sync_in_groups(core: Rc<Core>) {
    loop {
        core.sync_wanted.notified().await;
        tokio::time::sleep(SYNC_WITHIN).await;
        if let Err(error) = core.sync() {
            eprintln!("the ledger is not synced, and everything is refused from now on: {error}");
        }
    }
}

async fn copy_in_groups(core: Rc<Core>) {
    loop {
        core.copy_wanted.notified().await;
        tokio::time::sleep(COPY_WITHIN).await;
        core.copy();
    }
}

/// Outside of systemd nobody listens, and that is no error.
fn tell_systemd(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(state);
}
