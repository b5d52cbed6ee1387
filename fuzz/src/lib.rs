//! What reads others' bytes, each as a function that takes any bytes and panics where a
//! promise does not hold. `fuzz_targets/` gives them to libFuzzer, `tests/corpus.rs` what
//! is kept in `corpus/`.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is what is looked for"
)]

pub mod answer;
pub mod condition;
pub mod frame;
pub mod log;
mod naive;
pub mod pattern;
pub mod policy;
pub mod question;
pub mod text;

/// A target: what it takes, and the folder of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("answer", answer::run),
    ("condition", condition::run),
    ("frame", frame::run),
    ("log", log::run),
    ("pattern", pattern::run),
    ("policy", policy::run),
    ("question", question::run),
    ("text", text::run),
];

/// As text, and whatever is none left out.
fn lossy(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}
