//! Lines on the terminals of those who are asked.

use writ_tests::{Host, Terminal};

use crate::verbs::in_advance;

/// What a notice begins with.
const NOTICE: &str = "asks to run as";

/// The agent counts what each terminal had; a new one has counted nothing.
pub(crate) fn forget_what_was_told(host: &Host) {
    host.root(&["systemctl", "restart", "writd.service"]).ok();
}

/// A person who reads, so that nothing but notices arrives.
fn reader(host: &Host, user: &str) -> Terminal {
    let terminal = host.login(user);
    terminal.type_line("echo re''ady; stty -echo; cat");
    terminal.expect("ready\r\n");
    terminal
}

pub(crate) fn only_who_is_asked_and_takes_messages_is_told(host: &Host) {
    forget_what_was_told(host);
    let (alice, bob, dave) = (reader(host, "alice"), reader(host, "bob"), reader(host, "dave"));
    let carol = host.login("carol");
    // What mesg(1) does with "n".
    assert_eq!(carol.run("chmod g-w $(tty)").1, 0);
    let mut ids = Vec::new();
    for name in ["one", "two"] {
        let id = in_advance(host, "alice", &format!("/srv/everybody/{name}"), "");
        bob.expect(NOTICE);
        bob.expect(&format!("/srv/everybody/{name}"));
        bob.expect(&format!("writ approve {id}"));
        ids.push(id);
    }
    // The lines of the first request were written before those of the second.
    for other in [&alice, &carol, &dave] {
        let seen = other.transcript();
        assert!(!seen.contains(NOTICE), "{} was told: {seen}", other.user());
    }
    assert_eq!(bob.transcript().matches(NOTICE).count(), 2, "{}", bob.transcript());
    host.as_user("alice", &format!("writ cancel {}; writ cancel {}", ids[0], ids[1])).ok();
}

pub(crate) fn a_hostile_command_shows_nothing_that_acts(host: &Host) {
    forget_what_was_told(host);
    let bob = reader(host, "bob");
    let before = bob.raw().len();
    let name = r"$'/srv/bob/\e[2J\e]0;mine\a\r\nwrit: look \u202e\u200b\x9b31m\xff end'";
    let line = format!("writ request --no-wait --reason $'\\e[1m' -- touch {name}");
    let id = host.as_user("alice", &line).ok().to_owned();
    bob.expect(&format!("writ approve {id}"));
    let raw = bob.raw();
    let notice = String::from_utf8(raw[before..].to_vec()).expect("UTF-8");
    let acts = |character: &char| {
        character.is_control() && !matches!(character, '\r' | '\n')
            || matches!(*character, '\u{202e}' | '\u{200b}')
    };
    assert_eq!(notice.chars().find(acts), None, "{notice:?}");
    assert!(notice.contains(r"\e[2J"), "{notice:?}");
    assert_eq!(notice.matches("writ: look").count(), 2, "{notice:?}");
    let forged = notice.lines().filter(|line| line.starts_with("writ: look"));
    assert_eq!(forged.count(), 1, "a line was forged: {notice:?}");
    // Nor do the verbs let anything act.
    for verb in ["pending".to_owned(), format!("show {id}"), format!("deny {id}")] {
        let said = host.as_user("bob", &format!("writ {verb}"));
        let acting = said.ok().chars().find(|character| *character != '\n' && acts(character));
        assert_eq!(acting, None, "{said}");
    }
}

pub(crate) fn a_flood_of_requests_does_not_flood_a_terminal(host: &Host) {
    const FLOOD: usize = 50;
    forget_what_was_told(host);
    let bob = reader(host, "bob");
    let flood = format!(
        "for n in $(seq {FLOOD}); do writ request --no-wait -- touch /srv/bob/flood-$n; done"
    );
    let asked = host.as_user("alice", &flood);
    assert_eq!(asked.ok().lines().count(), FLOOD);
    bob.expect("more requests wait for you: writ pending");
    // Whatever comes after the last of them would have come before this one.
    assert_eq!(host.requests_of("/srv/bob/flood-").len(), FLOOD);
    let lines = bob.transcript().matches("writ: ").count();
    assert!(lines <= 20, "{lines} lines: {}", bob.transcript());
    let pending = host.as_user("bob", "writ pending");
    assert_eq!(pending.ok().matches("/srv/bob/flood-").count(), FLOOD, "{pending}");
    let cancel = format!("for id in {}; do writ cancel $id; done", asked.ok().replace('\n', " "));
    host.as_user("alice", &cancel).ok();
}
