//! Records on paper.

use writ_engine::Record;
use writ_engine::effect::Answer;
use writ_engine::event::{Event, Word};
use writ_engine::hinges::{Hinge, Standing};
use writ_engine::record::What;
use writ_engine::time::Span;

use crate::host::*;

/// A host on which everything has happened once.
fn eventful() -> Host {
    let mut host = Host::new();
    host.ask(&alice(), act(&["/bin/look"]));
    let (_, id) = host.opened(&alice(), restart());
    host.opened(&alice(), restart());
    host.tell(Event::Cancelled { person: alice(), id }).unwrap();
    let (_, id) = host.opened(&alice(), restart());
    host.decide(&bob(), id, Word::Deny).unwrap();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    host.finish(&attempt, id).unwrap();
    host.opened(&alice(), restart());
    host.pass(Span::from_secs(300));
    let id = host.opened_window(&alice(), None);
    let Ok(Answer::Waiting { id: longer, .. }) = host.extend(&alice(), id, Span::from_secs(60))
    else {
        panic!("nobody was asked")
    };
    host.approve(&bob(), longer).unwrap();
    host.tell(Event::PolicyRefused { message: "web.toml:3: no such key".into() }).unwrap();
    let hinge = Hinge { standing: Standing::Broken, fault: Some("loose".into()), sha256: None };
    host.tell(Event::DoorsSeen([("sudo".into(), hinge)].into())).unwrap();
    let (comment, what) = ("seen".into(), "line 7".into());
    host.tell(Event::Acknowledged { person: root(), comment, what }).unwrap();
    host.tell(Event::Stopping).unwrap();
    host
}

#[test]
fn every_record_comes_back_from_its_json() {
    let host = eventful();
    let mut names: Vec<&str> = host.records.iter().map(|record| record.what.name()).collect();
    for record in &host.records {
        let json = serde_json::to_string(record).unwrap();
        assert_eq!(&serde_json::from_str::<Record>(&json).unwrap(), record);
        assert!(json.contains(&format!("\"event\":\"{}\"", record.what.name())));
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 17, "a record that this test does not make: {names:?}");
}

#[test]
fn every_record_of_an_id_says_whom_and_what_it_is_about() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    let sha256 = host.evidence.sha256.clone();
    let started =
        host.engine.step(host.now, Event::Confirmed { attempt, id, sha256, leader: leader() });
    let subject = host.engine.subject_of(&started.records[0]).unwrap();
    assert_eq!(subject.requester, &alice());
    assert_eq!(subject.digest, Some(host.engine.question(id).unwrap().1));
    let opened =
        host.records.iter().find(|record| matches!(record.what, What::RequestOpened(_))).unwrap();
    assert_eq!(host.engine.subject_of(opened).unwrap().reason, Some("upgrade"));
}

#[test]
fn a_record_that_does_not_follow_is_refused_and_changes_nothing() {
    let host = eventful();
    let finished =
        host.records.iter().find(|record| record.what.name() == "command.finished").unwrap();
    let mut engine = host.engine.clone();
    let before = engine.snapshot().unwrap();
    assert!(engine.replay(finished).is_err());
    assert_eq!(engine.snapshot().unwrap(), before);
}
