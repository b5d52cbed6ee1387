//! Writes the manual pages of `writ-hub` into a folder, of the program's own help texts.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory as _;
use writ_hub::command_line::CommandLine;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("hub-manual: name the folder to write into");
        return ExitCode::from(2);
    };
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| clap_mangen::generate_to(CommandLine::command(), &folder));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hub-manual: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}
