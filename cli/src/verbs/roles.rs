//! `writ roles`: what the caller may ask for.

use writ_protocol::answers::{Role, WindowDecision};
use writ_protocol::calls::Roles;
use writ_protocol::text::shown;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::{Screen, print, print_json};
use crate::sheet::Sheet;
use crate::span::{countdown, in_words};
use crate::view::{asked as people, window};

/// List your roles on this host: what they lend, who is asked, what is open
///
/// `writ request ROLE` asks for one as a whole.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON: {"roles": […]}, with the fields of io.writ.Agent's Role
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let reply = Agent::connect(host)?.call(&Roles {})?;
    if arguments.json {
        print_json(&reply)?;
    } else if reply.roles.is_empty() {
        print("You have no role on this host.\n")?;
    } else {
        let screen = Screen::of_stdout();
        let roles: Vec<String> = reply.roles.iter().map(|role| text(role, screen)).collect();
        print(&roles.join("\n"))?;
    }
    Ok(Exit::Done)
}

fn text(role: &Role, screen: Screen) -> String {
    let mut sheet = Sheet::new(screen);
    sheet.title(&shown(&role.window.role));
    sheet.field_if("what for", role.description.as_deref());
    for what in window::lent(&role.window) {
        sheet.field("lends", &what);
    }
    for danger in window::dangers(
        role.window.capabilities.iter().chain(&role.window.actions),
        &role.window.root_equivalent,
    ) {
        sheet.alarming_field("beware", &danger);
    }
    match role.decision {
        WindowDecision::Allow => sheet.field("asked", "nobody: it is opened at once"),
        WindowDecision::Ask => whom(&mut sheet, role),
        WindowDecision::Deny => {
            sheet.field("asked", "not as a whole: its commands are run with sudo");
        }
    }
    if role.decision != WindowDecision::Deny {
        sheet.field("for", &format!("{} at most", in_words(role.max_duration_ms)));
    }
    if let Some(id) = &role.open {
        let id = shown(id);
        let left = countdown(role.remaining_ms);
        sheet.strong_field("open", &format!("{id}, {left} left; `writ end {id}` gives it back"));
    }
    sheet.into_text()
}

/// Who is asked, now and later, and who in the place of others.
fn whom(sheet: &mut Sheet, role: &Role) {
    let asked = people::text(&role.asked, people::seats(&role.all_of), role.needed);
    sheet.field("asked", &asked);
    for (field, told) in people::standing(&role.on_call, &role.deputies, "now") {
        sheet.field(field, &told);
    }
    for step in &role.escalate {
        sheet.field("then", &people::later(step.after_ms, &step.from));
    }
    if role.self_approval {
        sheet
            .strong_field("self", "you may approve it yourself, where you are one of these people");
    }
}
