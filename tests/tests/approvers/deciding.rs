//! What an answer does, and how a grant ends.

use serde_json::{Value, json};
use writ_tests::{Host, PATIENCE, json as parsed};

use crate::desk::Desk;

/// sudo of `touch FILE`, which is to pass at once.
#[track_caller]
fn passes(host: &Host, alice: &Desk, file: &str) {
    alice.ok(&format!("sudo touch {file}"));
    host.root(&["rm", file]).ok();
}

/// sudo of `touch FILE`, which is to be left waiting; gives the request's ID.
#[track_caller]
fn waits(host: &Host, alice: &Desk, file: &str) -> String {
    let said = alice.fails(1, &format!("sudo -n touch {file}"));
    assert!(said.contains("stays open"), "{said}");
    assert!(!host.has(file), "it ran");
    host.request_of("pending", file)
}

/// What `writ show` says of a request.
#[track_caller]
fn shown_to(desk: &Desk, id: &str) -> Value {
    serde_json::from_str(&desk.ok(&format!("writ show {id} --json"))).expect("JSON")
}

pub(crate) fn two_different_people_are_two(host: &Host) {
    let alice = Desk::of(host, "alice");
    let bob = Desk::of(host, "bob");
    let carol = Desk::of(host, "carol");
    let erin = Desk::of(host, "erin");
    let file = "/srv/two/people";
    let id = alice.asks(file, "");
    let approve = format!("writ approve {id} --yes");
    let first = bob.ok(&approve);
    assert!(first.contains("1 of 2"), "{first}");
    let again = bob.fails(5, &approve);
    assert!(again.contains("has answered"), "{again}");
    // bob under carol's account is still bob.
    let as_carol = bob.fails(5, &format!("echo carol | su carol -c '{approve}'"));
    assert!(as_carol.contains("another account"), "{as_carol}");
    waits(host, &alice, file);
    let second = carol.ok(&approve);
    assert!(second.contains("is approved"), "{second}");
    passes(host, &alice, file);

    // One no ends it, whatever yes there was.
    let id = alice.asks(file, "");
    bob.ok(&format!("writ approve {id} --yes"));
    carol.ok(&format!("writ deny {id}"));
    erin.fails(1, &format!("writ approve {id} --yes"));
    let anew = waits(host, &alice, file);
    assert_ne!(anew, id);
    alice.ok(&format!("writ cancel {anew}"));
}

pub(crate) fn a_denial_ends_it_and_its_reason_is_told(host: &Host) {
    let file = "/srv/bob/denied";
    let alice = host.login("alice");
    alice.type_line(&format!("sudo touch {file}; echo \"<$?>\""));
    let id = host.request_of("pending", file);
    Desk::of(host, "bob").ok(&format!("writ deny {id} --comment $'not\\e[2J today'"));
    let said = alice.expect("today");
    assert!(said.contains("bob said no"), "{said}");
    assert!(said.contains("not\\e[2J"), "{said}");
    alice.expect("\r\n<1>");
    assert!(!host.has(file), "it ran");
    assert!(host.requests_of(file).is_empty(), "it is still there");
}

pub(crate) fn an_approver_narrows_what_was_asked_for(host: &Host) {
    let alice = Desk::of(host, "alice");
    let bob = Desk::of(host, "bob");
    let file = "/srv/bob/narrow";
    let id = alice.asks(file, "--for 30m --uses 5");
    bob.ok(&format!("writ approve {id} --yes --for 20m --uses 2"));
    let shown = shown_to(&alice, &id);
    let left = shown["request"]["remaining_ms"].as_u64().expect("a number");
    assert!((19 * 60_000..=20 * 60_000).contains(&left), "{shown}");
    assert_eq!(shown["request"]["uses_left"], 2);
    passes(host, &alice, file);
    passes(host, &alice, file);
    let anew = waits(host, &alice, file);
    // Nobody can widen: more time and more uses than were asked for have no effect.
    bob.ok(&format!("writ approve {anew} --yes --for 20h --uses 100"));
    let shown = shown_to(&alice, &anew);
    assert!(shown["request"]["remaining_ms"].as_u64() <= Some(3_600_000), "{shown}");
    assert_eq!(shown["request"]["uses_left"], 1);
    alice.ok(&format!("writ end {anew}"));
}

pub(crate) fn a_decision_on_another_digest_is_refused(host: &Host) {
    let alice = Desk::of(host, "alice");
    let bob = Desk::of(host, "bob");
    let file = "/srv/bob/digest";
    let id = alice.asks(file, "");
    let other = alice.asks("/srv/bob/other", "");
    let digest_of = |id: &str| {
        let shown = shown_to(&bob, id);
        shown["digest"].as_str().expect("a text").to_owned()
    };
    let (right, wrong) = (digest_of(&id), digest_of(&other));
    let line = format!("writ approve {id} --digest {wrong}");
    bob.fails(1, &line);
    let decision = json!({"id": id, "digest": wrong, "verdict": "approve"});
    let reply = host.call_agent("bob", "Decide", &decision);
    assert_eq!(reply["error"], "io.writ.Agent.WrongDigest", "{reply}");
    waits(host, &alice, file);
    bob.ok(&format!("writ approve {id} --digest {right}"));
    passes(host, &alice, file);
    alice.ok(&format!("writ cancel {other}"));
}

pub(crate) fn a_grant_asked_for_in_advance_lets_sudo_pass_once(host: &Host) {
    let alice = Desk::of(host, "alice");
    let bob = Desk::of(host, "bob");
    let file = "/srv/bob/advance";
    let asking = host.start_as("alice", &format!("writ request -- touch {file}"));
    let id = host.request_of("pending", file);
    bob.ok(&format!("writ approve {id} --yes"));
    let answered = asking.finish(PATIENCE);
    assert!(answered.ok().contains(&format!("sudo touch {file}")), "{answered}");
    passes(host, &alice, file);
    let second = waits(host, &alice, file);
    assert_ne!(second, id);
    alice.ok(&format!("writ cancel {second}"));

    let id = alice.asks(file, "--uses 2");
    bob.ok(&format!("writ approve {id} --yes"));
    // It is for this command, from this folder, and no other.
    let elsewhere = alice.fails(1, &format!("(cd / && sudo -n touch {file})"));
    assert!(elsewhere.contains("stays open"), "{elsewhere}");
    let other = host.request_of("pending", file);
    alice.ok(&format!("writ cancel {other}"));
    passes(host, &alice, file);
    passes(host, &alice, file);
    let third = waits(host, &alice, file);
    alice.ok(&format!("writ cancel {third}"));
}

pub(crate) fn a_grant_ends_when_its_time_is_up(host: &Host) {
    let alice = Desk::of(host, "alice");
    let bob = Desk::of(host, "bob");
    let file = "/srv/bob/short";
    let id = alice.asks(file, "--for 2s");
    bob.ok(&format!("writ approve {id} --yes"));
    host.wait_until("the grant to end", PATIENCE, || host.requests_of(file).is_empty());
    let story = host.root(&["writ", "audit", "show", "--json", &id]);
    let story = parsed(&story);
    let last = story["events"].as_array().and_then(|events| events.last()).expect("an event");
    assert_eq!(last["record"]["event"], "grant.ended");
    assert_eq!(last["record"]["reason"], "expired");
    let anew = waits(host, &alice, file);
    assert_ne!(anew, id);
    alice.ok(&format!("writ cancel {anew}"));
}

pub(crate) fn a_grant_is_given_back_or_revoked_by_who_may(host: &Host) {
    let alice = Desk::of(host, "alice");
    let bob = Desk::of(host, "bob");
    let dave = Desk::of(host, "dave");
    let file = "/srv/bob/back";
    let id = alice.asks(file, "");
    bob.ok(&format!("writ approve {id} --yes"));
    // It is nobody else's to end.
    for (other, verb, status) in [
        (&dave, "revoke", 1),
        (&dave, "end", 1),
        (&bob, "end", 5),
        (&alice, "revoke", 5),
        (&alice, "cancel", 3),
    ] {
        other.fails(status, &format!("writ {verb} {id}"));
    }
    passes(host, &alice, file);

    let granted = |file: &str| {
        let id = alice.asks(file, "");
        bob.ok(&format!("writ approve {id} --yes"));
        id
    };
    let given_back = granted("/srv/bob/given-back");
    alice.ok(&format!("writ end {given_back}"));
    let revoked = granted("/srv/bob/revoked");
    bob.ok(&format!("writ revoke {revoked} --comment enough"));
    let by_root = granted("/srv/bob/by-root");
    host.root(&["writ", "revoke", &by_root]).ok();
    for file in ["given-back", "revoked", "by-root"] {
        assert!(host.requests_of(file).is_empty(), "the grant of {file} is still there");
    }
    let anew = waits(host, &alice, "/srv/bob/revoked");
    alice.ok(&format!("writ cancel {anew}"));
}

pub(crate) fn two_terminals_with_one_command_share_one_request(host: &Host) {
    let bob = Desk::of(host, "bob");
    let file = "/srv/bob/shared";
    let (first, second) = (host.login("alice"), host.login("alice"));
    first.type_line(&format!("sudo touch {file}; echo \"<$?>\""));
    let id = host.request_of("pending", file);
    second.type_line(&format!("sudo touch {file}; echo \"<$?>\""));
    second.expect(&id);
    assert_eq!(host.requests_of(file).len(), 1);
    bob.ok(&format!("writ approve {id} --yes"));
    // One approval is one run: who came first has it, the other is told.
    first.expect("\r\n<0>");
    second.expect("\r\n<1>");
    assert!(second.screen().contains("run the command again"), "{}", second.screen());
    let story = host.root(&["writ", "audit", "list", "--id", &id]);
    assert_eq!(story.ok().matches("command.started").count(), 1, "{story}");
    assert_eq!(story.ok().matches("request.joined").count(), 1, "{story}");
}
