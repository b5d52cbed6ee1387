//! The calls that look: lists, one request, the state of the agent; and root's.

use std::rc::Rc;

use writ_engine::facts::{Action, Command, Door, Person, RunAs, ServiceSession, Window};
use writ_engine::id::RequestId;
use writ_engine::policy::Mode;
use writ_engine::record::Outcome;
use writ_engine::{Engine, Event, Listed, Stage};
use writ_protocol::ErrorReply;
use writ_protocol::answers::{self, Accepted, Decision, Nothing, RequestState};
use writ_protocol::calls::{self, Scope, Verdict};

use crate::agent::Agent;
use crate::connection::Caller;
use crate::deciding::person;
use crate::door::request_id;
use crate::{bounded, clock, courier, without_agent as beside_agent};

/// What a caller may see.
///
/// # Errors
/// When he asks for more than that.
pub(crate) async fn list(
    agent: &Rc<Agent>,
    caller: &Caller,
    list: calls::List,
) -> Result<answers::Listed, ErrorReply> {
    let person = person(agent, caller).await?;
    if list.scope == Scope::All && !person.is_root() {
        return Err(ErrorReply::PermissionDenied);
    }
    let host = agent.host();
    let now = clock::now();
    if list.scope == Scope::Decidable {
        let open = |engine: &Engine| engine.list().map(|listed| listed.id).collect();
        looks_at(agent, &person, open);
    }
    let mut requests = agent.core.look(|engine| {
        engine
            .list()
            .filter(|listed| match list.scope {
                Scope::All => true,
                Scope::Own => listed.opened.requester.may_be(&person),
                Scope::Decidable => {
                    listed.stage == Stage::Pending
                        && engine.may_decide(now, &person, listed.id).is_ok()
                }
            })
            .map(|listed| as_listed(engine, &listed, &person, &host))
            .collect::<Vec<_>>()
    });
    requests.sort_by_key(|request| request.opened_wall_ms);
    Ok(answers::Listed { requests })
}

/// One request, with the text that a decision is bound to. One that the caller may
/// not see is not there for him.
///
/// # Errors
/// When there is none for him.
pub(crate) async fn show(
    agent: &Rc<Agent>,
    caller: &Caller,
    show: calls::Show,
) -> Result<answers::Shown, ErrorReply> {
    let person = person(agent, caller).await?;
    let id = request_id(&show.id)?;
    let host = agent.host();
    looks_at(agent, &person, |_| vec![id]);
    agent
        .core
        .look(|engine| {
            let listed = engine.get(id).filter(|_| engine.visible_to(clock::now(), &person, id))?;
            Some(answers::Shown {
                request: as_listed(engine, &listed, &person, &host),
                question: listed.opened.question.clone(),
                digest: listed.opened.digest.clone(),
            })
        })
        .ok_or_else(|| ErrorReply::NotFound { id: id.to_string() })
}

/// The state of the agent. Why a policy is refused and what is broken is told to
/// root alone: it may quote files that others may not read.
///
/// # Errors
/// None.
pub(crate) async fn status(
    agent: &Rc<Agent>,
    caller: &Caller,
    _status: calls::Status,
) -> Result<answers::Status, ErrorReply> {
    let standing = agent.policy_standing();
    let for_root = |text: String| {
        if caller.peer.is_root() { text } else { "root sees why with `writ status`".to_owned() }
    };
    let policy = agent.core.policy();
    let settings = policy.settings();
    let counts = agent.core.look(Engine::counts);
    let collectors = courier::listed(agent);
    let courier = courier::findings(agent, &collectors, caller.peer.is_root());
    let alone = match caller.peer.is_root() && policy.speaks_without_agent() {
        true => without_agent(agent, settings.mode).await,
        false => None,
    };
    Ok(answers::Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        host: settings.host.name.clone(),
        mode: match settings.mode {
            Mode::Enforce => answers::Mode::Enforce,
            Mode::Observe => answers::Mode::Observe,
        },
        sealed: agent.core.sealed().map(for_root),
        policy_digest: settings.digest.clone(),
        policy_loaded_wall_ms: standing.loaded_wall_ms,
        policy_error: standing.error.map(for_root),
        roles: count(settings.roles.len()),
        pending: count(counts.open),
        granted: count(counts.granted),
        running: count(counts.running),
        connections_refused: agent.refused(),
        journal_lines_dropped: agent.core.journal_dropped(),
        findings: agent
            .core
            .lending_failed()
            .map(cannot_lend)
            .into_iter()
            .chain(unreviewed(agent.core.look(Engine::open_reviews).len()))
            .chain(courier)
            .chain(alone)
            .collect(),
        collectors: if caller.peer.is_root() { collectors } else { Vec::new() },
    })
}

/// What would keep things from passing while the agent cannot be reached, which should.
async fn without_agent(agent: &Agent, mode: Mode) -> Option<answers::Finding> {
    let places = agent.places.clone();
    let looked = tokio::task::spawn_blocking(move || beside_agent::look(&places, mode)).await;
    let why = looked.ok()?.err()?;
    let what = format!("while the agent cannot be reached, nothing would pass that should: {why}");
    let remedy = "`systemctl reload writd`, which takes the policy files as they are, or says what is wrong with them";
    Some(answers::Finding { what, remedy: remedy.to_owned() })
}

/// Nothing where nothing waits.
fn unreviewed(uses: usize) -> Option<answers::Finding> {
    let what = match uses {
        0 => return None,
        1 => "a use of break-glass waits for somebody else to review it".to_owned(),
        uses => format!("{uses} uses of break-glass wait for somebody else to review them"),
    };
    let remedy = "`writ audit review` lists them, `writ audit review ID` says that you have";
    Some(answers::Finding { what, remedy: remedy.to_owned() })
}

fn cannot_lend(what: String) -> answers::Finding {
    let remedy = "windows of roles are open and their groups are not lent; see to it, then `systemctl restart writd`";
    answers::Finding { what, remedy: remedy.to_owned() }
}

/// Reads the policy files again.
///
/// # Errors
/// When the caller is not root, or the files are not taken.
pub(crate) async fn reload(
    agent: &Rc<Agent>,
    caller: &Caller,
    _reload: calls::Reload,
) -> Result<Nothing, ErrorReply> {
    if !caller.peer.is_root() {
        return Err(ErrorReply::PermissionDenied);
    }
    agent.reload().map(|()| Nothing {})
}

/// Root has seen that the ledger is broken.
///
/// # Errors
/// When the caller is not root, or it is not broken.
pub(crate) async fn acknowledge_break(
    agent: &Rc<Agent>,
    caller: &Caller,
    acknowledge: calls::AcknowledgeBreak,
) -> Result<Accepted, ErrorReply> {
    if !caller.peer.is_root() {
        return Err(ErrorReply::PermissionDenied);
    }
    let by = person(agent, caller).await?;
    let kept = agent.acknowledge_break(by, acknowledge.comment)?;
    // What a lost part of the ledger told of has no grant any more.
    tokio::task::spawn_local(bounded::reconcile(Rc::clone(agent)));
    Ok(Accepted { kept })
}

/// Whoever waits for one of these is told that somebody who may decide has seen it. Of
/// requests that he has seen before, nothing is told, and nothing of this is on record.
fn looks_at(agent: &Agent, person: &Person, at: impl FnOnce(&Engine) -> Vec<RequestId>) {
    let now = clock::now();
    let ids: Vec<RequestId> = agent.core.look(|engine| {
        at(engine).into_iter().filter(|id| engine.is_unseen(now, person, *id)).collect()
    });
    if !ids.is_empty() {
        // It is for those who wait; whoever looks is shown the same without it.
        let _ = agent.core.submit(Event::LookedAt { person: person.clone(), ids });
    }
}

fn as_listed(
    engine: &Engine,
    listed: &Listed<'_>,
    person: &Person,
    host: &str,
) -> answers::Request {
    let opened = listed.opened;
    let (requester, act) = (&opened.requester, &opened.act);
    let now = clock::now();
    let may_decide = match listed.stage {
        Stage::Pending => {
            engine.may_decide(now, person, listed.id).map_err(|refusal| refusal.to_string())
        }
        Stage::Granted | Stage::Running => Err("it is decided".to_owned()),
    };
    answers::Request {
        id: listed.id.to_string(),
        state: match listed.stage {
            Stage::Pending => RequestState::Pending,
            Stage::Granted => RequestState::Granted,
            Stage::Running => RequestState::Running,
        },
        user: requester.account.name.clone(),
        uid: requester.account.uid.0,
        login_user: requester.login.as_ref().map(|login| login.name.clone()),
        login_uid: requester.login.as_ref().map(|login| login.uid.0),
        host: host.to_owned(),
        door: match act.door {
            Door::Sudo => "sudo",
            Door::Pam => "pam",
            Door::Writ => "writ",
        }
        .to_owned(),
        role: opened.source.role.clone(),
        rule: opened.source.rule.clone(),
        command: act.aim.command().map(as_command),
        session: act.aim.session().map(as_session),
        window: act.aim.window().map(as_window),
        extends: opened.extends.map(|grant| grant.to_string()),
        reason: opened.reason.clone(),
        ticket: opened.ticket.clone(),
        tty: act.tty.clone(),
        source_ip: act.source_ip.clone(),
        asked: listed.asked(),
        needed: opened.needed,
        seen: engine
            .seen(listed.id)
            .map(|(by, at)| answers::Seen { by: by.name.clone(), wall_ms: at.wall.0 })
            .collect(),
        decisions: listed
            .answers()
            .map(|answer| Decision {
                by: answer.by.name().to_owned(),
                in_place_of: answer.in_place_of.map(str::to_owned),
                self_approval: opened.requester.may_be(answer.by),
                verdict: match answer.outcome {
                    Outcome::Approve => Verdict::Approve,
                    _ => Verdict::Deny,
                },
                comment: answer.comment.map(str::to_owned),
                wall_ms: answer.at.wall.0,
            })
            .collect(),
        opened_wall_ms: listed.at.wall.0,
        remaining_ms: listed.deadline.map_or(0, |deadline| deadline.since(now.boot).0),
        uses_left: listed.uses_left,
        running: count(listed.running),
        digest: opened.digest.clone(),
        may_decide: may_decide.is_ok(),
        why_not: may_decide.err(),
    }
}

fn as_command(command: &Command) -> calls::Command {
    calls::Command {
        path: command.path.clone(),
        argv: command.argv.clone(),
        cwd: command.cwd.clone(),
        run_as: as_run_as(&command.run_as),
        edit: command.action == Action::Edit,
    }
}

fn as_session(session: &ServiceSession) -> calls::Session {
    calls::Session {
        service: session.service.clone(),
        run_as: as_run_as(&session.run_as),
        typed: session.typed.clone(),
    }
}

fn as_run_as(run_as: &RunAs) -> calls::RunAs {
    calls::RunAs { user: run_as.user.clone(), uid: run_as.uid.0, group: run_as.group.clone() }
}

fn as_window(window: &Window) -> answers::Window {
    answers::Window {
        role: window.role.clone(),
        groups: window.groups.keys().cloned().collect(),
        actions: window.actions.keys().cloned().collect(),
        capabilities: window.capabilities.iter().cloned().collect(),
        root_equivalent: window.root_equivalent.iter().cloned().collect(),
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
