//! Lines on the terminal of who is about to lose something, and the state that it is
//! left in.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::termios::{InputModes, LocalModes, OptionalActions, OutputModes, tcgetattr, tcsetattr};
use writ_engine::facts::{Leader, Person, Uid};
use writ_protocol::text::shown;

use super::ending::looked_up;
use super::processes::{self, Seen};
use crate::{notice, sessions};

/// How long writing a line is waited for.
const SAYING_MAX: Duration = Duration::from_millis(100);

/// From a line to the signals: what shows it may be among those that end.
pub(super) const SEEN_AFTER: Duration = Duration::from_millis(100);

/// The terminal of a command: the one that controls its sudo; once that is gone, the one
/// that was asked from. sshd, which has none itself, has opened one for what it runs.
pub(super) async fn of(leader: Option<Leader>, tty: Option<&str>) -> Option<PathBuf> {
    let known = leader.and_then(Seen::of).and_then(|seen| seen.terminal);
    let known = known.or_else(|| sessions::terminal(tty?.strip_prefix("/dev/")?));
    if known.is_some() {
        return known;
    }
    let family = looked_up(move || leader.map(processes::family).unwrap_or_default()).await;
    family.into_iter().find_map(|process| process.terminal)
}

/// Writes a line to a terminal of somebody's, whichever of his accounts has it. Whoever
/// has turned messages off (mesg(1)) has turned these off, too.
pub(super) async fn say(terminal: PathBuf, person: &Person, words: &str) {
    let line = format!("\r\nwrit: {}\r\n", shown(words));
    let owners: Vec<Uid> = person.identities().collect();
    let said = tokio::task::spawn_blocking(move || {
        let owner = std::fs::metadata(&terminal).ok().map(|found| Uid(found.uid()));
        if let Some(owner) = owner.filter(|owner| owners.contains(owner)) {
            notice::write(&terminal, owner, &line);
        }
    });
    // A terminal that hangs takes only its own line along.
    let _ = tokio::time::timeout(SAYING_MAX, said).await;
}

/// Makes a terminal usable that sudo was killed at: it leaves it raw then, which nothing
/// but a program that shows a screen of its own wants, and none of these runs on a
/// terminal whose foreground was just killed. Blocks on nothing but the opening.
pub(super) fn restore(terminal: &Path) {
    let flags = OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let Ok(flags) = i32::try_from(flags.bits()) else { return };
    let Ok(device) = File::options().write(true).custom_flags(flags).open(terminal) else { return };
    let Ok(mut modes) = tcgetattr(&device) else { return };
    // A shell that edits lines goes without echo and lines of its own, but never
    // without the output's.
    if modes.output_modes.contains(OutputModes::OPOST) {
        return;
    }
    modes.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
    modes.input_modes |= InputModes::ICRNL | InputModes::IXON | InputModes::BRKINT;
    modes.local_modes |= LocalModes::ICANON
        | LocalModes::ISIG
        | LocalModes::IEXTEN
        | LocalModes::ECHO
        | LocalModes::ECHOE
        | LocalModes::ECHOK;
    let _ = tcsetattr(&device, OptionalActions::Now, &modes);
}
