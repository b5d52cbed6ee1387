//! `writ status`: the agent's state, and what stands for the caller.

use std::fmt::Write;

use nix::unistd::geteuid;
use serde::Serialize;
use writ_protocol::answers::{Mode, Request, Status};
use writ_protocol::calls::{self, List, Scope};
use writ_protocol::text::shown;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::local;
use crate::screen::{Screen, print, print_json, shown_lines};
use crate::view::listing;

/// Say how things stand: your requests and grants, and the agent
///
/// For root: everybody's.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON: {"agent": {…}, "requests": […]}, with the fields of
    /// io.writ.Agent's Status and Request
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Standing {
    agent: Status,
    requests: Vec<Request>,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut agent = Agent::connect(host)?;
    let scope = if geteuid().is_root() { Scope::All } else { Scope::Own };
    let standing = Standing {
        agent: agent.call(&calls::Status {})?,
        requests: agent.call(&List { scope })?.requests,
    };
    if arguments.json {
        print_json(&standing)?;
    } else {
        print(&text(&standing, scope, Screen::of_stdout()))?;
    }
    Ok(Exit::Done)
}

fn text(standing: &Standing, scope: Scope, screen: Screen) -> String {
    let mut text = agent_lines(&standing.agent, screen);
    let requests = &standing.requests;
    let (table, whose) = match scope {
        Scope::All => (listing::everybody(requests, screen), "There are"),
        Scope::Own | Scope::Decidable => (listing::standing(requests, screen), "You have"),
    };
    // Writing to a String does not fail.
    let _ = match requests.is_empty() {
        true => writeln!(text, "{whose} no open requests and no grants."),
        false => write!(text, "\n{table}"),
    };
    text
}

fn agent_lines(agent: &Status, screen: Screen) -> String {
    let mode = match agent.mode {
        Mode::Enforce => "enforces its policy",
        Mode::Observe => "observes: it records what it would decide and blocks nothing",
    };
    let mut text = format!("Writ {} on {} {mode}.\n", shown(&agent.version), shown(&agent.host));
    if let Some(why) = &agent.sealed {
        let why = format!("It refuses everything: {}", shown(why));
        let _ = writeln!(text, "{}", screen.alarming(&why));
    }
    if let Some(error) = &agent.policy_error {
        let since = local(agent.policy_loaded_wall_ms);
        let what = format!("The policy files were not taken; those of {since} are in force.");
        let _ = writeln!(text, "{}\n{}", screen.alarming(&what), shown_lines(error));
    }
    for finding in &agent.findings {
        let what = screen.alarming(&shown(&finding.what));
        let _ = writeln!(text, "{what}\n  {}", shown(&finding.remedy));
    }
    for collector in &agent.collectors {
        // One that gets nothing is a finding.
        let where_it_is = match (&collector.error, collector.waiting) {
            (Some(_), _) => continue,
            (None, 0) => "is up to date".to_owned(),
            (None, 1) => "was not sent one line yet".to_owned(),
            (None, waiting) => format!("was not sent {waiting} lines yet"),
        };
        let _ = writeln!(text, "The collector {} {where_it_is}.", shown(&collector.url));
    }
    let _ = writeln!(
        text,
        "Roles: {}. Requests: {} waiting, {} granted, {} running.",
        agent.roles, agent.pending, agent.granted, agent.running
    );
    text.push_str(&lost(agent));
    text
}

/// What was turned away or did not get through since the agent started, where there is any.
fn lost(agent: &Status) -> String {
    let refused = match agent.connections_refused {
        0 => String::new(),
        1 => {
            "1 connection was closed: too many at once, or no message of the protocol.\n".to_owned()
        }
        refused => format!(
            "{refused} connections were closed: too many at once, or no messages of the protocol.\n"
        ),
    };
    match agent.journal_lines_dropped {
        0 => refused,
        1 => format!("{refused}1 line did not get into the journal; the ledger has it.\n"),
        dropped => {
            format!("{refused}{dropped} lines did not get into the journal; the ledger has them.\n")
        }
    }
}
