//! The service that a command becomes.

use std::collections::BTreeSet;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

use writ_engine::facts::{Person, Uid, Window};
use writ_policy::Capability;
use writ_protocol::ErrorReply;
use writ_protocol::calls::Run;
use writ_protocol::run::{DESCRIPTORS, keeps};
use writ_protocol::text::decode;

use crate::accounts::Login;
use crate::units::{Exec, Service};

/// From being told to end to being killed.
const GRACE: Duration = Duration::from_secs(1);

/// Where a command looks for others: what sudoers(5) ships as `secure_path`.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The verb of `writ` that becomes the command where something of it is no text, as
/// everything is on the bus: it takes the folder, the file and the words in the wire's
/// form.
const BECOME_VERB: &str = "become";

/// A call whose parameters make sense.
#[derive(Debug)]
pub(super) struct Prepared {
    path: String,
    argv: Vec<String>,
    directory: String,
    umask: u32,
    environment: Vec<String>,
    slice: String,
    uid: u32,
}

impl Prepared {
    /// # Errors
    /// When a parameter does not make sense, or the person is nobody whom PID 1 can
    /// stand for.
    pub(super) fn new(run: &Run, person: &Person, login: &Login) -> Result<Self, ErrorReply> {
        let invalid =
            |parameter: &str| ErrorReply::InvalidParameter { parameter: parameter.into() };
        let path = bytes(&run.path).ok_or_else(|| invalid("path"))?;
        let cwd = bytes(&run.cwd).ok_or_else(|| invalid("cwd"))?;
        let argv: Option<Vec<_>> = run.argv.iter().map(|word| bytes(word)).collect();
        let argv = argv.filter(|argv| !argv.is_empty()).ok_or_else(|| invalid("argv"))?;
        if !path.starts_with(b"/") {
            return Err(invalid("path"));
        }
        if !cwd.starts_with(b"/") {
            return Err(invalid("cwd"));
        }
        if run.umask > 0o777 {
            return Err(invalid("umask"));
        }
        let texts: Option<Vec<String>> = argv.into_iter().map(text).collect();
        let (path, argv, directory) = match (text(path), texts, text(cwd)) {
            (Some(path), Some(argv), Some(directory)) => (path, argv, directory),
            _ => {
                let writ = writ(&std::env::current_exe().unwrap_or_default());
                let words = [&writ, BECOME_VERB, "--", &run.cwd, &run.path];
                let mut argv = words.map(str::to_owned).to_vec();
                argv.extend(run.argv.iter().cloned());
                (writ, argv, "/".to_owned())
            }
        };
        Ok(Self {
            path,
            argv,
            directory,
            umask: run.umask,
            environment: environment(&run.environment, person, login),
            slice: slice(person)?,
            uid: person.account.uid.0,
        })
    }

    /// The service, as PID 1 is to start it.
    pub(super) fn service<'a>(
        &'a self,
        lent: &'a Lent,
        stdio: [BorrowedFd<'a>; DESCRIPTORS],
        description: String,
    ) -> Service<'a> {
        Service {
            description,
            exec: Exec { path: &self.path, argv: &self.argv },
            uid: self.uid,
            groups: &lent.groups,
            capabilities: lent.capabilities,
            directory: &self.directory,
            umask: self.umask,
            environment: &self.environment,
            stdio,
            slice: self.slice.clone(),
            grace: GRACE,
        }
    }
}

/// What a window lends, in numbers.
#[derive(Debug)]
pub(super) struct Lent {
    groups: Vec<u32>,
    capabilities: u64,
}

impl Lent {
    pub(super) fn of(window: &Window) -> Self {
        let known = window.capabilities.iter().filter_map(|name| Capability::named(name));
        let capabilities = known.fold(0, |bits, known| bits | 1_u64 << known.number());
        Self { groups: window.groups.values().copied().collect(), capabilities }
    }
}

/// The command-line tool that came with this agent.
fn writ(agent: &Path) -> String {
    let prefix = agent.parent().and_then(Path::parent).and_then(Path::to_str);
    format!("{}/bin/writ", prefix.unwrap_or("/usr").trim_end_matches('/'))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    // What execve(2) takes ends at a NUL.
    decode(text).ok().filter(|bytes| !bytes.contains(&0))
}

fn text(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok()
}

/// What a login has (login(1)), and of the caller's own only what describes his terminal
/// and his language.
fn environment(callers: &[String], person: &Person, login: &Login) -> Vec<String> {
    let name = &person.account.name;
    let (home, shell) = (&login.home, &login.shell);
    let mut environment = vec![
        PATH.to_owned(),
        format!("HOME={home}"),
        format!("USER={name}"),
        format!("LOGNAME={name}"),
        format!("SHELL={shell}"),
    ];
    environment.extend(callers.iter().filter_map(|variable| {
        let variable = text(bytes(variable)?)?;
        let (name, value) = variable.split_once('=')?;
        keeps(name, value).then(|| variable.clone())
    }));
    environment
}

/// The slice of whoever the person is besides his account: what PID 1 starts has no login
/// identity, and without this a command of one account that somebody came to by another
/// would stand for the one account alone.
fn slice(person: &Person) -> Result<String, ErrorReply> {
    let account = person.account.uid;
    let others: BTreeSet<Uid> = person.identities().filter(|uid| *uid != account).collect();
    let mut others = others.into_iter();
    match (others.next(), others.next()) {
        (other, None) => Ok(format!("user-{}.slice", other.unwrap_or(account).0)),
        (_, Some(_)) => Err(ErrorReply::Refused {
            message: format!(
                "you came to the account {} by two others, and a command could stand for one of them only; log in as {} and run it there",
                person.account.name, person.account.name
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use writ_engine::facts::{Account, OnEnd};

    fn alice() -> Person {
        let account = Account { uid: Uid(1000), name: "alice".to_owned() };
        Person {
            login: Some(account.clone()),
            session_owner: Some(Uid(1000)),
            account,
            groups: BTreeSet::new(),
            approver: None,
        }
    }

    fn login() -> Login {
        Login { home: "/home/alice".to_owned(), shell: "/bin/bash".to_owned() }
    }

    fn run() -> Run {
        Run {
            role: "capture".to_owned(),
            path: "/usr/bin/id".to_owned(),
            argv: vec!["id".to_owned(), "%n $X".to_owned(), String::new()],
            cwd: "/srv".to_owned(),
            environment: ["TERM=xterm", "LD_PRELOAD=/tmp/x.so", "LC_ALL=C", "nonsense"]
                .map(str::to_owned)
                .to_vec(),
            umask: 0o027,
        }
    }

    #[test]
    fn a_command_is_passed_on_as_it_is() {
        let prepared = Prepared::new(&run(), &alice(), &login()).unwrap();
        assert_eq!(prepared.path, "/usr/bin/id");
        assert_eq!(prepared.argv, ["id", "%n $X", ""]);
        assert_eq!(prepared.directory, "/srv");
        assert_eq!(prepared.slice, "user-1000.slice");
    }

    #[test]
    fn what_is_no_text_goes_through_a_program_that_decodes_it() {
        let odd = Run { argv: vec!["id".to_owned(), "\\xff\\\\".to_owned()], ..run() };
        let prepared = Prepared::new(&odd, &alice(), &login()).unwrap();
        assert_eq!(prepared.argv[0], prepared.path);
        let words = ["become", "--", "/srv", "/usr/bin/id", "id", "\\xff\\\\"];
        assert_eq!(prepared.argv[1..], words);
        assert_eq!(prepared.directory, "/");
    }

    #[test]
    fn the_tool_is_the_one_that_came_with_the_agent() {
        for (agent, tool) in [
            ("/usr/sbin/writd", "/usr/bin/writ"),
            ("/usr/local/sbin/writd", "/usr/local/bin/writ"),
            ("/sbin/writd", "/bin/writ"),
            ("", "/usr/bin/writ"),
        ] {
            assert_eq!(writ(Path::new(agent)), tool);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_name() {
        for (odd, parameter) in [
            (Run { argv: vec![], ..run() }, "argv"),
            (Run { argv: vec!["a\\x00".to_owned()], ..run() }, "argv"),
            (Run { path: "id".to_owned(), ..run() }, "path"),
            (Run { cwd: "srv".to_owned(), ..run() }, "cwd"),
            (Run { umask: 0o1777, ..run() }, "umask"),
        ] {
            let refused = Prepared::new(&odd, &alice(), &login()).unwrap_err();
            let named = ErrorReply::InvalidParameter { parameter: parameter.to_owned() };
            assert_eq!(refused, named);
        }
    }

    #[test]
    fn of_the_callers_environment_only_terminal_and_language_are_kept() {
        let prepared = Prepared::new(&run(), &alice(), &login()).unwrap();
        let kept: Vec<&str> = prepared.environment.iter().skip(1).map(String::as_str).collect();
        let wanted = [
            "HOME=/home/alice",
            "USER=alice",
            "LOGNAME=alice",
            "SHELL=/bin/bash",
            "TERM=xterm",
            "LC_ALL=C",
        ];
        assert_eq!(kept, wanted);
    }

    #[test]
    fn a_command_stands_for_the_account_that_its_user_came_from() {
        let bob = Account { uid: Uid(1001), name: "bob".to_owned() };
        let as_bob = Person { account: bob.clone(), ..alice() };
        assert_eq!(slice(&as_bob).unwrap(), "user-1000.slice");
        let carol = Account { uid: Uid(1002), name: "carol".to_owned() };
        let by_two = Person { login: Some(carol), ..as_bob };
        assert!(slice(&by_two).unwrap_err().to_string().contains("log in as bob"));
    }

    #[test]
    fn capabilities_are_lent_as_their_bits() {
        let window = Window {
            role: "capture".to_owned(),
            groups: BTreeMap::from([("wireshark".to_owned(), 990)]),
            actions: BTreeMap::new(),
            capabilities: BTreeSet::from(["CAP_NET_RAW".to_owned(), "CAP_NET_ADMIN".to_owned()]),
            root_equivalent: BTreeSet::new(),
            on_end: OnEnd::Terminate,
            end_on_logout: false,
        };
        let lent = Lent::of(&window);
        assert_eq!((lent.capabilities, lent.groups), (1 << 13 | 1 << 12, vec![990]));
    }
}
