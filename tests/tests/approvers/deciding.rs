//! What an answer does, and how a grant ends.

use serde_json::json;
use writ_tests::{Host, PATIENCE, json as parsed};

use crate::verbs::in_advance;

/// sudo of `touch FILE`, which is to pass at once.
#[track_caller]
fn passes(host: &Host, file: &str) {
    host.as_user("alice", &format!("sudo touch {file}")).ok();
    host.root(&["rm", file]).ok();
}

/// sudo of `touch FILE`, which is to be left waiting; gives the request's ID.
#[track_caller]
fn waits(host: &Host, file: &str) -> String {
    let asked = host.as_user("alice", &format!("sudo -n touch {file}"));
    let said = asked.failed_with(1);
    assert!(said.contains("stays open"), "{asked}");
    assert!(!host.has(file), "it ran");
    host.request_of("pending", file)
}

pub(crate) fn two_different_people_are_two(host: &Host) {
    let file = "/srv/two/people";
    let id = in_advance(host, "alice", file, "");
    let approve = format!("writ approve {id} --yes");
    let first = host.as_user("bob", &approve);
    assert!(first.ok().contains("1 of 2"), "{first}");
    let again = host.as_user("bob", &approve);
    assert!(again.failed_with(5).contains("has answered"), "{again}");
    // bob under carol's account is still bob.
    let as_carol = host.as_user("bob", &format!("echo carol | su carol -c '{approve}'"));
    assert!(as_carol.stderr.contains("another account"), "{as_carol}");
    assert_eq!(as_carol.status, 5, "{as_carol}");
    waits(host, file);
    let second = host.as_user("carol", &approve);
    assert!(second.ok().contains("is approved"), "{second}");
    passes(host, file);

    // One no ends it, whatever yes there was.
    let id = in_advance(host, "alice", file, "");
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
    host.as_user("carol", &format!("writ deny {id}")).ok();
    host.as_user("erin", &format!("writ approve {id} --yes")).failed_with(1);
    let anew = waits(host, file);
    assert_ne!(anew, id);
    host.as_user("alice", &format!("writ cancel {anew}")).ok();
}

pub(crate) fn a_denial_ends_it_and_its_reason_is_told(host: &Host) {
    let file = "/srv/bob/denied";
    let alice = host.login("alice");
    alice.type_line(&format!("sudo touch {file}"));
    let id = host.request_of("pending", file);
    host.as_user("bob", &format!("writ deny {id} --comment $'not\\e[2J today'")).ok();
    let said = alice.expect("today");
    assert!(said.contains("bob said no"), "{said}");
    assert!(said.contains("not\\e[2J"), "{said}");
    alice.prompt();
    assert_eq!(alice.run("echo $?").1, 0);
    assert!(!host.has(file), "it ran");
    assert!(host.requests_of(file).is_empty(), "it is still there");
}

pub(crate) fn an_approver_narrows_what_was_asked_for(host: &Host) {
    let file = "/srv/bob/narrow";
    let id = in_advance(host, "alice", file, "--for 30m --uses 5");
    host.as_user("bob", &format!("writ approve {id} --yes --for 20m --uses 2")).ok();
    let shown = parsed(&host.as_user("alice", &format!("writ show {id} --json")));
    let left = shown["request"]["remaining_ms"].as_u64().expect("a number");
    assert!((19 * 60_000..=20 * 60_000).contains(&left), "{shown}");
    assert_eq!(shown["request"]["uses_left"], 2);
    passes(host, file);
    passes(host, file);
    let anew = waits(host, file);
    // Nobody can widen: more time and more uses than were asked for have no effect.
    host.as_user("bob", &format!("writ approve {anew} --yes --for 20h --uses 100")).ok();
    let shown = parsed(&host.as_user("alice", &format!("writ show {anew} --json")));
    assert!(shown["request"]["remaining_ms"].as_u64() <= Some(3_600_000), "{shown}");
    assert_eq!(shown["request"]["uses_left"], 1);
    host.as_user("alice", &format!("writ end {anew}")).ok();
}

pub(crate) fn a_decision_on_another_digest_is_refused(host: &Host) {
    let file = "/srv/bob/digest";
    let id = in_advance(host, "alice", file, "");
    let other = in_advance(host, "alice", "/srv/bob/other", "");
    let digest_of = |id: &str| {
        let shown = parsed(&host.as_user("bob", &format!("writ show {id} --json")));
        shown["digest"].as_str().expect("a text").to_owned()
    };
    let (right, wrong) = (digest_of(&id), digest_of(&other));
    let refused = host.as_user("bob", &format!("writ approve {id} --digest {wrong}"));
    refused.failed_with(1);
    let decision = json!({"id": id, "digest": wrong, "verdict": "approve"});
    let reply = host.call_agent("bob", "Decide", &decision);
    assert_eq!(reply["error"], "io.writ.Agent.WrongDigest", "{reply}");
    waits(host, file);
    host.as_user("bob", &format!("writ approve {id} --digest {right}")).ok();
    passes(host, file);
    host.as_user("alice", &format!("writ cancel {other}")).ok();
}

pub(crate) fn a_grant_asked_for_in_advance_lets_sudo_pass_once(host: &Host) {
    let file = "/srv/bob/advance";
    let asking = host.start_as("alice", &format!("writ request -- touch {file}"));
    let id = host.request_of("pending", file);
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
    let answered = asking.finish(PATIENCE);
    assert!(answered.ok().contains(&format!("sudo touch {file}")), "{answered}");
    passes(host, file);
    let second = waits(host, file);
    assert_ne!(second, id);
    host.as_user("alice", &format!("writ cancel {second}")).ok();

    let id = in_advance(host, "alice", file, "--uses 2");
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
    // It is for this command, from this folder, and no other.
    let elsewhere = host.as_user("alice", &format!("cd / && sudo -n touch {file}"));
    assert!(elsewhere.failed_with(1).contains("stays open"), "{elsewhere}");
    let other = host.request_of("pending", file);
    host.as_user("alice", &format!("writ cancel {other}")).ok();
    passes(host, file);
    passes(host, file);
    let third = waits(host, file);
    host.as_user("alice", &format!("writ cancel {third}")).ok();
}

pub(crate) fn a_grant_ends_when_its_time_is_up(host: &Host) {
    let file = "/srv/bob/short";
    let id = in_advance(host, "alice", file, "--for 2s");
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
    host.wait_until("the grant to end", PATIENCE, || host.requests_of(file).is_empty());
    let story = host.root(&["writ", "audit", "show", "--json", &id]);
    let story = parsed(&story);
    let last = story["events"].as_array().and_then(|events| events.last()).expect("an event");
    assert_eq!(last["record"]["event"], "grant.ended");
    assert_eq!(last["record"]["reason"], "expired");
    let anew = waits(host, file);
    assert_ne!(anew, id);
    host.as_user("alice", &format!("writ cancel {anew}")).ok();
}

pub(crate) fn a_grant_is_given_back_or_revoked_by_who_may(host: &Host) {
    let file = "/srv/bob/back";
    let id = in_advance(host, "alice", file, "");
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
    // It is nobody else's to end.
    for (other, verb, status) in [
        ("dave", "revoke", 1),
        ("dave", "end", 1),
        ("bob", "end", 5),
        ("alice", "revoke", 5),
        ("alice", "cancel", 3),
    ] {
        host.as_user(other, &format!("writ {verb} {id}")).failed_with(status);
    }
    passes(host, file);

    let ways = [("alice", "end"), ("bob", "revoke --comment enough"), ("root", "revoke")];
    for (user, verb) in ways {
        let file = format!("{file}-{user}");
        let id = in_advance(host, "alice", &file, "");
        host.as_user("bob", &format!("writ approve {id} --yes")).ok();
        let line = format!("writ {verb} {id}");
        match user {
            "root" => host.root_sh(&line).ok().to_owned(),
            _ => host.as_user(user, &line).ok().to_owned(),
        };
        assert!(host.requests_of(&file).is_empty(), "{verb} of {user} left it");
    }
    let anew = waits(host, &format!("{file}-bob"));
    host.as_user("alice", &format!("writ cancel {anew}")).ok();
}

pub(crate) fn two_terminals_with_one_command_share_one_request(host: &Host) {
    let file = "/srv/bob/shared";
    let (first, second) = (host.login("alice"), host.login("alice"));
    first.type_line(&format!("sudo touch {file}; echo \"<$?>\""));
    let id = host.request_of("pending", file);
    second.type_line(&format!("sudo touch {file}; echo \"<$?>\""));
    second.expect(&id);
    assert_eq!(host.requests_of(file).len(), 1);
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
    // One approval is one run: who came first has it, the other is told.
    first.expect("\r\n<0>");
    second.expect("\r\n<1>");
    assert!(second.screen().contains("run the command again"), "{}", second.screen());
    let story = host.root(&["writ", "audit", "list", "--id", &id]);
    assert_eq!(story.ok().matches("command.started").count(), 1, "{story}");
    assert_eq!(story.ok().matches("request.joined").count(), 1, "{story}");
}
