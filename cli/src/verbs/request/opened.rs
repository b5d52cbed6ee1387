//! A role that is open: until when, what it lends, and how to give it back.

use std::fmt::Write;

use writ_engine::facts::Window;
use writ_protocol::answers::Answer;
use writ_protocol::text::{shown, shown_command};

use crate::agent::Agent;
use crate::asking;
use crate::host::Host;
use crate::moment::{local, now_wall_ms};
use crate::question::CheckedQuestion;
use crate::span::in_words;
use crate::view::window::{actions, capabilities, dangers, groups};

/// What the person is told. What the role lends is read from the question that was
/// approved; where that is gone already, as after an end in the same moment, the
/// answer alone is told.
pub(crate) fn text(host: &Host, answer: &Answer) -> String {
    let id = asking::id(answer);
    let mut text = match &answer.message {
        Some(message) => format!("{}\n", shown(message)),
        None => format!("{id} is approved.\n"),
    };
    if let Some(checked) = question(host, answer)
        && let Some(window) = checked.question.aim.window()
    {
        // Writing to a String does not fail, here and below.
        let _ = writeln!(text, "{}", open(window, answer.remaining_ms));
        push_groups(&mut text, window, &checked.question.requester.user);
        if let Some(lent) = capabilities(&window.capabilities) {
            let role = shown_command([window.role.as_str()]);
            let _ = writeln!(
                text,
                "It lends the {lent}: what `writ run {role} -- COMMAND` and `writ shell {role}` start has it."
            );
        }
        if let Some(lent) = actions(window.actions.keys()) {
            let _ = writeln!(text, "It lends the {lent}: polkit asks nothing about it.");
        }
        for danger in dangers(
            window.capabilities.iter().chain(window.actions.keys()),
            &window.root_equivalent,
        ) {
            let _ = writeln!(text, "Beware, {danger}.");
        }
    }
    let _ = writeln!(text, "Give it back with `writ end {id}`.");
    text
}

fn question(host: &Host, answer: &Answer) -> Option<CheckedQuestion> {
    let id = answer.id.as_deref()?.parse().ok()?;
    let mut agent = Agent::connect(host).ok()?;
    CheckedQuestion::fetch(&mut agent, id).ok()
}

fn open(window: &Window, remaining_ms: u64) -> String {
    let until = local(now_wall_ms().saturating_add(remaining_ms));
    format!(
        "The role {} is open until {until}, for {}. Run its commands with sudo.",
        shown(&window.role),
        in_words(remaining_ms)
    )
}

/// A running process never gets a group (credentials(7)): who looks with a plain `id`
/// in the shell that he has would think that nothing was lent.
fn push_groups(text: &mut String, window: &Window, user: &str) {
    let Some(lent) = groups(window.groups.keys().map(|group| shown(group))) else {
        return;
    };
    let user = shown_command([user]);
    let _ = writeln!(
        text,
        "It lends you the {lent}: new logins and `sudo -u {user}` have it, as `id {user}` shows.\n\
         A shell that runs already keeps the groups that it started with; log in anew for it."
    );
}
