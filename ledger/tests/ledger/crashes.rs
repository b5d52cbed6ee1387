//! What a crash or a power cut leaves is mended, and nothing that was whole is lost.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use proptest::prelude::*;
use writ_ledger::{Broken, OpenError, TORN_BYTES_MAX, Unfinished, What, verify};

use crate::scene::{SHORT, Scene, upto, write};

#[test]
fn every_truncation_recovers_to_the_whole_lines_before_it() {
    let whole = Scene::with(6, Default::default()).read(1);
    for length in 0..=whole.len() {
        let scene = Scene::with(0, Default::default());
        scene.write(1, &whole[..length]);
        let lines = whole[..length].iter().filter(|byte| **byte == b'\n').count() as u64;
        let end = whole[..length].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);

        let (mut ledger, mut events, opened) = scene.open(Default::default()).unwrap();
        assert_eq!(events, upto(lines), "cut at {length}");
        assert_eq!(scene.read(1), &whole[..end]);
        match opened.torn {
            None => assert_eq!(length, end),
            Some(torn) => {
                let (offset, bytes) = (end as u64, (length - end) as u64);
                assert_eq!(torn.tail, Unfinished { segment: 1, offset, bytes });
                assert_eq!(fs::read(torn.kept_in.unwrap()).unwrap(), &whole[end..length]);
            }
        }
        write(&mut ledger, &mut events, lines + 1).unwrap();
        assert_eq!(verify(&scene.directory).unwrap().lines, lines + 1);
    }
}

#[test]
fn every_truncation_of_the_newest_of_several_segments_recovers() {
    let rotated = Scene::with(9, SHORT);
    let newest = rotated.open(SHORT).unwrap().2.head.segment;
    assert!(newest >= 3);
    let whole = rotated.read(newest);
    for length in 0..whole.len() {
        rotated.write(newest, &whole[..length]);
        let (mut ledger, mut events, opened) = rotated.open(SHORT).unwrap();
        assert_eq!(events, upto(events.len() as u64), "cut at {length}");
        let cut_line = length > 0 && whole[length - 1] != b'\n';
        assert_eq!(opened.torn.is_some(), length == 0 || cut_line, "cut at {length}");
        let next = events.len() as u64 + 1;
        write(&mut ledger, &mut events, next).unwrap();
        drop(ledger);
        assert_eq!(verify(&rotated.directory).unwrap().broken, None);
        assert_eq!(rotated.open(SHORT).unwrap().1, events);
        reset(&rotated, newest, &whole);
    }
}

/// Brings the scene back to nine events.
fn reset(scene: &Scene, newest: u32, whole: &[u8]) {
    let fresh = Scene::with(9, SHORT);
    for (path, _) in scene.files() {
        fs::remove_file(path).unwrap();
    }
    for (path, bytes) in fresh.files() {
        fs::write(scene.directory.join(path.file_name().unwrap()), bytes).unwrap();
    }
    assert_eq!(scene.read(newest), whole);
}

#[test]
fn a_tail_of_nul_bytes_is_cut_off_however_long() {
    for nul_bytes in [1_usize, 512, 4096, 3 * 1024 * 1024] {
        for beginning in ["", "{\"seq\":4,\"pr"] {
            let scene = Scene::with(3, Default::default());
            let whole = scene.read(1);
            let mut file = OpenOptions::new().append(true).open(scene.segment(1)).unwrap();
            file.write_all(beginning.as_bytes()).unwrap();
            file.write_all(&vec![0; nul_bytes]).unwrap();

            let (_, events, opened) = scene.open(Default::default()).unwrap();
            assert_eq!(events, upto(3));
            let torn = opened.torn.unwrap();
            assert_eq!(torn.tail.bytes, (beginning.len() + nul_bytes) as u64);
            let kept = fs::metadata(torn.kept_in.unwrap()).unwrap().len();
            assert_eq!(kept, torn.tail.bytes.min(TORN_BYTES_MAX));
            assert_eq!(scene.read(1), whole);
        }
    }
}

#[test]
fn lines_that_tear_at_one_place_again_and_again_are_kept_up_to_the_limit() {
    let scene = Scene::with(1, Default::default());
    let torn = vec![b'x'; 40 * 1024];
    for _ in 0..3 {
        let mut file = OpenOptions::new().append(true).open(scene.segment(1)).unwrap();
        file.write_all(&torn).unwrap();
        scene.open(Default::default()).unwrap();
    }
    let offset = scene.read(1).len();
    let kept = fs::read(scene.directory.join(format!("torn-00000001-{offset}"))).unwrap();
    assert_eq!(kept.len() as u64, TORN_BYTES_MAX);
}

#[test]
fn an_unfinished_line_before_a_newer_segment_is_a_break() {
    let scene = Scene::with(9, SHORT);
    let whole = scene.read(2);
    scene.write(2, &whole[..whole.len() - 5]);
    let before = scene.files();
    // Opening reads the last two segments; segment 2 is checked when all is.
    let found = verify(&scene.directory).unwrap().broken.unwrap();
    assert!(matches!(found, Broken { segment: 2, what: What::Unterminated, .. }), "{found}");
    assert_eq!(scene.files(), before);
}

#[test]
fn an_only_segment_without_its_snapshot_is_a_break() {
    let scene = Scene::with(0, Default::default());
    fs::rename(scene.segment(1), scene.segment(4)).unwrap();
    for tail in ["", "{\"se"] {
        scene.write(4, tail.as_bytes());
        let Err(OpenError::Broken(found)) = scene.open(Default::default()) else {
            panic!("opened");
        };
        assert_eq!((found.segment, found.what), (4, What::Empty));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rubbish_behind_the_last_line_never_costs_a_whole_line(
        mut rubbish in proptest::collection::vec(any::<u8>(), 1..200),
        count in 0_u64..5,
    ) {
        rubbish.retain(|byte| *byte != b'\n');
        let scene = Scene::with(count, Default::default());
        let mut file = OpenOptions::new().append(true).open(scene.segment(1)).unwrap();
        file.write_all(&rubbish).unwrap();
        let (_, events, opened) = scene.open(Default::default()).unwrap();
        prop_assert_eq!(events, upto(count));
        prop_assert_eq!(opened.torn.is_some(), !rubbish.is_empty());
    }
}
