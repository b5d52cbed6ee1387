//! What a copy of this program does on a host, where things are timed.

pub(crate) mod interleaved;
mod timed;

use writ_tests::Host;

/// The first word of a command line that is meant for a host.
pub(crate) const WORD: &str = "on-host";

/// Where the copy lies there.
pub(crate) const PROGRAM: &str = "/srv/writ-bench";

/// Copies this program to a host.
pub(crate) fn copy_to(host: &Host) {
    let program = std::env::current_exe().expect("a path");
    host.put(PROGRAM, std::fs::read(program).expect("this program"), 0o755);
}

/// Does what the words say.
pub(crate) fn run(words: &[String]) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["interleaved", rounds, user, ref contenders @ ..] => {
            interleaved::run(rounds.parse().expect("a number"), user, contenders);
        }
        ["timed", ref command @ ..] => timed::serve(command),
        _ => panic!("{words:?} is nothing that is done on a host"),
    }
}
