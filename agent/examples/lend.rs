//! Lends groups without an agent: the user database alone, told what to lend by
//! hand. The host tests see it work with it.
//!
//! ```text
//! lend STATE CONTROL
//! ```
//!
//! Whoever connects to the socket CONTROL writes lines of `USER:GROUP:GID`, all that
//! is lent from then on, and ends his side; `done` comes back once it is lent. STATE
//! keeps it, so that a restart lends it again, as the agent's ledger does.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use sd_notify::NotifyState;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use writ_agent::userdb::{FOLDER, Lent, UserDatabase};
use writ_engine::time::BootTime;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [state, control] = arguments.as_slice() else { return Err("lend STATE CONTROL".into()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    runtime.block_on(local.run_until(serve(Path::new(state), Path::new(control))))
}

async fn serve(state: &Path, control: &Path) -> Outcome<()> {
    let database = Rc::new(UserDatabase::start(Path::new(FOLDER))?);
    if let Ok(lines) = fs::read_to_string(state) {
        database.publish(parsed(&lines)?)?;
    }
    let _ = fs::remove_file(control);
    let listener = UnixListener::bind(control)?;
    tokio::task::spawn_local({
        let database = Rc::clone(&database);
        async move { database.keep_watchdog().await }
    });
    sd_notify::notify(&[NotifyState::Ready])?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        let said = match lend(&database, state, &mut stream).await {
            Ok(()) => "done\n".to_owned(),
            Err(error) => format!("{error}\n"),
        };
        stream.write_all(said.as_bytes()).await?;
    }
}

async fn lend(database: &UserDatabase, state: &Path, stream: &mut UnixStream) -> Outcome<()> {
    let mut lines = String::new();
    stream.read_to_string(&mut lines).await?;
    let lent = parsed(&lines)?;
    fs::write(state, &lines)?;
    database.publish(lent)?;
    Ok(())
}

fn parsed(lines: &str) -> Outcome<BTreeSet<Lent>> {
    lines.lines().map(membership).collect()
}

fn membership(line: &str) -> Outcome<Lent> {
    let words: Vec<&str> = line.split(':').collect();
    let [user, group, gid] = words.as_slice() else {
        return Err(format!("{line} is not USER:GROUP:GID").into());
    };
    Ok(Lent {
        user: (*user).to_owned(),
        group: (*group).to_owned(),
        gid: gid.parse()?,
        until: BootTime(u64::MAX),
    })
}
