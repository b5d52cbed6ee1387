//! What is kept in `corpus/`, and what is next to it: a short run that is the same every
//! time, on any toolchain.

use std::fs;
use std::path::Path;

use writ_fuzz::TARGETS;

/// Bytes that mean something to one of the readers.
const SIGNS: &[u8] = b"\0\n'\"\\*?/.[]{}=#\xff";

/// Changes that are made of each file that is kept.
const CHANGES: u64 = 40;

#[test]
fn what_is_kept_and_what_is_next_to_it_keeps_every_promise() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, run) in TARGETS {
        run(b"");
        let folder = fs::read_dir(corpus.join(name)).expect("every target has a corpus");
        let mut files: Vec<_> = folder.map(|entry| entry.expect("readable").path()).collect();
        files.sort();
        assert!(!files.is_empty(), "the corpus of {name} is empty");
        for file in files {
            let kept = fs::read(&file).expect("readable");
            run(&kept);
            for change in 0..CHANGES {
                run(&changed(&kept, change));
            }
        }
    }
}

/// A few bytes of it changed, left out, or put in twice; which ones hangs on the number
/// alone.
fn changed(kept: &[u8], number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ kept.len() as u64;
    let mut next = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let mut bytes = kept.to_vec();
    for _ in 0..=next(4) {
        let at = next(bytes.len());
        match next(4) {
            0 if at < bytes.len() => bytes[at] = SIGNS[next(SIGNS.len())],
            1 => bytes.truncate(at),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ => {
                let end = (at + next(16)).min(bytes.len());
                let twice = bytes[at..end].to_vec();
                bytes.splice(at..at, twice);
            }
        }
    }
    bytes
}
