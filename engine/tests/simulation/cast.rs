//! Who lives on the simulated host, and what they run.

use std::collections::{BTreeMap, BTreeSet};

use writ_engine::facts::{
    Account, Act, Action, Aim, Command, Door, OnEnd, Person, Presence, ROOT, RunAs, Uid, Window,
};

use crate::random::Random;

fn account(name: &str) -> Account {
    let uid = match name {
        "root" => ROOT,
        "alice" => Uid(1000),
        "bob" => Uid(1001),
        "carol" => Uid(1002),
        "dave" => Uid(1003),
        _ => Uid(1004),
    };
    Account { uid, name: name.into() }
}

pub(crate) fn person(name: &str, login: Option<&str>, session_owner: Option<&str>) -> Person {
    let groups = if name == "alice" || name == "carol" { vec!["ops".to_string()] } else { vec![] };
    Person {
        account: account(name),
        login: login.map(account),
        session_owner: session_owner.map(|owner| account(owner).uid),
        groups: groups.into_iter().collect(),
        approver: None,
    }
}

/// Everybody, under every account that they come by. Behind several is alice.
pub(crate) fn everybody() -> Vec<Person> {
    vec![
        person("alice", Some("alice"), Some("alice")),
        person("alice", Some("alice"), Some("alice")),
        person("alice", None, None),
        person("carol", Some("carol"), None),
        person("carol", Some("alice"), Some("alice")),
        person("bob", Some("bob"), Some("bob")),
        person("bob", Some("alice"), None),
        person("bob", None, Some("alice")),
        person("dave", Some("dave"), None),
        person("dave", Some("bob"), None),
        person("erin", Some("erin"), None),
        person("root", None, None),
        person("root", Some("alice"), None),
    ]
}

/// Whether one human being may be behind both: said here once more, and otherwise
/// than in the engine.
pub(crate) fn same_human(one: &Person, other: &Person) -> bool {
    let numbers = |person: &Person| {
        let mut numbers = vec![person.account.uid.0];
        numbers.extend(person.login.as_ref().map(|login| login.uid.0));
        numbers.extend(person.session_owner.map(|owner| owner.0));
        numbers
    };
    let theirs = numbers(other);
    numbers(one).iter().any(|number| theirs.contains(number))
}

/// A role as a whole, now and then one that is not there.
pub(crate) fn some_window(random: &mut Random) -> Act {
    let role = *random.pick(&["operator", "operator", "watcher", "nobody"]);
    let window = Window {
        role: role.into(),
        groups: BTreeMap::new(),
        actions: BTreeMap::new(),
        capabilities: BTreeSet::new(),
        root_equivalent: BTreeSet::new(),
        on_end: OnEnd::Terminate,
        end_on_logout: false,
    };
    Act {
        door: Door::Writ,
        aim: Aim::Window(window),
        tty: None,
        source_ip: None,
        presence: Presence::Interactive,
    }
}

/// A command of a person's own, for `writ run`.
pub(crate) fn own_command(person: &Person) -> Act {
    let command = Command {
        path: "/bin/capture".into(),
        argv: vec!["capture".into()],
        cwd: "/".into(),
        run_as: RunAs { user: person.account.name.clone(), uid: person.account.uid, group: None },
        action: Action::Run,
    };
    Act {
        door: Door::Writ,
        aim: Aim::Command(command),
        tty: None,
        source_ip: None,
        presence: Presence::Interactive,
    }
}

pub(crate) fn some_act(random: &mut Random) -> Act {
    let commands: [&[&str]; 8] = [
        &["/bin/look", "at", "this"],
        &["/bin/restart", "web"],
        &["/bin/restart", "web"],
        &["/bin/restart", "db"],
        &["/bin/shell", "-c", "id"],
        &["/bin/rm", "x"],
        &["/bin/other"],
        &["sudoedit", "/etc/hosts"],
    ];
    let words = random.pick(&commands);
    let edit = words[0] == "sudoedit";
    let argv = if edit { &words[1..] } else { words };
    let command = Command {
        path: words[0].into(),
        argv: argv.iter().map(|word| word.to_string()).collect(),
        cwd: if random.one_in(8) { "/tmp".into() } else { "/root".into() },
        run_as: RunAs { user: "root".into(), uid: ROOT, group: None },
        action: if edit { Action::Edit } else { Action::Run },
    };
    Act {
        door: if random.one_in(8) { Door::Writ } else { Door::Sudo },
        aim: Aim::Command(command),
        tty: random.one_in(2).then(|| "/dev/pts/3".into()),
        source_ip: None,
        presence: if random.one_in(3) { Presence::Unattended } else { Presence::Interactive },
    }
}
