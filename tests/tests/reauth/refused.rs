//! Proofs that are not given, and ways around them.

use serde_json::json;
use writ_tests::{Host, PATIENCE};

use crate::{asked, provers};

/// Calls on one connection: pairs of a method and its parameters, as JSON; prints the
/// replies, one a line.
const CALLS: &str = r#"
import json, socket, sys
agent = socket.socket(socket.AF_UNIX)
agent.connect("/run/writ/io.writ.Agent")
for method, parameters in json.loads(sys.argv[1]):
    call = {"method": "io.writ.Agent." + method, "parameters": parameters}
    agent.sendall(json.dumps(call).encode() + b"\0")
    reply = b""
    while not reply.endswith(b"\0"):
        reply += agent.recv(65536)
    print(reply.rstrip(b"\0").decode())
"#;

/// The replies to calls of bob's on one connection.
fn calls(host: &Host, calls: &serde_json::Value) -> Vec<String> {
    host.put("/srv/calls.py", CALLS, 0o644);
    let ran = host.as_user("bob", &format!("python3 /srv/calls.py '{calls}'"));
    ran.ok().lines().map(str::to_owned).collect()
}

fn digest(host: &Host, id: &str) -> String {
    let shown = writ_tests::json(&host.root(&["writ", "show", id, "--json"]));
    shown["digest"].as_str().expect("a text").to_owned()
}

pub(crate) fn a_wrong_password_approves_nothing(host: &Host) {
    let id = asked(host, "/srv/wrong");
    let bob = host.login("bob");
    bob.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
    bob.expect("Password: ");
    bob.type_line("alice");
    bob.expect("bob has not proved who he is (Authentication failure); nothing was decided");
    bob.expect("<3>");
    assert_eq!(host.request_of("pending", "/srv/wrong"), id);
    let journal = host.root(&["journalctl", "--unit=writd.service"]);
    let said = format!("bob has not proved who he is, to approve {id}");
    assert!(journal.ok().contains(&said), "{journal}");
    assert!(
        host.as_user("alice", "sudo -n touch /srv/wrong").failed_with(1).contains("stays open")
    );
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

/// A shell that runs a script puts no terminal in order after a command.
pub(crate) fn who_is_ended_at_the_prompt_leaves_a_terminal_that_shows_what_is_typed(host: &Host) {
    let id = asked(host, "/srv/ended");
    for signal in ["TERM", "HUP"] {
        let bob = host.login("bob");
        bob.type_line(&format!(
            "sh -c 'writ approve {id} --yes; echo \"<$?>\"; stty -a | grep -ow -e -echo -e echo -e -icanon -e icanon | tr \"\\n\" .; echo'"
        ));
        bob.expect("Password: ");
        host.root(&["pkill", &format!("-{signal}"), "-x", "writ"]).ok();
        bob.expect(if signal == "TERM" { "<143>" } else { "<129>" });
        let said = bob.expect_regex("[-a-z]+\\.[-a-z]+\\.");
        assert!(said.contains("echo.") && said.contains("icanon."), "{said}");
        assert!(!said.contains("-echo") && !said.contains("-icanon"), "{said}");
    }
    assert_eq!(host.request_of("pending", "/srv/ended"), id);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

pub(crate) fn ctrl_c_leaves_everything_as_it_was(host: &Host) {
    let id = asked(host, "/srv/ctrl");
    let bob = host.login("bob");
    bob.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
    bob.expect("Password: ");
    bob.send(b"half a pass\x03");
    bob.expect("Nothing was decided.");
    bob.expect("<4>");
    assert_eq!(bob.run("echo seen").0, "seen");
    assert!(bob.run("stty -a").0.contains(" echo "), "the terminal is in order");
    host.wait_until("the process to be gone", PATIENCE, || provers(host).is_empty());
    // So does a line that is lost.
    bob.type_line(&format!("writ approve {id} --yes"));
    bob.expect("Password: ");
    bob.hang_up();
    host.wait_until("the process to be gone", PATIENCE, || provers(host).is_empty());
    assert_eq!(host.request_of("pending", "/srv/ctrl"), id);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

pub(crate) fn without_a_terminal_it_says_so(host: &Host) {
    let id = asked(host, "/srv/blind");
    let bob = host.as_user_with("bob", &format!("writ approve {id} --yes"), b"bob\n");
    assert!(bob.failed_with(2).contains("there is no terminal to do so at"), "{bob}");
    assert_eq!(host.request_of("pending", "/srv/blind"), id);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

pub(crate) fn nobody_approves_past_the_command_line(host: &Host) {
    let id = asked(host, "/srv/past");
    let digest = digest(host, &id);
    let subject = json!({"id": id, "digest": digest});
    let decide = json!(["Decide", {"id": id, "digest": digest, "verdict": "approve"}]);
    let answer = |text: &str| json!(["AnswerProof", {"answer": text}]);
    let long = "x".repeat(512);
    for (tried, says) in [
        (json!([decide]), "ProofNeeded"),
        (json!([answer("bob"), decide]), "ProofNeeded"),
        (json!([["Prove", subject], decide]), "ProofNeeded"),
        (json!([["Prove", subject], answer("bob\u{0}bob"), decide]), "ProofNeeded"),
        (json!([["Prove", subject], answer(&long), decide]), "ProofNeeded"),
        (json!([["Prove", {"id": id, "digest": "0".repeat(64)}]]), "WrongDigest"),
    ] {
        let replies = calls(host, &tried);
        assert!(replies.last().is_some_and(|last| last.contains(says)), "{tried}: {replies:?}");
        host.wait_until("the process to be gone", PATIENCE, || provers(host).is_empty());
    }
    // Who may not decide has nothing to prove, and tries no passwords here.
    let alice = host.call_agent("alice", "Prove", &subject);
    assert!(alice.to_string().contains("NotYours"), "{alice}");
    let erin = host.call_agent("erin", "Prove", &subject);
    assert!(erin.to_string().contains("Not"), "{erin}");
    assert_eq!(host.request_of("pending", "/srv/past"), id);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

pub(crate) fn a_proof_counts_once_and_for_its_own_question(host: &Host) {
    let (one, other) = (asked(host, "/srv/one"), asked(host, "/srv/other"));
    let (digest_of_one, digest_of_other) = (digest(host, &one), digest(host, &other));
    let decide = |id: &str, digest: &str| json!(["Decide", {"id": id, "digest": digest, "verdict": "approve"}]);
    let replies = calls(
        host,
        &json!([
            ["Prove", {"id": one, "digest": digest_of_one}],
            ["AnswerProof", {"answer": "bob"}],
            decide(&other, &digest_of_other),
            decide(&one, &digest_of_one),
        ]),
    );
    assert!(replies[0].contains("Password"), "{replies:?}");
    assert!(!replies[1].contains("error") && !replies[1].contains("prompt"), "{replies:?}");
    assert!(replies[2].contains("ProofNeeded"), "{replies:?}");
    assert!(replies[3].contains("ProofNeeded"), "it was used up: {replies:?}");
    let replies = calls(
        host,
        &json!([
            ["Prove", {"id": one, "digest": digest_of_one}],
            ["AnswerProof", {"answer": "bob"}],
            decide(&one, &digest_of_one),
            decide(&other, &digest_of_other),
        ]),
    );
    assert!(replies[2].contains("\"granted\":true"), "{replies:?}");
    assert!(replies[3].contains("ProofNeeded"), "{replies:?}");
    host.as_user("alice", &format!("writ cancel {other}; writ end {one}")).ok();
}

pub(crate) fn an_account_that_has_expired_proves_nothing(host: &Host) {
    let id = asked(host, "/srv/expired");
    let carol = host.login("carol");
    host.root(&["chage", "--expiredate", "1", "carol"]).ok();
    carol.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
    carol.expect("Password: ");
    carol.type_line("carol");
    carol.expect("carol has not proved who he is");
    carol.expect("<3>");
    host.root(&["chage", "--expiredate", "-1", "carol"]).ok();
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

pub(crate) fn too_many_wrong_passwords_have_to_wait(host: &Host) {
    let id = asked(host, "/srv/many");
    let dave = host.login("dave");
    for _ in 0..5 {
        dave.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
        dave.expect("Password: ");
        dave.type_line("wrong");
        dave.expect("<3>");
    }
    dave.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
    dave.expect("too many proofs of this account have failed; try again in ");
    dave.expect("<1>");
    // Nobody else has to wait for it.
    let bob = host.login("bob");
    bob.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
    bob.expect("Password: ");
    bob.type_line("bob");
    bob.expect("<0>");
}
