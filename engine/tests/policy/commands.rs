//! Commands, people and roles for the tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use writ_engine::facts::{Account, Action, Command, Host, Person, RunAs, Uid};
use writ_engine::policy::{
    Ask, CommandPattern, Decision, Justification, Mode, Policy, Role, Rule, RunAsFilter, Settings,
    Unmatched,
};
use writ_engine::time::Span;

pub(crate) fn run(path: &str, arguments: &[&str]) -> Command {
    let argv = [path].iter().chain(arguments).map(|word| word.to_string()).collect();
    Command {
        path: path.into(),
        argv,
        cwd: "/".into(),
        run_as: RunAs { user: "root".into(), uid: Uid(0), group: None },
        action: Action::Run,
    }
}

pub(crate) fn edit(files: &[&str]) -> Command {
    let argv = files.iter().map(|file| file.to_string()).collect();
    Command { argv, action: Action::Edit, ..run("/usr/bin/sudoedit", &[]) }
}

/// No window is open.
pub(crate) fn nothing_covered(_role: &str, _ask: &Ask) -> bool {
    false
}

pub(crate) fn person(name: &str, groups: &[&str]) -> Person {
    Person {
        account: Account { uid: Uid(1000), name: name.into() },
        login: None,
        session_owner: None,
        groups: groups.iter().map(|group| group.to_string()).collect(),
        approver: None,
    }
}

pub(crate) fn ask(count: u32) -> Ask {
    Ask {
        from: vec!["@oncall".parse().unwrap()],
        count,
        all_of: vec![],
        escalate: vec![],
        remind: None,
        self_approval: false,
        timeout: Span::from_secs(60),
        max_duration: Span::from_secs(60),
        uses: writ_engine::limits::USES_MAX,
        justification: Justification::Off,
        ticket: None,
        reauth: false,
        without_hub: writ_engine::policy::WithoutHub::Local,
        signed: false,
    }
}

pub(crate) fn asking(count: u32) -> Decision {
    Decision::Ask(Arc::new(ask(count)))
}

pub(crate) fn rule(name: &str, commands: &[&str], decision: Decision) -> Rule {
    let commands = commands.iter().map(|text| CommandPattern::parse(text).unwrap()).collect();
    Rule {
        name: name.into(),
        commands,
        services: BTreeSet::new(),
        run_as: RunAsFilter::Any,
        decision,
        allow_writable: false,
        without_agent: writ_engine::policy::WithoutAgent::Deny,
        limits: None,
    }
}

pub(crate) fn role(name: &str, members: &[&str], rules: Vec<Rule>) -> Role {
    let members = members.iter().map(|member| member.parse().unwrap()).collect();
    Role {
        name: name.into(),
        description: None,
        members,
        except: vec![],
        hosts: vec![],
        except_hosts: vec![],
        times: writ_engine::policy::Times::default(),
        rules,
        window: None,
    }
}

pub(crate) fn settings(roles: Vec<Role>) -> Settings {
    Settings {
        mode: Mode::Enforce,
        unmatched: Unmatched::Deny,
        ask: ask(1),
        unattended_wait: Span::from_secs(8),
        warn: vec![],
        roles,
        approvers: BTreeMap::new(),
        on_call: BTreeMap::new(),
        break_glass: Vec::new(),
        host: Host { name: "web-1".into(), tags: BTreeSet::from(["prod".to_string()]) },
        digest: String::new(),
    }
}

pub(crate) fn policy(roles: Vec<Role>) -> Policy {
    Policy::compile(settings(roles))
}
