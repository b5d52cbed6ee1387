//! The catalog's texts against the entries that they explain: journalctl shows the
//! bare name of a field that an entry does not have.

use std::collections::BTreeSet;

use writ_engine::Subject;
use writ_engine::facts::{
    Account, Act, Action, Aim, AttemptId, Command, Door, Ending, Person, Presence, RunAs, Uid,
};
use writ_engine::hinges::{DoorChange, Hinge, Standing};
use writ_engine::id::IdKey;
use writ_engine::record::{
    About, AnswerRefused, BreakGlass, By, EndReason, ExpiryReason, Force, Made, Opened, Outcome,
    Record, SessionEnd, SessionEnding, Source, What,
};
use writ_engine::time::{BootTime, Now, Span, WallTime};

use super::Entry;

const CATALOG: &str = include_str!("../../../systemd/writ.catalog");

#[test]
fn each_explanation_names_fields_that_its_entry_always_has() {
    let (person, act, source) = (person(), act(), Source::default());
    let subject = Subject {
        requester: &person,
        act: &act,
        source: &source,
        reason: None,
        ticket: None,
        digest: None,
    };
    let entries: Vec<Entry> = barest()
        .into_iter()
        .map(|what| {
            let is_of_one = !matches!(
                what,
                What::AgentStarted { .. }
                    | What::AgentStopped
                    | What::PolicyLoaded { .. }
                    | What::PolicyRefused { .. }
                    | What::DoorChanged(_)
                    | What::AnswerRefused(_)
                    | What::LedgerAcknowledged { .. }
            );
            let id = is_of_one.then(|| "7K3M-Q2".parse().unwrap());
            let at = Now { boot: BootTime(0), wall: WallTime(0) };
            Entry::new(&Record { at, id, what }, is_of_one.then_some(&subject))
        })
        .collect();
    for (event, fields) in explained() {
        let entry = entries.iter().find(|entry| entry.event == event).expect(event);
        let has: BTreeSet<&str> = entry.fields.iter().map(|field| field.name).collect();
        let missing: Vec<_> = fields.difference(&has).collect();
        assert!(missing.is_empty(), "{event} is explained with {missing:?}");
    }
    let explained: BTreeSet<&str> = explained().into_iter().map(|(event, _)| event).collect();
    assert!(entries.iter().all(|entry| explained.contains(entry.event)));
}

/// The events of the catalog, each with the fields that its text is filled in with.
fn explained() -> Vec<(&'static str, BTreeSet<&'static str>)> {
    let mut events: Vec<(&str, BTreeSet<&str>)> = Vec::new();
    let mut lines = CATALOG.lines().peekable();
    while let Some(line) = lines.next() {
        let is_event = lines.peek().is_some_and(|next| next.starts_with("-- "));
        if let Some(event) = line.strip_prefix("# ").filter(|_| is_event) {
            events.push((event, BTreeSet::new()));
        } else if let Some((_, fields)) = events.last_mut() {
            fields.extend(line.split('@').skip(1).step_by(2));
        }
    }
    events
}

/// One of each event, with nothing in it that may be left out.
fn barest() -> Vec<What> {
    let text = String::new;
    let attempt: AttemptId = AttemptId::parse("0123456789abcdef0123456789abcdef").unwrap();
    let made = Made {
        by: By::Policy,
        outcome: Outcome::Allow,
        force: Force::Enforced,
        comment: None,
        digest: None,
        lasts: None,
        uses: None,
        proved: false,
        signed: None,
        places: Vec::new(),
        in_place_of: None,
        self_approval: false,
        about: Some(About {
            attempt: None,
            requester: person(),
            act: act(),
            reason: None,
            ticket: None,
            sha256: None,
            source: Source::default(),
        }),
        without_agent: None,
    };
    let opened = Opened {
        host: text(),
        requester: person(),
        act: act(),
        sha256: None,
        source: Source::default(),
        asked: Vec::new(),
        needed: 1,
        all_of: Vec::new(),
        escalate: Vec::new(),
        remind: None,
        without_hub: writ_engine::policy::WithoutHub::Local,
        self_approval: false,
        reason: None,
        ticket: None,
        timeout: Span(0),
        lasts: Span(0),
        uses: 1,
        reauth: false,
        signed: false,
        extends: None,
        question: text(),
        digest: text(),
    };
    vec![
        What::AgentStarted { version: text(), boot_id: text(), ids: IdKey(0), torn_bytes: None },
        What::AgentStopped,
        What::PolicyLoaded { digest: text(), force: Force::Enforced },
        What::PolicyRefused { message: text() },
        What::RequestOpened(opened),
        What::RequestJoined { attempt: attempt.clone() },
        What::RequestEscalated { from: Vec::new() },
        What::RequestCancelled { by: person() },
        What::RequestExpired { reason: ExpiryReason::Silence },
        What::DecisionMade(made),
        What::RequestDenied { by: By::Policy, comment: None },
        What::GrantStarted { lasts: Span(0), uses: 1 },
        What::GrantExtended { request: "7K3M-Q3".parse().unwrap(), lasts: Span(0) },
        What::GrantEnded { reason: EndReason::Used, by: By::Agent, comment: None },
        What::CommandStarted { attempt: attempt.clone(), leader: None, about: None },
        What::SubcommandStarted {
            attempt: attempt.clone(),
            command: Command {
                path: text(),
                argv: vec![text()],
                cwd: text(),
                run_as: RunAs { user: text(), uid: Uid(0), group: None },
                action: Action::Run,
            },
            missed: 1,
        },
        What::CommandFinished { attempt, ending: Ending::Unknown, runtime: None },
        What::SessionEnded(SessionEnd {
            attempt: None,
            account: person().account,
            how: SessionEnding::Stopped,
            processes: vec![],
            more: 0,
        }),
        What::BreakGlassUsed(BreakGlass {
            about: About {
                attempt: None,
                requester: person(),
                act: act(),
                reason: Some(text()),
                ticket: None,
                sha256: None,
                source: Source::default(),
            },
            without_agent: None,
        }),
        What::BreakGlassReviewed { by: person(), comment: None },
        What::DoorChanged(DoorChange {
            door: text(),
            was: Standing::Off,
            hinge: Hinge { standing: Standing::On, fault: None, sha256: None },
        }),
        What::AnswerRefused(AnswerRefused {
            by: person(),
            approver: None,
            fingerprint: None,
            why: text(),
            more: 0,
        }),
        What::LedgerAcknowledged { by: person(), comment: text(), what: text() },
    ]
}

fn person() -> Person {
    let account = Account { uid: Uid(1000), name: "alice".to_owned() };
    Person { account, login: None, session_owner: None, groups: BTreeSet::new(), approver: None }
}

fn act() -> Act {
    Act {
        door: Door::Sudo,
        aim: Aim::Command(Command {
            path: "/usr/bin/id".to_owned(),
            argv: vec!["id".to_owned()],
            cwd: "/".to_owned(),
            run_as: RunAs { user: "root".to_owned(), uid: Uid(0), group: None },
            action: Action::Run,
        }),
        tty: None,
        source_ip: None,
        presence: Presence::Unattended,
    }
}
