//! The rules of the benchmark as Cedar policies: how long it takes to load them, and to
//! decide by them.
//!
//! ```text
//! beside-cedar ROLES RULES_PER_ROLE
//! ```
//!
//! The user is in every role, each rule is a policy of its role, and each decision is for
//! a command of another rule. Every answer is checked. Prints the medians of loading and
//! of one decision, in nanoseconds of CLOCK_MONOTONIC.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request,
    RestrictedExpression,
};

/// How often they are loaded.
const LOADS: usize = 7;

/// How often is decided.
const DECISIONS: usize = 300;

fn main() {
    let mut counts = std::env::args().skip(1).map(|word| word.parse().expect("a count"));
    let roles: usize = counts.next().expect("ROLES");
    let rules: usize = counts.next().expect("RULES_PER_ROLE");

    let text = policies(roles, rules);
    let mut loaded = PolicySet::new();
    let loading = median((0..LOADS).map(|_| {
        let start = Instant::now();
        let set: PolicySet = text.parse().expect("policies without errors");
        let took = start.elapsed();
        loaded = set;
        took
    }));
    assert_eq!(loaded.policies().count(), roles * rules);

    let entities = people(roles);
    let authorizer = Authorizer::new();
    let deciding = median((0..DECISIONS).map(|number| {
        let (role, rule) = (number * 7 % roles, number * 11 % rules);
        let request = request(&format!("/usr/bin/systemctl restart unit-{role}-{rule}"));
        let start = Instant::now();
        let answer = authorizer.is_authorized(&request, &loaded, &entities);
        let took = start.elapsed();
        assert_eq!(answer.decision(), Decision::Allow, "{role} {rule}");
        took
    }));
    let other = request("/usr/bin/systemctl restart unit-0-0 unit-1-1");
    let answer = authorizer.is_authorized(&other, &loaded, &entities);
    assert_eq!(answer.decision(), Decision::Deny, "what no rule names is not allowed");
    println!("{} {}", loading.as_nanos(), deciding.as_nanos());
}

/// One policy for each rule, with the command as one text, which is what Cedar's `like`
/// can match.
fn policies(roles: usize, rules: usize) -> String {
    let mut text = String::new();
    for role in 0..roles {
        for rule in 0..rules {
            let written = writeln!(
                text,
                "permit(principal in Role::\"r{role}\", action == Action::\"run\", \
                 resource == Account::\"root\") when {{ \
                 context.command == \"/usr/bin/systemctl restart unit-{role}-{rule}\" || \
                 context.command like \"/opt/app{role}/bin/tool{rule} --file /var/log/*\" }};"
            );
            written.expect("a string takes everything");
        }
    }
    text
}

/// alice, who is in every role.
fn people(roles: usize) -> Entities {
    let role = |number: usize| uid("Role", &format!("r{number}"));
    let all: HashSet<EntityUid> = (0..roles).map(role).collect();
    let alice = Entity::new(uid("User", "alice"), HashMap::new(), all.clone()).expect("an entity");
    let roles = all.into_iter().map(|role| Entity::new_no_attrs(role, HashSet::new()));
    Entities::from_entities(roles.chain([alice]), None).expect("entities without a cycle")
}

fn request(command: &str) -> Request {
    let command = RestrictedExpression::new_string(command.to_owned());
    let context = Context::from_pairs([("command".to_owned(), command)]).expect("a context");
    let (alice, run, root) = (uid("User", "alice"), uid("Action", "run"), uid("Account", "root"));
    Request::new(alice, run, root, context, None).expect("a request")
}

fn uid(kind: &str, name: &str) -> EntityUid {
    format!("{kind}::\"{name}\"").parse().expect("a name")
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    *times.get(times.len() / 2).expect("something was measured")
}
