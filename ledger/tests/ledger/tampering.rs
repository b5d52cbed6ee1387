//! Whatever is altered in what is written is found, and nothing is changed by that.

use std::fs;

use writ_ledger::{Broken, OpenError, What, verify};

use crate::scene::{SHORT, Scene};

/// The break that opening finds, which must be the one that verifying finds.
fn broken(scene: &Scene) -> Broken {
    let before = scene.files();
    let Err(OpenError::Broken(found)) = scene.open(Default::default()) else {
        panic!("a broken ledger was opened");
    };
    assert_eq!(verify(&scene.directory).unwrap().broken, Some(found.clone()));
    assert_eq!(scene.files(), before);
    found
}

#[test]
fn every_flipped_bit_of_a_line_is_found_where_it_is() {
    let scene = Scene::with(3, Default::default());
    let whole = scene.read(1);
    for at in 0..whole.len() {
        let line = 1 + whole[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            scene.write(1, &bytes);
            assert_eq!(broken(&scene).line, line, "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn every_byte_of_several_segments_is_covered() {
    let scene = Scene::with(8, SHORT);
    let newest = scene.open(SHORT).unwrap().2.head.segment;
    assert!(newest >= 4);
    for segment in 1..=newest {
        let whole = scene.read(segment);
        for at in 0..whole.len() {
            for wrong in [whole[at] ^ 0xff, b'\n'] {
                if wrong == whole[at] {
                    continue;
                }
                let mut bytes = whole.clone();
                bytes[at] = wrong;
                scene.write(segment, &bytes);
                let found = verify(&scene.directory).unwrap().broken;
                let found = found.unwrap_or_else(|| panic!("segment {segment}, byte {at}"));
                assert_eq!(found.segment, segment);
                if segment + 1 >= newest {
                    assert_eq!(broken(&scene), found);
                }
            }
        }
        scene.write(segment, &whole);
    }
}

#[test]
fn removed_doubled_and_exchanged_lines_are_found() {
    let scene = Scene::with(5, Default::default());
    let lines = scene.lines(1);
    for at in 0..4 {
        let line = at as u64 + 1;
        let mut removed = lines.clone();
        removed.remove(at);
        scene.write(1, &removed.concat());
        assert_eq!(broken(&scene).line, line);

        let mut exchanged = lines.clone();
        exchanged.swap(at, at + 1);
        scene.write(1, &exchanged.concat());
        assert_eq!(broken(&scene).line, line);

        let mut doubled = lines.clone();
        doubled.insert(at, lines[at].clone());
        scene.write(1, &doubled.concat());
        let found = broken(&scene);
        assert_eq!(found.line, line + 1);
        let (expected, found) = (line + 1, line);
        assert_eq!(broken(&scene).what, What::Sequence { expected, found });
    }
}

#[test]
fn a_line_of_another_ledger_with_the_right_number_is_found() {
    let scene = Scene::with(3, Default::default());
    let other = Scene::new();
    let (mut ledger, mut events, _) = other.open(Default::default()).unwrap();
    for event in [7, 8, 9] {
        crate::scene::write(&mut ledger, &mut events, event).unwrap();
    }
    let mut lines = scene.lines(1);
    lines[1] = other.lines(1)[1].clone();
    scene.write(1, &lines.concat());
    let found = broken(&scene);
    assert_eq!((found.line, found.what), (2, What::Prev));
}

#[test]
fn a_removed_segment_in_the_middle_is_found() {
    for segment in 2..=3 {
        let scene = Scene::with(8, SHORT);
        fs::remove_file(scene.segment(segment)).unwrap();
        let found = broken(&scene);
        assert_eq!((found.segment, found.what), (segment, What::Missing));
    }
}

#[test]
fn an_emptied_segment_in_the_middle_is_found() {
    let scene = Scene::with(8, SHORT);
    scene.write(2, b"");
    let found = broken(&scene);
    assert_eq!((found.segment, found.what), (2, What::Empty));
}

#[test]
fn a_segment_set_aside_by_hand_is_missing() {
    let scene = Scene::with(8, SHORT);
    let aside = scene.directory.join("00000002.jsonl.broken");
    fs::rename(scene.segment(2), aside).unwrap();
    assert_eq!(broken(&scene).what, What::Missing);
}

#[test]
fn a_segment_that_lost_its_last_line_is_named_and_not_the_one_behind_it() {
    let scene = Scene::with(8, SHORT);
    let newest = scene.open(SHORT).unwrap().2.head.segment;
    let mut lines = scene.lines(newest - 1);
    lines.pop();
    scene.write(newest - 1, &lines.concat());
    let found = broken(&scene);
    assert_eq!(found.segment, newest - 1);
    assert_eq!(found.line, lines.len() as u64 + 1);
    assert!(matches!(found.what, What::Discontinued { .. }), "{found}");
}

#[test]
fn a_segment_without_its_snapshot_and_a_stray_snapshot_are_found() {
    let scene = Scene::with(8, SHORT);
    let newest = scene.open(SHORT).unwrap().2.head.segment;
    let whole = scene.lines(newest - 1);
    scene.write(newest - 1, &whole[1..].concat());
    assert_eq!(broken(&scene).what, What::NoSnapshot);

    let mut doubled = whole.clone();
    doubled.insert(1, whole[0].clone());
    scene.write(newest - 1, &doubled.concat());
    assert_eq!(broken(&scene).what, What::StraySnapshot);
}

#[test]
fn exchanged_segments_are_found() {
    let scene = Scene::with(12, SHORT);
    let (two, three) = (scene.read(2), scene.read(3));
    scene.write(2, &three);
    scene.write(3, &two);
    let found = verify(&scene.directory).unwrap().broken.unwrap();
    assert_eq!(found.segment, 1);
    assert!(matches!(found.what, What::Discontinued { .. }), "{found}");
}

#[test]
fn a_line_longer_than_any_record_is_refused_without_reading_it_whole() {
    let scene = Scene::with(2, Default::default());
    let mut bytes = scene.read(1);
    bytes.extend(vec![b'x'; 2 * 1024 * 1024]);
    bytes.push(b'\n');
    scene.write(1, &bytes);
    assert!(matches!(broken(&scene).what, What::TooLong { .. }));
}
