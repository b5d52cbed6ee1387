//! Reading beside the writer.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use writ_ledger::{Content, Durability, Reader, Unfinished, verify};

use crate::scene::{SHORT, Scene, number, record, upto, write};

#[test]
fn all_records_are_listed_oldest_first() {
    let scene = Scene::with(20, SHORT);
    let mut seq = 0;
    let mut listed = Vec::new();
    for entry in Reader::open(&scene.directory).unwrap() {
        let entry = entry.unwrap();
        seq += 1;
        assert_eq!(entry.link.seq, seq);
        if let Content::Record(json) = entry.content {
            listed.push(number(&json));
        }
    }
    assert_eq!(listed, upto(20));
}

#[test]
fn a_line_that_is_being_written_is_no_break() {
    let scene = Scene::with(2, Default::default());
    let offset = scene.read(1).len() as u64;
    let mut file = OpenOptions::new().append(true).open(scene.segment(1)).unwrap();
    file.write_all(b"{\"seq\":3,").unwrap();
    let before = scene.files();
    let report = verify(&scene.directory).unwrap();
    assert_eq!((report.lines, report.broken), (2, None));
    assert_eq!(report.unfinished, Some(Unfinished { segment: 1, offset, bytes: 9 }));
    assert_eq!(scene.files(), before);
}

#[test]
fn a_segment_that_is_being_started_is_no_break() {
    let scene = Scene::with(2, Default::default());
    scene.write(2, b"");
    let report = verify(&scene.directory).unwrap();
    assert_eq!(report.unfinished, Some(Unfinished { segment: 2, offset: 0, bytes: 0 }));
    assert_eq!((report.lines, report.broken), (2, None));
}

#[test]
fn verifying_while_the_agent_writes_and_rotates_finds_no_break() {
    let scene = Scene::new();
    let (mut ledger, mut events, _) = scene.open(SHORT).unwrap();
    let written = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for event in (1..3000).step_by(3) {
                let batch = [record(event), record(event + 1)];
                ledger.append(&batch, Durability::WrittenThrough).unwrap();
                events.extend([event, event + 1]);
                if event % 100 == 1 {
                    write(&mut ledger, &mut events, event + 2).unwrap();
                }
            }
            written.store(true, Ordering::SeqCst);
        });
        let mut lines = 0;
        while !written.load(Ordering::SeqCst) {
            let report = verify(&scene.directory).unwrap();
            assert_eq!(report.broken, None);
            assert!(report.lines >= lines, "lines were lost");
            lines = report.lines;
        }
    });
    drop(ledger);
    assert_eq!(verify(&scene.directory).unwrap().broken, None);
}
