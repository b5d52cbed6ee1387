//! Writes the manual pages and shell completions of `writ` into a folder.
//!
//! ```text
//! cargo run -p writ-cli --example manual -- DIR
//! ```
//!
//! In `DIR` are then `man1/writ.1`, `man1/writ-VERB.1` for each verb, and
//! `completions/writ.bash`, `completions/_writ`, `completions/writ.fish`. They are
//! made of the program's own help texts, so that nothing can drift.
#![forbid(unsafe_code)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap_complete::Shell;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("manual: name the folder to write into");
        return ExitCode::from(2);
    };
    match write_all(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("manual: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write_all(folder: &Path) -> io::Result<()> {
    let pages = folder.join("man1");
    let completions = folder.join("completions");
    fs::create_dir_all(&pages)?;
    fs::create_dir_all(&completions)?;
    let mut command = writ_cli::command();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command, "writ", &completions)?;
    }
    clap_mangen::generate_to(command, pages)
}
