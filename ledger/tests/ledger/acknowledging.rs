//! Root's way on after a break.

use std::convert::Infallible;
use std::fs;
use std::path::Path;

use writ_ledger::{
    AcknowledgeError, Acknowledged, Acknowledgement, Break, Digest, Link, OpenError, What, verify,
};

use crate::scene::{SHORT, Scene, replay, snapshot, upto, write};

/// Acknowledges what is broken, going on from the events that still verify.
fn acknowledge(scene: &Scene) -> Result<(Acknowledged, Vec<u64>), AcknowledgeError> {
    let mut events = Vec::new();
    let prepared = Acknowledgement::prepare(&scene.directory, SHORT, |entry| {
        replay(&mut events, &entry);
        Ok::<_, Infallible>(())
    })?;
    let done = prepared.commit(&snapshot(&events))?;
    Ok((done, events))
}

fn damage(path: &Path, at: usize) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, &bytes).unwrap();
    bytes
}

/// The ledger opens with `events`, verifies with `breaks`, and goes on.
fn goes_on(scene: &Scene, mut events: Vec<u64>, breaks: &[Break]) {
    let (mut ledger, replayed, _) = scene.open(SHORT).unwrap();
    assert_eq!(replayed, events);
    for event in 100..110 {
        write(&mut ledger, &mut events, event).unwrap();
    }
    drop(ledger);
    assert_eq!(scene.open(SHORT).unwrap().1, events);
    let report = verify(&scene.directory).unwrap();
    assert_eq!((report.broken, &report.acknowledged[..]), (None, breaks));
}

#[test]
fn a_break_in_the_only_segment_is_acknowledged_and_its_evidence_kept() {
    let scene = Scene::with(5, Default::default());
    let lines = scene.lines(1);
    let offset = lines[..3].concat().len();
    let bytes = damage(&scene.segment(1), offset + 80);
    assert!(matches!(scene.open(SHORT), Err(OpenError::Broken(_))));

    let (done, events) = acknowledge(&scene).unwrap();
    let file = Some(Digest::of(&bytes));
    let found = Break { segment: 1, line: 4, offset: offset as u64, file };
    assert_eq!((&done.breaks[..], events), (&[found.clone()][..], upto(3)));
    assert_eq!(done.kept, [scene.directory.join("00000001.jsonl.broken")]);
    assert_eq!(fs::read(&done.kept[0]).unwrap(), bytes);
    assert_eq!((done.head.segment, done.head.link.seq), (2, 4), "behind what verified");
    goes_on(&scene, upto(3), &[found]);
}

#[test]
fn every_byte_of_every_segment_can_be_broken_and_acknowledged() {
    let whole = Scene::with(8, SHORT);
    let newest = whole.open(SHORT).unwrap().2.head.segment;
    for segment in 1..=newest {
        for at in (0..whole.read(segment).len()).step_by(29) {
            let scene = Scene::with(8, SHORT);
            damage(&scene.segment(segment), at);
            let (done, events) = acknowledge(&scene).unwrap();
            assert_eq!(done.breaks.len(), 1);
            assert_eq!(done.breaks[0].segment, segment);
            goes_on(&scene, events, &done.breaks);
        }
    }
}

#[test]
fn a_first_line_that_is_broken_falls_back_to_the_segment_before() {
    let scene = Scene::with(8, SHORT);
    let newest = scene.open(SHORT).unwrap().2.head.segment;
    let before = scene.read(newest - 1);
    damage(&scene.segment(newest), 0);
    let (done, events) = acknowledge(&scene).unwrap();
    assert_eq!(done.breaks[0].line, 1);
    assert_eq!(scene.read(newest - 1), before);
    assert!(events.len() >= 2);
    goes_on(&scene, events, &done.breaks);
}

#[test]
fn several_breaks_and_a_missing_segment_are_acknowledged_together() {
    let scene = Scene::with(16, SHORT);
    damage(&scene.segment(1), 10);
    fs::remove_file(scene.segment(3)).unwrap();
    damage(&scene.segment(5), 300);
    let (done, events) = acknowledge(&scene).unwrap();
    let segments: Vec<_> = done.breaks.iter().map(|found| found.segment).collect();
    assert_eq!(segments, [1, 3, 5]);
    assert_eq!(done.breaks[1], Break { segment: 3, line: 0, offset: 0, file: None });
    assert_eq!(events, upto(16));
    goes_on(&scene, events, &done.breaks);
}

#[test]
fn a_ledger_with_no_line_that_verifies_starts_anew() {
    let scene = Scene::with(3, Default::default());
    damage(&scene.segment(1), 3);
    let (done, events) = acknowledge(&scene).unwrap();
    assert_eq!((done.head.link.seq, events.len()), (Link::GENESIS.seq + 1, 0));
    goes_on(&scene, vec![], &done.breaks);
}

#[test]
fn a_torn_line_behind_an_older_break_is_cut_off() {
    let scene = Scene::with(8, SHORT);
    let newest = scene.open(SHORT).unwrap().2.head.segment;
    damage(&scene.segment(2), 200);
    let mut bytes = scene.read(newest);
    bytes.extend(b"{\"seq");
    scene.write(newest, &bytes);
    let (done, events) = acknowledge(&scene).unwrap();
    assert_eq!(done.torn.unwrap().tail.bytes, 5);
    goes_on(&scene, events, &done.breaks);
}

#[test]
fn a_crash_before_the_broken_segment_is_set_aside_changes_nothing() {
    let scene = Scene::with(5, Default::default());
    damage(&scene.segment(1), 700);
    let (done, events) = acknowledge(&scene).unwrap();
    fs::rename(&done.kept[0], scene.segment(1)).unwrap();
    goes_on(&scene, events, &done.breaks);
}

#[test]
fn evidence_that_is_altered_or_removed_later_is_a_break_again() {
    let scene = Scene::with(5, Default::default());
    damage(&scene.segment(1), 700);
    let (done, _) = acknowledge(&scene).unwrap();
    damage(&done.kept[0], 701);
    let found = verify(&scene.directory).unwrap().broken.unwrap();
    assert_eq!((found.segment, found.what), (1, What::EvidenceChanged));
    let (again, events) = acknowledge(&scene).unwrap();
    goes_on(&scene, events, &again.breaks);

    // The oldest may go, as any oldest segment may.
    fs::remove_file(&done.kept[0]).unwrap();
    assert_eq!(verify(&scene.directory).unwrap().broken, None);
}

#[test]
fn a_whole_ledger_has_nothing_to_acknowledge() {
    let scene = Scene::with(8, SHORT);
    let before = scene.files();
    assert!(matches!(acknowledge(&scene), Err(AcknowledgeError::NotBroken)));
    assert_eq!(scene.files(), before);
}

#[test]
fn nothing_is_changed_before_the_commit() {
    let scene = Scene::with(5, Default::default());
    damage(&scene.segment(1), 700);
    let before = scene.files();
    let replay = |_| Ok::<_, Infallible>(());
    drop(Acknowledgement::prepare(&scene.directory, SHORT, replay).unwrap());
    assert_eq!(scene.files(), before);
}
