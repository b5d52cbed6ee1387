//! What takes time: looking at files, writing to terminals. Each runs beside the
//! loop, and its end is an event again.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use writ_engine::Event;
use writ_engine::facts::{AttemptId, Person};
use writ_engine::id::RequestId;
use writ_engine::policy::Selector;
use writ_protocol::ErrorReply;

use crate::agent::Agent;
use crate::core::Job;
use crate::examine::Writer;
use crate::notice::{self, Allowance, Notice, Quota, Screen};
use crate::record::{run_as, wanted};
use crate::{bounded, clock, examine, glass, runs, sessions};

/// How many files are looked at at once: more would only seek.
const EXAMINATIONS_MAX: usize = 4;

/// Does what the engine wants done, until the agent ends.
pub(crate) async fn run(agent: Rc<Agent>, mut queue: mpsc::UnboundedReceiver<Job>) {
    let examinations = Arc::new(Semaphore::new(EXAMINATIONS_MAX));
    let quota = Rc::new(RefCell::new(Quota::default()));
    while let Some(job) = queue.recv().await {
        match job {
            Job::Examine { attempt, path, person } => {
                let agent = Rc::clone(&agent);
                let examinations = Arc::clone(&examinations);
                tokio::task::spawn_local(async move {
                    let Ok(_turn) = examinations.acquire().await else { return };
                    examine_for(&agent, attempt, path, &person).await;
                });
            }
            Job::FindGroups { attempt, groups, numbers } => {
                tokio::task::spawn_local(find_groups(Rc::clone(&agent), attempt, groups, numbers));
            }
            Job::End(remains) => {
                tokio::task::spawn_local(bounded::end(Rc::clone(&agent), *remains));
            }
            Job::Prolong { id } => {
                tokio::task::spawn_local(runs::put_off(Rc::clone(&agent), id));
                tokio::task::spawn_local(bounded::prolong(Rc::clone(&agent), id));
            }
            Job::Stop { attempt, id } => {
                tokio::task::spawn_local(runs::stop(Rc::clone(&agent), id, attempt));
            }
            Job::Announce { id, about } => glass::announce(&id.to_string(), &about).await,
            Job::Notify { id, from } => notify(&agent, &quota, id, from.as_deref()).await,
        }
    }
}

async fn examine_for(agent: &Agent, attempt: AttemptId, path: String, person: &Person) {
    let outcome = match agent.accounts.writers(person).await {
        Err(error) => Err(ErrorReply::Refused { message: error.to_string() }),
        Ok(writers) => tokio::task::spawn_blocking({
            let writers = with_what_is_lent(agent, writers);
            move || examine::examine(&path, &writers)
        })
        .await
        .map_err(|_| ErrorReply::Refused {
            message: "the command's file could not be read".to_owned(),
        }),
    };
    let told = outcome.and_then(|evidence| {
        agent.core.submit(Event::Examined { attempt: attempt.clone(), evidence })
    });
    if let Err(error) = told {
        agent.core.fail(&attempt, error);
    }
}

/// The groups that somebody is lent let him write files too. The agent's own look-ups
/// do not have them: whom a policy is for does not hang on what is lent.
fn with_what_is_lent(agent: &Agent, mut writers: Vec<Writer>) -> Vec<Writer> {
    agent.core.look(|engine| {
        for loan in engine.loans() {
            let uid = loan.person.account.uid.0;
            for writer in writers.iter_mut().filter(|writer| writer.uid == uid) {
                writer.groups.insert(loan.gid);
            }
        }
    });
    writers
}

/// Looks up the groups that a window would lend.
async fn find_groups(
    agent: Rc<Agent>,
    attempt: AttemptId,
    groups: BTreeSet<String>,
    numbers: BTreeSet<u32>,
) {
    let found = agent.accounts.look_up_groups(groups, numbers).await;
    let told = match found {
        Err(error) => Err(ErrorReply::Refused { message: error.to_string() }),
        Ok((groups, free)) => {
            let found = Event::GroupsFound { attempt: attempt.clone(), groups, free };
            agent.core.submit(found).map(drop)
        }
    };
    if let Err(error) = told {
        agent.core.fail(&attempt, error);
    }
}

/// Tells approvers who are logged in that a request waits for them. Whom that is, the
/// engine says, by the policy in force.
async fn notify(
    agent: &Rc<Agent>,
    quota: &Rc<RefCell<Quota>>,
    id: RequestId,
    from: Option<&[Selector]>,
) {
    let Some(line) = agent.core.look(|engine| {
        let subject = engine.subject(id)?;
        let notice = Notice {
            id: id.to_string(),
            user: writ_protocol::text::shown(&subject.requester.account.name),
            command: wanted(subject.act),
            run_as: writ_protocol::text::shown(run_as(subject.act, subject.requester)),
        };
        Some(notice.line())
    }) else {
        return;
    };
    let Ok(terminals) = tokio::task::spawn_blocking(sessions::on_terminals).await else { return };
    let mut asked = HashMap::new();
    for (session, terminal) in terminals {
        let uid = session.uid;
        let is_asked = match asked.get(&uid) {
            Some(known) => *known,
            None => {
                let person = agent.accounts.plain_person(uid).await;
                person.is_ok_and(|person| {
                    agent.core.look(|engine| engine.waits_for(clock::now(), &person, id, from))
                })
            }
        };
        asked.insert(uid, is_asked);
        if !is_asked {
            continue;
        }
        let screen = (terminal, uid);
        let allowance = quota.borrow_mut().take(&screen, id, clock::now().boot);
        match allowance {
            Allowance::Line => {
                let line = line.clone();
                // Nobody waits for it: a terminal that hangs takes only its own line along.
                drop(tokio::task::spawn_blocking(move || notice::write(&screen.0, uid, &line)));
            }
            Allowance::DigestAfter(span) => {
                let (agent, quota) = (Rc::clone(agent), Rc::clone(quota));
                tokio::task::spawn_local(async move {
                    tokio::time::sleep(span.into()).await;
                    tell_of_many(&agent, &quota, screen).await;
                });
            }
            Allowance::Held => {}
        }
    }
}

/// One line for all that was held back from a terminal and still waits for its user.
async fn tell_of_many(agent: &Agent, quota: &RefCell<Quota>, screen: Screen) {
    let held = quota.borrow_mut().digest(&screen);
    let (terminal, uid) = screen;
    let Ok(person) = agent.accounts.plain_person(uid).await else { return };
    let now = clock::now();
    let waiting = agent.core.look(|engine| {
        held.into_iter().filter(|id| engine.waits_for(now, &person, *id, None)).count()
    });
    if waiting > 0 {
        let line = notice::digest_line(waiting);
        drop(tokio::task::spawn_blocking(move || notice::write(&terminal, uid, &line)));
    }
}
