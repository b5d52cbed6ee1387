//! What the reader of policy files takes, what it refuses, and in which words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed; clippy exempts only the functions under #[test]"
)]

mod approvers;
mod asking;
mod defaults;
mod documentation;
mod files;
mod host;
mod lending;
mod limits;
mod order;
mod remote;
mod reviewing;
mod roles;
mod rules;
mod schema;
mod standing_in;
mod syntax;
mod template;
mod without_agent;

use writ_policy::{Colour, HostName, Loaded, Refusal, SourceFile, parse};

/// Reads texts by their names, for the host `web-1`.
fn read(files: &[(&str, &str)]) -> Result<Loaded, Refusal> {
    let files = files.iter().map(|(name, text)| SourceFile::new(*name, *text)).collect();
    parse(files, &HostName::of(b"web-1"))
}

/// Holds that texts are refused, and with which words; the first newline of
/// `words` is only for the looks of the test.
#[track_caller]
fn assert_refused(files: &[(&str, &str)], words: &str) {
    let refusal = read(files).expect_err("this must be refused");
    assert_eq!(format!("\n{}", refusal.render(Colour::Plain)), words);
}

/// Holds that texts are taken, and with which warnings.
#[track_caller]
fn assert_warned(files: &[(&str, &str)], words: &str) {
    let loaded = read(files).unwrap_or_else(|refusal| panic!("{refusal}"));
    let told = loaded.warnings.iter().map(|warning| warning.render(Colour::Plain) + "\n");
    assert_eq!(format!("\n{}", told.collect::<String>()), words);
}

/// Reads texts that must be taken.
#[track_caller]
fn taken(files: &[(&str, &str)]) -> Loaded {
    read(files).unwrap_or_else(|refusal| panic!("{refusal}"))
}
