//! The host rig: boots throw-away Debian 12 and 13 hosts with systemd-nspawn and
//! drives real people on them: ssh logins with a terminal, a logind session and
//! a login uid, real sudo, a real journal, rsyslog, reboots.
//!
//! # Writing scenarios
//!
//! One file in `tests/tests/` is one theme and one program (`harness = false`,
//! with its `[[test]]` in `Cargo.toml`). It boots one host of each release, runs
//! [`scenarios!`]'s `prepare` on it and then its scenarios in order; the two
//! releases run side by side. A scenario is a function named by the behaviour
//! that it proves, and it fails by panicking.
//!
//! ```no_run
//! use writ_tests::{Host, scenarios};
//!
//! scenarios! {
//!     prepare: nothing_to_prepare,
//!     both: [sudo_runs_as_root, ctrl_c_reaches_the_command],
//!     trixie: [sudo_rs_is_there],
//! }
//!
//! fn nothing_to_prepare(_host: &Host) {}
//!
//! fn sudo_runs_as_root(host: &Host) {
//!     let alice = host.login("alice");                       // a person at a terminal
//!     assert_eq!(alice.run("sudo id -u"), ("0".to_owned(), 0));
//!     let ran = host.as_user("alice", "sudo -n id -u");      // a session without one
//!     assert_eq!(ran.ok(), "0");
//!     assert!(host.read("/var/log/auth.log").contains("COMMAND=/usr/bin/id -u"));
//! }
//!
//! fn ctrl_c_reaches_the_command(host: &Host) {
//!     let alice = host.login("alice");
//!     alice.type_line("sudo sh -c 'echo started; sleep 1000'");
//!     alice.expect("\nstarted");                             // what arrived, escapes left out
//!     alice.send(b"\x03");
//!     alice.prompt();
//!     assert!(alice.screen().contains("^C"));                // what a person sees now
//! }
//!
//! fn sudo_rs_is_there(host: &Host) {
//!     host.root(&["test", "-x", "/usr/bin/sudo-rs"]).ok();   // a command of root's, no session
//! }
//! ```
//!
//! A `prepare` that installs what is tested is `host.install(&writ_tests::package())`.
//!
//! `cargo test -p writ-tests` (as root) runs all; `--test smoke -- --release
//! trixie FILTER` a part; `-- --keep` leaves the hosts up until Enter and says
//! how to look around. The first run makes the root file systems (minutes).
//!
//! # What a host has
//!
//! Users alice, bob, carol, dave and erin with their name as password; alice,
//! carol and dave may use sudo without a password, erin with hers, bob not at
//! all. alice is in group `developers`, bob in `oncall`. sshd, rsyslog
//! (`/var/log/auth.log`), journald and logind run, nginx is installed and off;
//! also doas (alice), pkexec, ansible-core, strace, valgrind, pamtester, tmux,
//! and on Debian 13 sudo-rs. A host has a network of its own with nothing in it
//! but the loopback interface. `tests/rig/rootfs.sh` is the whole list.
//!
//! # Rules of the rig
//!
//! - Every wait has a limit ([`PATIENCE`] unless one is given), and a wait that
//!   meets it panics with what was seen until then.
//! - Whatever happens to the test, the host goes: a keeper process outside of it
//!   ends the host when the test is gone (see [`Host`]).
//! - A scenario shares its host with those before it: use another command or
//!   user for each, and undo what would stand in the way of the next.

mod berth;
mod host;
mod inside;
mod login;
mod machine;
mod package;
mod product;
mod pty;
mod release;
mod running;
mod scenario;
mod service;
mod terminal;
mod transcript;
mod wait;

pub use host::Host;
pub use package::{hub_package, package};
pub use product::{PolicyFiles, json};
pub use release::Release;
pub use running::{Output, Running};
pub use scenario::{Scenario, run_scenarios};
pub use service::AgentLife;
pub use terminal::Terminal;
pub use wait::{PATIENCE, wait_until};
