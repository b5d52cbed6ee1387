//! The commands that went on while the agent was away. Their sudo has lost its
//! connection and may end without a word, so the end of its process is awaited.

use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use writ_engine::facts::{AttemptId, Leader};
use writ_engine::{Event, Starter};

use crate::agent::Agent;
use crate::{bounded, process};

/// How long a process rests unwatched when the system has no descriptor left.
const WATCH_REST: Duration = Duration::from_secs(1);

/// Looks at every command that the ledger says runs: one whose process is gone has
/// ended, the others' ends are awaited. Must be called inside of the local tasks.
pub(crate) fn await_ends(agent: &Rc<Agent>) {
    let core = &agent.core;
    // What runs as a service has its end from PID 1.
    let running: Vec<(AttemptId, Option<Leader>)> = core.look(|engine| {
        let of_doors = engine.running().filter(|running| running.starter == Starter::Door);
        of_doors.map(|running| (running.attempt.clone(), running.leader)).collect()
    });
    for (attempt, leader) in running {
        tokio::task::spawn_local(await_end(Rc::clone(agent), attempt, leader));
    }
}

/// A command without a process on record is one of an agent that put none there,
/// and cannot be found again.
async fn await_end(agent: Rc<Agent>, attempt: AttemptId, leader: Option<Leader>) {
    if let Some(leader) = leader {
        ended(leader).await;
    }
    bounded::await_scopes(&agent, &attempt).await;
    let core = &agent.core;
    // A connection of its own counts more: "sudo -b" goes on in a child that has it.
    if !core.has_door(&attempt) {
        let _ = core.submit(Event::Left { attempt });
    }
}

/// Waits until a process has ended.
async fn ended(leader: Leader) {
    loop {
        match watched(leader) {
            Ok(None) => return,
            // A pidfd is readable once its process has ended (pidfd_open(2)).
            Ok(Some(process)) if process.readable().await.is_ok() => return,
            Ok(Some(_)) | Err(_) => tokio::time::sleep(WATCH_REST).await,
        }
    }
}

/// The process; none when it has ended, even if another has its number now.
fn watched(leader: Leader) -> io::Result<Option<AsyncFd<OwnedFd>>> {
    let Some(pid) = Pid::from_raw(leader.pid) else { return Ok(None) };
    let process = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(Errno::SRCH | Errno::INVAL) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    // Of the process that is held, or of a later one if that has ended meanwhile:
    // then the times differ.
    match process::started_ticks(leader.pid) {
        Ok(started_ticks) if started_ticks == leader.started_ticks => {}
        _ => return Ok(None),
    }
    #[allow(
        deprecated,
        reason = "the descriptor is owned by what registers it, and so lives as long"
    )]
    AsyncFd::with_interest(process, Interest::READABLE).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command, Stdio};

    fn started() -> (Child, Leader) {
        let child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        (child, Leader { pid, started_ticks: process::started_ticks(pid).unwrap() })
    }

    #[tokio::test]
    async fn a_process_is_awaited_until_it_ends() {
        let (mut child, leader) = started();
        assert!(watched(leader).unwrap().is_some());
        drop(child.stdin.take());
        ended(leader).await;
        child.wait().unwrap();
        assert!(watched(leader).unwrap().is_none());
    }

    #[tokio::test]
    async fn a_later_process_with_the_same_number_is_another() {
        let (mut child, leader) = started();
        let earlier = Leader { started_ticks: leader.started_ticks - 1, ..leader };
        assert!(watched(earlier).unwrap().is_none());
        ended(earlier).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
