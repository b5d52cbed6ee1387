use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// alice is lent adm and shadow, bob adm.
fn lent() -> Arc<Snapshot> {
    let pairs = [("alice", "adm", 4), ("alice", "shadow", 42), ("bob", "adm", 4)];
    let lent = pairs.map(|(user, group, gid)| Lent {
        user: user.to_owned(),
        group: group.to_owned(),
        gid,
        until: writ_engine::time::BootTime(u64::MAX),
    });
    Arc::new(Snapshot::of(lent.into()))
}

fn replies_of(call: &Value, asker: Asker) -> Vec<Value> {
    let replies = answer(call.to_string().as_bytes(), lent(), asker).unwrap();
    let parse = |frame: Vec<u8>| {
        let (nul, json) = frame.split_last().unwrap();
        assert_eq!(*nul, 0);
        serde_json::from_slice(json).unwrap()
    };
    replies.map(parse).collect()
}

fn call(method: &str, parameters: Value, more: bool) -> Vec<Value> {
    let method = format!("io.systemd.UserDatabase.{method}");
    let mut parameters = parameters;
    parameters["service"] = json!("io.writ.UserDatabase");
    let call = json!({"method": method, "parameters": parameters, "more": more});
    replies_of(&call, Asker::Other)
}

fn pairs(replies: &[Value]) -> Vec<(&str, &str)> {
    replies
        .iter()
        .map(|reply| {
            let parameters = &reply["parameters"];
            assert_eq!(parameters.as_object().unwrap().len(), 2, "systemd 252 takes no more");
            (parameters["userName"].as_str().unwrap(), parameters["groupName"].as_str().unwrap())
        })
        .collect()
}

#[track_caller]
fn assert_refused(replies: &[Value], error: &str, parameters: Value) {
    assert_eq!(replies, [json!({"error": error, "parameters": parameters})]);
}

#[test]
fn memberships_are_found_by_user_by_group_by_both_and_all() {
    for (wanted, found) in [
        (json!({"userName": "alice"}), vec![("alice", "adm"), ("alice", "shadow")]),
        (json!({"groupName": "adm"}), vec![("alice", "adm"), ("bob", "adm")]),
        (json!({"userName": "bob", "groupName": "adm"}), vec![("bob", "adm")]),
        (json!({}), vec![("alice", "adm"), ("alice", "shadow"), ("bob", "adm")]),
        (json!({"userName": null, "groupName": "shadow"}), vec![("alice", "shadow")]),
    ] {
        let replies = call("GetMemberships", wanted, true);
        assert_eq!(pairs(&replies), found);
        let continues: Vec<bool> = replies.iter().map(|reply| reply["continues"] == true).collect();
        let (last, others) = continues.split_last().unwrap();
        assert!(!last && others.iter().all(|more| *more), "{continues:?}");
    }
}

#[test]
fn what_is_not_lent_is_no_record() {
    for wanted in [
        json!({"userName": "carol"}),
        json!({"groupName": "sudo"}),
        json!({"userName": "bob", "groupName": "shadow"}),
    ] {
        let replies = call("GetMemberships", wanted, true);
        assert_refused(&replies, "io.systemd.UserDatabase.NoRecordFound", json!({}));
    }
    for wanted in [json!({"groupName": "sudo"}), json!({"gid": 27})] {
        let replies = call("GetGroupRecord", wanted, false);
        assert_refused(&replies, "io.systemd.UserDatabase.NoRecordFound", json!({}));
    }
    for wanted in [json!({"userName": "alice"}), json!({"uid": 1000}), json!({})] {
        let replies = call("GetUserRecord", wanted, true);
        assert_refused(&replies, "io.systemd.UserDatabase.NoRecordFound", json!({}));
    }
}

#[test]
fn nothing_lent_is_no_record_for_any_question() {
    for method in ["GetUserRecord", "GetGroupRecord", "GetMemberships"] {
        let call = json!({
            "method": format!("io.systemd.UserDatabase.{method}"),
            "parameters": {"service": "io.writ.UserDatabase"},
            "more": true,
        });
        let none = Arc::new(Snapshot::default());
        let mut replies = answer(call.to_string().as_bytes(), none, Asker::Other).unwrap();
        let frame = String::from_utf8(replies.next().unwrap()).unwrap();
        assert!(frame.contains("NoRecordFound"), "{frame}");
        assert!(replies.next().is_none());
    }
}

#[test]
fn several_answers_need_a_caller_who_takes_them() {
    for (method, wanted) in [
        ("GetMemberships", json!({"userName": "alice"})),
        ("GetMemberships", json!({})),
        ("GetGroupRecord", json!({})),
    ] {
        let replies = call(method, wanted, false);
        assert_refused(&replies, "org.varlink.service.ExpectedMore", json!({}));
    }
    let one = call("GetMemberships", json!({"userName": "bob"}), false);
    assert_eq!(pairs(&one), [("bob", "adm")]);
}

#[test]
fn a_group_is_found_by_name_and_by_number_with_what_systemd_wants_of_it() {
    let adm = json!({"parameters": {
        "record": {"groupName": "adm", "gid": 4, "service": "io.writ.UserDatabase"},
        "incomplete": false,
    }});
    for wanted in
        [json!({"groupName": "adm"}), json!({"gid": 4}), json!({"groupName": "adm", "gid": 4})]
    {
        assert_eq!(call("GetGroupRecord", wanted, false), std::slice::from_ref(&adm));
    }
    let all = call("GetGroupRecord", json!({}), true);
    let names: Vec<&Value> =
        all.iter().map(|reply| &reply["parameters"]["record"]["groupName"]).collect();
    assert_eq!(names, ["adm", "shadow"]);
    assert_eq!((&all[0]["continues"], all[1].get("continues")), (&json!(true), None));
}

#[test]
fn a_name_and_a_number_of_two_groups_conflict() {
    for wanted in [
        json!({"groupName": "adm", "gid": 42}),
        json!({"groupName": "adm", "gid": 5}),
        json!({"groupName": "sudo", "gid": 4}),
    ] {
        let replies = call("GetGroupRecord", wanted, false);
        assert_refused(&replies, "io.systemd.UserDatabase.ConflictingRecordFound", json!({}));
    }
}

#[test]
fn another_service_is_not_served() {
    for service in [json!("io.systemd.Multiplexer"), json!(""), json!(null)] {
        let call = json!({
            "method": "io.systemd.UserDatabase.GetMemberships",
            "parameters": {"service": service},
        });
        let replies = replies_of(&call, Asker::Other);
        assert_refused(&replies, "io.systemd.UserDatabase.BadService", json!({}));
    }
    let call = json!({"method": "io.systemd.UserDatabase.GetGroupRecord"});
    let replies = replies_of(&call, Asker::Other);
    assert_refused(&replies, "io.systemd.UserDatabase.BadService", json!({}));
}

#[test]
fn what_cannot_be_a_name_or_a_number_is_named() {
    for (method, field, values) in [
        (
            "GetMemberships",
            "userName",
            vec![
                json!(""),
                json!("a:b"),
                json!("a/b"),
                json!("a\nb"),
                json!(" alice"),
                json!("1000"),
                json!(".."),
                json!(1000),
                json!("a".repeat(257)),
            ],
        ),
        ("GetGroupRecord", "groupName", vec![json!("\u{7f}"), json!(["adm"])]),
        (
            "GetGroupRecord",
            "gid",
            vec![
                json!(-1),
                json!(4_294_967_295_u32),
                json!(4_294_967_296_u64),
                json!(65535),
                json!(4.5),
                json!("4"),
            ],
        ),
        ("GetUserRecord", "uid", vec![json!(-1), json!(4_294_967_295_u32)]),
    ] {
        for value in values {
            let replies = call(method, json!({field: value}), true);
            assert_refused(
                &replies,
                "org.varlink.service.InvalidParameter",
                json!({"parameter": field}),
            );
        }
    }
}

#[test]
fn a_parameter_that_is_not_known_or_said_twice_is_named() {
    let replies = call("GetGroupRecord", json!({"fuzzyNames": ["a"]}), true);
    let error = "org.varlink.service.InvalidParameter";
    assert_refused(&replies, error, json!({"parameter": "fuzzyNames"}));
    let twice = r#"{"method":"io.systemd.UserDatabase.GetMemberships","parameters":{"service":"io.writ.UserDatabase","userName":"carol","userName":"alice"}}"#;
    let mut replies = answer(twice.as_bytes(), lent(), Asker::Other).unwrap();
    let frame = String::from_utf8(replies.next().unwrap()).unwrap();
    assert!(frame.contains(error) && frame.contains(r#""parameter":"userName""#), "{frame}");
}

#[test]
fn odd_names_that_can_be_are_looked_for() {
    for name in ["_apt", "john.doe", "user@example.org", "DOMAIN\\user", "жанна", "a b", "-"] {
        let replies = call("GetMemberships", json!({"userName": name}), true);
        assert_refused(&replies, "io.systemd.UserDatabase.NoRecordFound", json!({}));
    }
}

#[test]
fn an_unknown_method_is_named() {
    for method in ["io.systemd.UserDatabase.SetUserRecord", "org.varlink.service.Get", "x", ""] {
        let replies = replies_of(&json!({"method": method}), Asker::Other);
        let error = "org.varlink.service.MethodNotFound";
        assert_refused(&replies, error, json!({"method": method}));
    }
}

#[test]
fn the_service_describes_itself() {
    let info = replies_of(&json!({"method": "org.varlink.service.GetInfo"}), Asker::Own);
    assert_eq!(info[0]["parameters"]["interfaces"][1], "io.systemd.UserDatabase");
    let described = |interface: &str| {
        let method = "org.varlink.service.GetInterfaceDescription";
        let call = json!({"method": method, "parameters": {"interface": interface}});
        replies_of(&call, Asker::Other)
    };
    let description = described("io.systemd.UserDatabase");
    let text = description[0]["parameters"]["description"].as_str().unwrap();
    assert!(text.contains("method GetMemberships("), "{text}");
    assert_refused(
        &described("io.example"),
        "org.varlink.service.InterfaceNotFound",
        json!({"interface": "io.example"}),
    );
}

#[test]
fn this_process_finds_nothing_of_what_it_lends() {
    for method in ["GetMemberships", "GetGroupRecord"] {
        let call = json!({
            "method": format!("io.systemd.UserDatabase.{method}"),
            "parameters": {"service": "io.writ.UserDatabase"},
            "more": true,
        });
        let replies = replies_of(&call, Asker::Own);
        assert_refused(&replies, "io.systemd.UserDatabase.NoRecordFound", json!({}));
        assert_eq!(
            replies_of(&call, Asker::Other).len(),
            if method == "GetMemberships" { 3 } else { 2 }
        );
    }
}

#[test]
fn a_call_that_wants_no_reply_gets_none() {
    let call = json!({"method": "org.varlink.service.GetInfo", "oneway": true});
    assert!(replies_of(&call, Asker::Other).is_empty());
}

#[test]
fn what_is_no_call_is_told_from_one() {
    for frame in [
        "",
        "[]",
        "{}",
        "{\"method\":1}",
        "{\"method\":\"a.b\",\"upgrade\":true}",
        "{\"method\":\"a.b\"} x",
        "{\"method\":\"a.b\",\"method\":\"a.b\"}",
    ] {
        assert!(answer(frame.as_bytes(), lent(), Asker::Other).is_err(), "{frame}");
    }
}

#[test]
fn replies_are_of_one_moment_though_the_next_has_come() {
    let call = json!({
        "method": "io.systemd.UserDatabase.GetMemberships",
        "parameters": {"service": "io.writ.UserDatabase"},
        "more": true,
    });
    let mut snapshot = lent();
    let replies = answer(call.to_string().as_bytes(), Arc::clone(&snapshot), Asker::Other).unwrap();
    snapshot = Arc::default();
    assert_eq!(replies.count(), 3);
    assert!(snapshot.is_empty());
}

proptest! {
    #[test]
    fn no_bytes_stop_the_server(frame in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = answer(&frame, lent(), Asker::Other).map(Iterator::count);
    }

    #[test]
    fn no_parameters_stop_the_server(parameters in "\\{(\"(userName|gid|service|x)\":(null|\"[ -~]{0,8}\"|-?[0-9]{1,12}),?){0,4}\\}") {
        for method in ["GetUserRecord", "GetGroupRecord", "GetMemberships"] {
            let call = format!(r#"{{"method":"io.systemd.UserDatabase.{method}","parameters":{parameters}}}"#);
            if let Ok(replies) = answer(call.as_bytes(), lent(), Asker::Other) {
                prop_assert!(replies.count() >= 1);
            }
        }
    }
}
