//! A role is asked for.

use writ_tests::{Host, json};

use crate::policy::{as_bob, end, events, groups, id_in, is_in, opened};

pub(crate) fn a_role_is_asked_for_shown_approved_and_lent(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("writ request logs --for 20m --reason 'disk fills'; echo status $?");
    let id = id_in(&alice.expect_regex(r"writ: [0-9A-Z]{4}-[0-9A-Z]{2} waiting for bob"));
    assert!(!is_in(host, "alice", "adm"));
    let shown = as_bob(host, &format!("writ show {id}"));
    for part in ["logs as a whole", "group adm", "disk fills", "20 min"] {
        assert!(shown.ok().contains(part), "{part}: {shown}");
    }
    as_bob(host, &format!("writ approve --yes {id}")).ok();
    alice.expect("status 0\r\n");
    assert!(is_in(host, "alice", "adm"));
    // A new process of hers has it too, and nothing was written anywhere.
    assert!(host.as_user("alice", "id -nG").ok().split(' ').any(|group| group == "adm"));
    host.root_sh("! grep -E '^(adm|staff):.*alice' /etc/group /etc/gshadow").ok();
    assert_eq!(events(host, &id), ["request.opened", "decision.made", "grant.started"]);
    let journal =
        host.root(&["journalctl", "--no-pager", "-o", "verbose", &format!("WRIT_ID={id}")]);
    for field in ["WRIT_COMMAND=(role logs)", "WRIT_GROUPS=adm", "WRIT_ROLE=logs", "WRIT_BY=bob"] {
        assert!(journal.ok().contains(field), "{field}: {journal}");
    }
    end(host, "alice", &id);
}

pub(crate) fn a_role_that_the_policy_gives_is_open_at_once(host: &Host) {
    let asked = host.as_user("alice", "writ request staff --for 10m --json");
    let answer = json(&asked);
    let id = answer["id"].as_str().expect("an ID").to_owned();
    assert_eq!(answer["state"], "allowed");
    assert!(is_in(host, "alice", "staff") && is_in(host, "alice", "adm"));
    assert_eq!(events(host, &id), ["request.opened", "decision.made", "grant.started"]);
    host.as_user("alice", &format!("writ end {id}")).ok();
    assert!(!groups(host, "alice").iter().any(|group| group == "staff" || group == "adm"));
}

pub(crate) fn who_may_ask_for_what_is_listed(host: &Host) {
    let roles = json(&host.as_user("alice", "writ roles --json"));
    let names: Vec<&str> = roles["roles"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|role| role["window"]["role"].as_str())
        .collect();
    assert_eq!(names, ["logs", "never", "nowhere", "staff"]);
    let said = host.as_user("alice", "writ roles");
    for part in ["logs", "Reads the logs", "bob", "30 min", "adm"] {
        assert!(said.ok().contains(part), "{part}: {said}");
    }
    let nothing = host.as_user("carol", "writ roles --json");
    assert_eq!(json(&nothing)["roles"].as_array().map(Vec::len), Some(0));
}

pub(crate) fn asking_again_finds_the_open_window(host: &Host) {
    let id = opened(host, "alice", "logs --for 10m");
    let again = json(&host.as_user("alice", "writ request logs --json"));
    assert_eq!(again["id"], id.as_str());
    assert_eq!(again["state"], "allowed");
    end(host, "alice", &id);
}

pub(crate) fn a_window_stands_longer_once_people_say_so(host: &Host) {
    let id = opened(host, "alice", "logs --for 5m");
    let left = |host: &Host| {
        let all = json(&host.root(&["writ", "status", "--json"]));
        let requests = all["requests"].as_array().expect("a list").clone();
        let own = requests.into_iter().find(|request| request["id"] == id.as_str());
        own.expect("it is listed")["remaining_ms"].as_u64().expect("a number")
    };
    let before = left(host);
    let asked = host.as_user("alice", &format!("writ extend {id} --for 10m --no-wait"));
    let longer = id_in(&asked.ok().replace(&id, ""));
    assert!(left(host) <= before);
    // Nobody makes his own grant stand longer.
    assert_eq!(host.as_user("alice", &format!("writ approve --yes {longer}")).status, 5);
    as_bob(host, &format!("writ approve --yes {longer}")).ok();
    assert!(left(host) > before + 9 * 60_000, "{} after {before}", left(host));
    assert!(events(host, &id).ends_with(&["grant.extended".to_owned()]));
    let too_long = host.as_user("alice", &format!("writ extend {id} --for 31m --no-wait"));
    assert!(too_long.failed_with(3).contains("ask for less"), "{too_long}");
    end(host, "alice", &id);
}
