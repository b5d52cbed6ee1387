//! An explanation, laid out.

use writ_protocol::answers::Mode;
use writ_protocol::calls::Command;
use writ_protocol::explained::{Explained, ExplainedRole, RoleStanding, RuleFate, Says};
use writ_protocol::text::shown;

use crate::screen::Screen;
use crate::sheet::Sheet;
use crate::span::in_words;
use crate::table::Table;
use crate::view::{asked, command};

/// The decision, then what every rule had to do with it. `when` is "now", or "then".
pub(super) fn text(explained: &Explained, asked: &Command, when: &str, screen: Screen) -> String {
    let mut sheet = Sheet::new(screen);
    let (user, host) = (shown(&explained.user), shown(&explained.host));
    sheet.title(&format!("{user} on {host}"));
    sheet.strong_field("command", &command::line(asked));
    sheet.field("as", &command::run_as(asked));
    decision(&mut sheet, explained, when);
    roles(&mut sheet, explained);
    let text = sheet.into_text();
    match rules(explained, screen) {
        Some(rules) => format!("{text}\n{rules}"),
        None => text,
    }
}

fn decision(sheet: &mut Sheet, explained: &Explained, when: &str) {
    let says = match explained.decision {
        Says::Allow => "allowed",
        Says::Ask => "people are asked",
        Says::Deny => "denied",
        Says::Pass => "passed on",
    };
    let why = match (&explained.role, &explained.rule, &explained.why) {
        (Some(role), Some(rule), _) => {
            format!("{says} by the rule {} of the role {}", shown(rule), shown(role))
        }
        (_, _, Some(why)) => format!("{says}: {}", shown(why)),
        _ => says.to_owned(),
    };
    if explained.decision == Says::Deny {
        sheet.alarming_field("decision", &why);
    } else {
        sheet.strong_field("decision", &why);
    }
    if explained.without_agent {
        sheet.field(
            "also",
            "while the agent cannot be reached, unless he may write the command's file",
        );
    }
    if explained.decision == Says::Ask {
        let nobody = ["nobody is named".to_owned()];
        let names = if explained.asked.is_empty() { &nobody } else { explained.asked.as_slice() };
        let seats = asked::seats(&explained.all_of);
        sheet.field("asked", &asked::text(names, seats, explained.needed));
        for (field, told) in asked::standing(&explained.on_call, &explained.deputies, when) {
            sheet.field(field, &told);
        }
        for step in &explained.escalate {
            sheet.field("then", &asked::later(step.after_ms, &step.from));
        }
        if explained.self_approval {
            sheet.field("self", "who asks may approve it, where he is one of these people");
        }
        sheet.field("no answer", &format!("is a no after {}", in_words(explained.timeout_ms)));
        let longest = in_words(explained.max_duration_ms);
        sheet.field("grants", &format!("{longest} at most"));
        if explained.wants_reason {
            sheet.field("wants", "a reason");
        }
        if let Some(pattern) = &explained.ticket_pattern {
            sheet.field("wants", &format!("a ticket that matches {}", shown(pattern)));
        }
    }
    if explained.mode == Mode::Observe && explained.decision != Says::Pass {
        sheet.field("but", "mode = \"observe\": it is only recorded, and nothing is blocked");
    }
}

/// Roles without a part in it, in a line for each reason.
fn roles(sheet: &mut Sheet, explained: &Explained) {
    let names = |standing| {
        let of = explained.roles.iter().filter(|role| role.standing == standing);
        of.map(|role| shown(&role.role)).collect::<Vec<_>>().join(", ")
    };
    for (standing, why) in [
        (RoleStanding::NotMember, "not a member of"),
        (RoleStanding::OtherHost, "on other hosts only"),
        (RoleStanding::Excepted, "left out of it"),
    ] {
        let names = names(standing);
        if !names.is_empty() {
            sheet.field("without", &format!("{why}: {names}"));
        }
    }
}

fn rules(explained: &Explained, screen: Screen) -> Option<String> {
    let mut table = Table::new(["ROLE", "RULE", "SAYS"], "WHY");
    let mut any = false;
    for role in explained.roles.iter().filter(|role| role.standing == RoleStanding::Has) {
        any = true;
        for rule in &role.rules {
            let says = match rule.decision {
                Says::Allow => "allow",
                Says::Ask => "ask",
                Says::Deny => "deny",
                Says::Pass => "pass",
            };
            let why = match rule.fate {
                RuleFate::Decides => screen.strong(&shown(&rule.why)),
                _ => shown(&rule.why),
            };
            table.row([shown(&role.role), shown(&rule.rule), says.to_owned()], vec![why]);
        }
        rest(&mut table, role);
    }
    any.then(|| table.render(screen))
}

fn rest(table: &mut Table<3>, role: &ExplainedRole) {
    let why = match (role.rules.is_empty(), role.more_rules) {
        (true, 0) => "has no rules".to_owned(),
        (_, 0) => return,
        (_, more) => format!("{more} more rules, which do not decide"),
    };
    table.row([shown(&role.role), String::new(), String::new()], vec![why]);
}
