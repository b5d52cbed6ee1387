//! Writes the manual pages of `writ --hub URL` into a folder.
//!
//! ```text
//! cargo run -p writ-remote --example remote-manual -- DIR
//! ```
//!
//! In `DIR` are then `writ-remote.1` and `writ-remote-VERB.1` for each verb, made of the
//! program's own help texts.
#![forbid(unsafe_code)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("remote-manual: name the folder to write into");
        return ExitCode::from(2);
    };
    match write_all(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("remote-manual: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write_all(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(writ_remote::command(), folder)
}
