//! Whose key has signed: one that the user knows, or, the first time, one that he is asked
//! about.

use writ_desk::exit::Exit;
use writ_desk::hosts::UnknownHost;
use writ_desk::terminal::Terminal;
use writ_protocol::text::shown;

use crate::Desk;
use crate::failure::Failure;
use crate::question::Checked;

/// That the host of a question is known, or is from now on.
pub(crate) fn host(desk: &mut Desk, checked: &Checked) -> Result<(), Failure> {
    let (name, key) = (&checked.question.host, &checked.host_key);
    let unknown = match desk.hosts.check(name, key) {
        Ok(()) => return Ok(()),
        Err(unknown @ UnknownHost::Nobody { .. }) => unknown,
        Err(changed) => return Err(Failure::verb(Exit::Failed, changed)),
    };
    let Ok(mut terminal) = Terminal::open() else {
        return Err(Failure::verb(Exit::Failed, unknown));
    };
    let asked = question(desk, checked);
    let unread = |error| {
        let sentence = format!("the answer cannot be read: {error}; nothing was signed");
        Failure::verb(Exit::Failed, sentence)
    };
    terminal.forget_typed().map_err(unread)?;
    let said = terminal.ask(&asked).map_err(unread)?;
    if said != "yes" {
        return Err(Failure::verb(Exit::Failed, unknown));
    }
    desk.hosts.add(name, key)?;
    eprintln!("It is in {} now.", shown(&desk.hosts.path().display().to_string()));
    Ok(())
}

fn question(desk: &Desk, checked: &Checked) -> String {
    let (name, key) = (&checked.question.host, &checked.host_key);
    let also = match desk.hosts.other_name(name, key) {
        Some((line, other)) => format!(
            "That key is known here already, of another name: {} (line {line} of {}).\n",
            shown(other),
            shown(&desk.hosts.path().display().to_string())
        ),
        None => String::new(),
    };
    format!(
        "This machine does not know the host {}. Its question is signed with the key\n  {}\n{also}Have somebody on the host read the fingerprint out (`writ host-key`), not by way of\nthis hub. Is it this one? [yes/no] ",
        shown(name),
        key.fingerprint()
    )
}
