//! A command on one line, with nothing hidden.

use writ_engine::facts::{self, Action};
use writ_protocol::calls::{Command, RunAs};
use writ_protocol::text::{shown, shown_command};

/// A command of a question or a record in the form that it is shown in.
pub fn of(command: &facts::Command) -> Command {
    Command {
        path: command.path.clone(),
        argv: command.argv.clone(),
        cwd: command.cwd.clone(),
        run_as: RunAs {
            user: command.run_as.user.clone(),
            uid: command.run_as.uid.0,
            group: command.run_as.group.clone(),
        },
        edit: command.action == Action::Edit,
    }
}

/// The command as a shell would need it: the path that really runs and every
/// argument, quoted and escaped; `sudoedit` and the files of an edit.
pub fn line(command: &Command) -> String {
    if command.edit {
        let words = command.argv.iter().map(String::as_str);
        return shown_command(["sudoedit"].into_iter().chain(words));
    }
    let arguments = command.argv.iter().skip(1).map(String::as_str);
    shown_command([command.path.as_str()].into_iter().chain(arguments))
}

/// The name that the program is called by, where that is not its own: some
/// programs do another thing under another name.
pub fn other_name(command: &Command) -> Option<String> {
    let called = command.argv.first().filter(|_| !command.edit)?;
    (base_name(called) != base_name(&command.path)).then(|| shown_command([called.as_str()]))
}

/// A sentence where the program is known to start others: what is approved is then more
/// than what is shown.
pub fn danger(command: &Command) -> Option<String> {
    if command.edit {
        return None;
    }
    let arguments = command.argv.iter().skip(1).map(String::as_str);
    let by_path = writ_policy::escape_of(&command.path, arguments.clone());
    // Some programs do another thing under another name.
    let called = command.argv.first().map(String::as_str).unwrap_or_default();
    let how = by_path.or_else(|| writ_policy::escape_of(called, arguments))?;
    Some(format!("this program can start a shell or run code of its user's choice: it {how}"))
}

/// Whom it runs as, such as `root` or `postgres, group dba`.
pub fn run_as(command: &Command) -> String {
    let run_as = &command.run_as;
    match &run_as.group {
        None => shown(&run_as.user),
        Some(group) => format!("{}, group {}", shown(&run_as.user), shown(group)),
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(path: &str, argv: &[&str]) -> Command {
        Command {
            path: path.to_owned(),
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            cwd: "/".to_owned(),
            run_as: RunAs { user: "root".to_owned(), uid: 0, group: None },
            edit: false,
        }
    }

    #[test]
    fn the_path_that_runs_is_shown_with_every_argument() {
        let restart = command("/usr/bin/systemctl", &["systemctl", "restart", "a b\u{1b}[2J"]);
        assert_eq!(line(&restart), "/usr/bin/systemctl restart 'a b\\e[2J'");
        assert_eq!(other_name(&restart), None);
    }

    #[test]
    fn another_name_is_not_passed_over() {
        let shell = command("/usr/bin/busybox", &["sh", "-c", "id"]);
        assert_eq!(other_name(&shell).as_deref(), Some("sh"));
        let login = command("/bin/bash", &["-bash"]);
        assert_eq!(other_name(&login).as_deref(), Some("-bash"));
    }

    #[test]
    fn a_program_that_can_become_any_other_is_told_of_under_each_of_its_names() {
        let told = |path, argv: &[&str]| danger(&command(path, argv)).unwrap_or_default();
        assert!(told("/usr/bin/less", &["less", "x"]).contains("it is a pager"));
        assert!(told("/usr/local/bin/x", &["-bash"]).is_empty());
        assert!(told("/usr/local/bin/x", &["/bin/sh"]).contains("it is a shell"));
        assert_eq!(told("/usr/bin/systemctl", &["systemctl", "restart", "x"]), "");
        let mut edit = command("/usr/bin/vi", &["/etc/hosts"]);
        edit.edit = true;
        assert_eq!(danger(&edit), None);
    }

    #[test]
    fn an_edit_names_its_files() {
        let mut edit = command("/usr/bin/sudoedit", &["/etc/hosts"]);
        edit.edit = true;
        assert_eq!(line(&edit), "sudoedit /etc/hosts");
        assert_eq!(other_name(&edit), None);
    }
}
