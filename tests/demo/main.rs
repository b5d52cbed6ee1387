//! `make demo`: the main job of Writ, shown on a throw-away Debian 13 host by three
//! people at real terminals; then a shell for each of them.
//!
//! `demo` tells the story; on a terminal it pauses between the scenes and offers the
//! shells at its end. `demo --picture FILE` also writes the picture of the README:
//!
//! ```text
//! cargo run -p writ-tests --bin demo -- --picture docs/demo.svg
//! ```

mod afterwards;
mod picture;
mod stage;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;

use writ_tests::{Host, Release};

use crate::stage::Stage;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let picture = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => None,
        ["--picture", file] => Some(PathBuf::from(file)),
        _ => {
            eprintln!("usage: demo [--picture FILE]");
            return ExitCode::from(2);
        }
    };
    let stage = Stage::open();
    stage.say("Booting a throw-away Debian 13 host. Nothing of this touches your own machine.");
    let host = Host::boot(Release::Trixie);
    let pictured = story::tell(&stage, &host);
    if let Some(file) = picture
        && let Err(error) = std::fs::write(&file, pictured)
    {
        eprintln!("demo: {}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    if stage.is_live() {
        afterwards::offer_shells(&host);
    }
    ExitCode::SUCCESS
}
