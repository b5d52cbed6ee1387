//! The story: alice asks, bob decides, it runs once, it is on record.

use writ_tests::{Host, Terminal, package};

use crate::picture::{self, Shot};
use crate::stage::{COLUMNS, Stage};

/// As many rows as the longest screen of the story has.
const ROWS: u16 = 32;

/// The command that the story is about.
const COMMAND: &str = "sudo systemctl restart nginx";

/// Tells it, and gives the picture of its middle: what alice and bob saw.
pub(crate) fn tell(stage: &Stage, host: &Host) -> String {
    let root = seat(host, "root");
    installed(stage, host, &root);
    let alice = seat(host, "alice");
    let bob = seat(host, "bob");

    stage.scene("1. What policy finds harmless runs at once.");
    alice.type_line("sudo whoami");
    alice.expect("\r\nroot\r\n");
    alice.prompt();
    stage.show(&[&alice]);

    stage.scene("2. What is sensitive waits for a second person.");
    clean(&alice);
    alice.type_line(COMMAND);
    alice.expect("waiting for");
    bob.expect("writ approve");
    let id = host.request_of("pending", "restart");
    stage.show(&[&alice, &bob]);
    let asked = Shot::take("alice", &alice);

    stage.scene("3. bob sees exactly what will run, and says yes.");
    bob.type_line("");
    bob.prompt();
    bob.type_line(&format!("writ approve {id}"));
    bob.expect("[y/N]");
    bob.type_line("y");
    bob.expect("is approved");
    bob.prompt();
    stage.show(&[&bob]);
    let decided = Shot::take("bob", &bob);

    stage.scene("4. alice's command has run. She typed nothing else.");
    alice.prompt();
    stage.show(&[&alice]);
    let ran = Shot::take("alice, a moment later", &alice);

    stage.scene("5. It is on record, from the question to the exit status.");
    clean(&root);
    finish(&root, &format!("writ audit show {id}"));
    stage.show(&[&root]);
    clean(&root);
    let ending = format!("journalctl --no-pager -o cat WRIT_ID={id} WRIT_EVENT=command.finished");
    finish(&root, &ending);
    stage.show(&[&root]);

    clean(&root);
    finish(&root, "writ status");
    stage.show(&[&root]);

    stage.scene("6. The approval was for one run. The same command asks again.");
    clean(&alice);
    alice.type_line(COMMAND);
    alice.expect("waiting for");
    let id = host.request_of("pending", "restart");
    alice.send(b"\x03");
    alice.prompt();
    finish(&alice, &format!("writ cancel {id}"));
    stage.show(&[&alice]);
    picture::of(&[asked, decided, ran])
}

/// What an administrator types on a fresh host.
fn installed(stage: &Stage, host: &Host, root: &Terminal) {
    host.put("/root/writ.deb", std::fs::read(package()).expect("`make deb` wrote it"), 0o644);
    host.root_sh("usermod --append --groups sudo alice && systemctl start nginx").ok();
    stage.scene("root installs Writ; bob is to be asked about what alice does.");
    clean(root);
    finish(root, "dpkg --install writ.deb >/dev/null");
    finish(root, "writ init --approver bob --enforce");
    finish(root, "writ enable sudo");
    stage.show(&[root]);
}

/// Logs somebody in, on a terminal with nothing on it.
fn seat(host: &Host, user: &str) -> Terminal {
    let terminal = host.login(user);
    terminal.resize(ROWS, COLUMNS);
    clean(&terminal);
    terminal
}

/// Clears the screen.
fn clean(terminal: &Terminal) {
    finish(terminal, "clear");
}

/// Types a command and waits for its end.
fn finish(terminal: &Terminal, command: &str) {
    terminal.type_line(command);
    terminal.expect("\r\n");
    terminal.prompt();
}
