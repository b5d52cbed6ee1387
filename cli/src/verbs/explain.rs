//! `writ explain`: what the policy says of a command, and why.

mod act;
mod view;

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use writ_engine::facts;
use writ_engine::time::WallTime;
use writ_protocol::calls;
use writ_protocol::explained::{Explained, Says, Supposed};

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::local_user;
use crate::moment::now_wall_ms;
use crate::screen::{Screen, print, print_json};
use crate::verbs::check;

/// Say what the policy decides about a command, and why
///
/// Which role and rule decide, whom it would ask and for how long; of every other rule
/// of the user's roles why not: an earlier rule decides, it is for other target users,
/// no pattern matches, and where the nearest one differs. It is decided as if no window
/// of a role were open, and the program's file is not looked at: neither whether the user
/// may write it, nor whether it is the one that a rule is pinned to. It is supposed to be typed at a terminal, now; other circumstances that rules may
/// hang on are said with --reason, --ticket, --source-ip, --at and --unattended. Nothing
/// comes of it.
///
/// The policy is the one in force, which the agent is asked about: root about anybody,
/// others about themselves. With --policy or --host it is read from files, by the users
/// and groups of this host.
#[derive(Debug, clap::Args)]
#[command(override_usage = "writ explain [OPTIONS] -- <COMMAND>...")]
#[command(after_help = "\
Exit codes: 0 allowed (or passed on to sudoers alone), 3 denied, 4 people would be
asked; 1 where it cannot be told.

Examples: writ explain -- systemctl restart nginx
          writ explain --policy . --user alice --group developers -- /usr/bin/id
          writ explain --user alice -- sudoedit /etc/hosts")]
pub(crate) struct Arguments {
    /// The command and its arguments, as they are given to sudo
    #[arg(last = true, value_name = "COMMAND", required = true)]
    command: Vec<OsString>,

    /// Who runs sudo; left out: you
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,

    /// He is in this group too; with --policy or --host
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,

    /// On the host of this name; its tags are those of the writ.toml that is read
    #[arg(long, value_name = "NAME")]
    host: Option<String>,

    /// The command is to run as this user, as with sudo -u
    #[arg(long, value_name = "NAME", default_value = "root")]
    run_as: String,

    /// The command is to run as this group, as with sudo -g
    #[arg(long, value_name = "NAME")]
    run_as_group: Option<String>,

    /// In this directory; left out: the present one
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,

    /// He says this as the reason
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// He names this ticket
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,

    /// His login session came from this address
    #[arg(long, value_name = "ADDRESS")]
    source_ip: Option<std::net::IpAddr>,

    /// It is done then, such as "2026-12-24 22:00" on this host's clock; left out: now
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::civil::DateTime>,

    /// Nobody is at a terminal
    #[arg(long)]
    unattended: bool,

    /// By the policy files of this folder, whosever they are
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,

    /// Print JSON, with the fields that io.writ.Agent's Explain returns
    #[arg(long)]
    json: bool,
}

/// What stands for the number of a user whom this host does not have: that of nobody.
const NO_NUMBER: u32 = u32::MAX;

/// A command line that cannot be meant.
#[derive(Debug, thiserror::Error)]
enum UsageError {
    #[error(
        "--group goes with --policy or --host; the agent knows the groups of who is on this host"
    )]
    GroupsOfAgent,
    #[error("there is no user {0:?} on this host; with --policy, anybody can be supposed")]
    NoUser(String),
    #[error("--at names no instant of this clock since 1970")]
    NoInstant,
    #[error("name the user with --user; this process is of nobody whom the host knows")]
    Nobody,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let from_files = arguments.policy.is_some() || arguments.host.is_some();
    let explained = if from_files {
        match by_files(host, arguments)? {
            Some(explained) => explained,
            None => return Ok(Exit::Failed),
        }
    } else {
        by_agent(host, arguments)?
    };
    if arguments.json {
        print_json(&explained)?;
    } else {
        let command = act::command(host, arguments, act::Users::Any)?;
        let when = if arguments.at.is_some() { "then" } else { "now" };
        print(&view::text(&explained, &command, when, Screen::of_stdout()))?;
    }
    Ok(match explained.decision {
        Says::Allow | Says::Pass => Exit::Done,
        Says::Deny => Exit::Denied,
        Says::Ask => Exit::Open,
    })
}

fn by_agent(host: &Host, arguments: &Arguments) -> Result<Explained, Failure> {
    if !arguments.groups.is_empty() {
        return Err(Failure::verb(Exit::Usage, UsageError::GroupsOfAgent));
    }
    let command = act::command(host, arguments, act::Users::OfHost)?;
    let user = arguments.user.clone();
    let failed = |error| Failure::verb(Exit::Failed, error);
    // Told apart from a denial, which is an answer.
    if let Some(name) = &user
        && local_user::named(name).map_err(failed)?.is_none()
    {
        return Err(Failure::verb(Exit::Failed, UsageError::NoUser(name.clone())));
    }
    Ok(Agent::connect(host)?.call(&calls::Explain {
        user,
        command,
        supposed: supposed(arguments)?,
    })?)
}

fn supposed(arguments: &Arguments) -> Result<Supposed, Failure> {
    let at_ms = arguments.at.map(|at| {
        let at =
            at.to_zoned_datetime(TimeZone::system()).ok().map(|at| at.timestamp().as_millisecond());
        at.and_then(|ms| u64::try_from(ms).ok())
            .ok_or_else(|| Failure::verb(Exit::Usage, UsageError::NoInstant))
    });
    Ok(Supposed {
        unattended: arguments.unattended,
        source_ip: arguments.source_ip.map(|address| address.to_string()),
        reason: arguments.reason.clone(),
        ticket: arguments.ticket.clone(),
        at_ms: at_ms.transpose()?,
    })
}

/// Nothing where the files are wrong, which was said.
fn by_files(host: &Host, arguments: &Arguments) -> Result<Option<Explained>, Failure> {
    let name = arguments.host.as_deref();
    let Some(loaded) = check::load_or_tell(host, arguments.policy.as_deref(), name)? else {
        return Ok(None);
    };
    let failed = |error| Failure::verb(Exit::Failed, error);
    let found = match &arguments.user {
        Some(name) => local_user::named(name).map_err(failed)?,
        None => local_user::myself().map_err(failed)?,
    };
    let mut person = match (found, &arguments.user) {
        (Some(person), _) => person,
        (None, Some(name)) => facts::Person::known_by(facts::Account {
            uid: facts::Uid(NO_NUMBER),
            name: name.clone(),
        }),
        (None, None) => return Err(Failure::verb(Exit::Usage, UsageError::Nobody)),
    };
    person.groups.extend(arguments.groups.iter().cloned());
    let command = act::of_engine(act::command(host, arguments, act::Users::Any)?);
    let (supposed, now) = (supposed(arguments)?, WallTime(now_wall_ms()));
    Ok(Some(writ_policy::explain(&loaded.policy, &person, &command, &supposed, now)))
}
