//! The agent is lost and comes back.

use writ_engine::effect::Answer;
use writ_engine::event::Wish;
use writ_engine::facts::Uid;
use writ_engine::record::{EndReason, ExpiryReason, What};
use writ_engine::time::Span;
use writ_engine::{Engine, Running, Starter};

use crate::host::*;

#[test]
fn a_restarted_agent_goes_on_where_the_lost_one_was() {
    let mut host = Host::new();
    let (_, waiting) = host.opened(&alice(), act(&["/bin/shell"]));
    let (attempt, running) = host.opened(&alice(), restart());
    host.approve(&bob(), running).unwrap();
    host.confirm(&attempt, running).unwrap();
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    host.approve(&bob(), waiting).unwrap();
    host.approve(&dave(), waiting).unwrap();
    // The very command may still be there: a repeated last word is no second use.
    host.confirm(&attempt, running).unwrap();
    host.finish(&attempt, running).unwrap();
    assert!(
        matches!(host.ask(&alice(), act(&["/bin/shell"])).1, Answer::Allowed { id, .. } if id == waiting)
    );
}

#[test]
fn a_restarted_agent_knows_from_which_process_each_command_started() {
    let mut host = Host::new();
    let (asked, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.confirm(&asked, id).unwrap();
    let (automatic, answer) = host.ask(&alice(), act(&["/bin/look"]));
    let Answer::Allowed { id: of_policy, .. } = answer else { panic!() };
    host.confirm(&automatic, of_policy).unwrap();
    host.lose_agent();
    let snapshot = host.engine.snapshot().unwrap();
    for engine in [&host.engine, &Engine::restore(&snapshot).unwrap()] {
        let (leader, starter, account) = (Some(leader()), Starter::Door, Some(Uid(1000)));
        let running: Vec<Running<'_>> = engine.running().collect();
        let until = running.first().unwrap().until;
        assert!(until.is_some_and(|until| until > host.now.boot), "{until:?}");
        assert_eq!(
            running,
            [
                Running { attempt: &asked, id, leader, starter, account, until },
                Running {
                    attempt: &automatic,
                    id: of_policy,
                    leader,
                    starter,
                    account,
                    until: None
                }
            ]
        );
    }
}

#[test]
fn a_start_that_was_recorded_without_its_process_is_replayed() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    for record in &mut host.records {
        if let What::CommandStarted { leader, .. } = &mut record.what {
            *leader = None;
            assert!(!serde_json::to_string(&record).unwrap().contains("leader"));
        }
    }
    host.lose_agent();
    assert_eq!(host.engine.running().next().unwrap().leader, None);
    host.start("boot-1", settings()).unwrap();
    host.finish(&attempt, id).unwrap();
}

#[test]
fn a_door_that_was_told_yes_by_a_lost_agent_asks_again_and_has_its_use() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    assert!(host.confirm(&attempt, id).is_err());
    let (again, answer) = host.ask_with(&alice(), restart(), Wish::default());
    assert!(matches!(answer, Answer::Allowed { id: same, .. } if same == id));
    host.confirm(&again, id).unwrap();
}

#[test]
fn a_boot_ends_everything() {
    let mut host = Host::new();
    host.opened(&alice(), act(&["/bin/shell"]));
    let (attempt, running) = host.opened(&alice(), restart());
    host.approve(&bob(), running).unwrap();
    host.confirm(&attempt, running).unwrap();
    host.lose_agent();
    host.now.boot.0 = 1_000;
    host.start("boot-2", settings()).unwrap();
    assert_eq!(host.engine.counts(), writ_engine::Counts::default());
    let has = |wanted: &What| host.records.iter().any(|record| record.what == *wanted);
    assert!(has(&What::RequestExpired { reason: ExpiryReason::Reboot }));
    let reboot = |record: &writ_engine::Record| {
        matches!(record.what, What::GrantEnded { reason: EndReason::Reboot, .. })
    };
    assert!(host.records.iter().any(reboot));
    assert!(host.confirm(&attempt, running).is_err());
}

#[test]
fn a_boot_whose_record_was_cut_off_is_ended_by_the_next_start() {
    let mut host = Host::new();
    host.opened(&alice(), restart());
    host.opened(&alice(), act(&["/bin/shell"]));
    let written = host.records.len();
    host.lose_agent();
    host.now.boot.0 = 1_000;
    host.start("boot-2", settings()).unwrap();
    host.records.truncate(written + 1);
    host.lose_agent();
    host.start("boot-2", settings()).unwrap();
    assert_eq!(host.engine.counts(), writ_engine::Counts::default());
}

#[test]
fn a_quorum_whose_grant_was_cut_off_is_granted_by_the_next_start() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    assert_eq!(host.records.pop().unwrap().what.name(), "grant.started");
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    assert!(
        matches!(host.ask(&alice(), restart()).1, Answer::Allowed { id: same, .. } if same == id)
    );
}

#[test]
fn a_deadline_that_passed_while_the_agent_was_away_is_due_at_once() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    host.lose_agent();
    host.now.boot = host.now.boot.after(Span::from_secs(500));
    host.start("boot-1", settings()).unwrap();
    assert!(host.engine.next_deadline().unwrap() < host.now.boot);
    host.pass(Span(0));
    assert!(host.engine.get(id).is_none());
}

#[test]
fn ids_are_not_given_out_again_after_a_restart() {
    let mut host = Host::new();
    let mut ids = vec![];
    for _ in 0..20 {
        ids.push(host.opened(&alice(), restart()).1);
        host.pass(Span::from_secs(300));
        host.lose_agent();
        host.start("boot-1", settings()).unwrap();
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}

#[test]
fn a_snapshot_is_worth_the_records_before_it() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    host.ask(&alice(), act(&["/bin/look"]));
    host.opened(&alice(), act(&["/bin/shell"]));
    let snapshot = host.engine.snapshot().unwrap();
    let restored = Engine::restore(&snapshot).unwrap();
    assert_eq!(restored.snapshot().unwrap(), snapshot);
    assert_eq!(restored.counts(), host.engine.counts());
    host.lose_agent();
    assert_eq!(host.engine.snapshot().unwrap(), snapshot);
}

#[test]
fn a_snapshot_of_another_kind_is_refused() {
    assert!(Engine::restore("{\"cases\":[]}").is_err());
}
