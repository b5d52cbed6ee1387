//! Files of a policy.

use writ_engine::facts::{Account, Action, Command, Person, RunAs, Uid};
use writ_engine::policy::NothingKnown;
use writ_engine::time::WallTime;
use writ_policy::{Colour, HostName, SourceFile, parse, review};
use writ_protocol::explained::Supposed;

/// Between two files.
const BETWEEN: &[u8] = b"\n%%\n";

/// The names that the files have, in turn.
const NAMES: [&str; 3] = ["roles.d/a.toml", "writ.toml", "approvers.d/a.toml"];

/// Any files are read: taken, or refused with a sentence for each thing that is wrong,
/// in a file that is there. What is taken can be reviewed, decided by and explained, and
/// explaining says what deciding says.
pub fn run(data: &[u8]) {
    let mut files = Vec::new();
    let mut rest = data;
    for name in NAMES {
        let cut = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN);
        let (file, behind) = match cut {
            Some(at) => (&rest[..at], &rest[at + BETWEEN.len()..]),
            None => (rest, &[][..]),
        };
        files.push(SourceFile::new(name, file));
        rest = behind;
    }
    let host = HostName::of(b"web-1");
    let loaded = match parse(files.clone(), &host) {
        Ok(loaded) => loaded,
        Err(refusal) => {
            assert!(!refusal.errors().is_empty(), "refused for nothing");
            for error in refusal.errors() {
                assert!(NAMES.contains(&error.file()), "{}", error.file());
                assert!(!error.message().is_empty());
                let render = error.render(Colour::Plain);
                assert!(render.contains(error.file()), "{render}");
                if let Some(position) = error.position() {
                    let of = files.iter().find(|file| file.name() == error.file());
                    let lines = of.map_or(0, |file| lines(file.contents()));
                    assert!(position.line <= lines, "{render} in {lines} lines");
                }
            }
            return;
        }
    };
    for remark in review(&files, None) {
        assert!(!remark.render(Colour::Plain).is_empty());
    }
    let person = Person::known_by(Account { uid: Uid(1000), name: "alice".to_owned() });
    for command in commands(&loaded.policy) {
        let decided = loaded.policy.decide(&person, &command, NothingKnown);
        let told = loaded.policy.explain(&person, &command, NothingKnown);
        assert_eq!(told.verdict, decided);
        let supposed = Supposed::default();
        let _ = writ_policy::explain(&loaded.policy, &person, &command, &supposed, WallTime(0));
    }
}

fn lines(contents: &[u8]) -> usize {
    contents.split(|byte| *byte == b'\n').count()
}

/// A command of each program that the policy names, and one that it may not name.
fn commands(policy: &writ_engine::policy::Policy) -> Vec<Command> {
    let rules = policy.settings().roles.iter().flat_map(|role| &role.rules);
    let patterns = rules.flat_map(|rule| &rule.commands);
    let mut paths: Vec<String> =
        patterns.filter_map(|pattern| pattern.program().map(str::to_owned)).take(8).collect();
    paths.push("/usr/bin/id".to_owned());
    let command = |path: String| Command {
        argv: vec![path.clone(), "a".to_owned()],
        path,
        cwd: "/".to_owned(),
        run_as: RunAs { user: "root".to_owned(), uid: Uid(0), group: None },
        action: Action::Run,
    };
    paths.into_iter().map(command).collect()
}
