//! What a person types is data, wherever it is read.

use writ_tests::{Host, PATIENCE};

use crate::syslog::{entries, lines, pairs};

/// What each of the texts below tries to make somebody believe.
const FORGED: &str = "WRIT_BY=\"mallory\"";

/// Ends a value, a line, a record; and ends in what would escape a closing mark.
/// In bash's `$'…'`.
const TEXTS: [&str; 5] = [
    r#"x" WRIT_BY="mallory"#,
    r#"x\\" WRIT_BY="mallory" y=\""#,
    r#"x\nNov 24 00:00:00 host writd[1]: WRIT_EVENT="grant.started" WRIT_BY="mallory""#,
    r"ends in a backslash \\",
    r#"\\\\" WRIT_BY="mallory" \e[31m\u202e\\"#,
];

pub(crate) fn nothing_that_was_typed_forges_a_field_or_a_line(host: &Host) {
    for (number, text) in TEXTS.iter().enumerate() {
        let file = format!("/srv/forged-{number}");
        // As reason, as ticket, as argument, as comment and as working directory.
        let line = format!(
            "mkdir -p -- $'/tmp/{number}'$'{text}' && cd -- $'/tmp/{number}'$'{text}' && \
             writ request --no-wait --reason $'{text}' --ticket $'{text}' -- touch {file} $'{text}\\xff'"
        );
        let id = host.as_user("alice", &line).ok().to_owned();
        host.as_user("bob", &format!("writ deny {id} --comment $'{text}'")).ok();
        let of_it = format!("WRIT_ID={id}");
        host.wait_until("the journal to have it", PATIENCE, || entries(host, &[&of_it]).len() >= 3);
        let journal = entries(host, &[&of_it]);
        assert_eq!(journal.len(), 3, "{text}: {journal:#?}");
        let mark = format!("WRIT_ID=\"{id}\"");
        host.wait_until("syslog to have it", PATIENCE, || {
            lines(host).iter().filter(|line| line.contains(&mark)).count() >= 3
        });
        let told: Vec<String> =
            lines(host).into_iter().filter(|line| line.contains(&mark)).collect();
        assert_eq!(told.len(), 3, "{told:#?}");
        for (line, entry) in told.iter().zip(&journal) {
            let pairs = pairs(line);
            for (name, value) in &pairs {
                assert_eq!(entry[name], value.as_str(), "{name} differs in {line}");
                let times = pairs.iter().filter(|(other, _)| other == name).count();
                assert_eq!(times, 1, "{name} is there {times} times: {line}");
            }
            let by = entry["WRIT_BY"].as_str();
            assert!(by.is_none_or(|by| by == "bob"), "{entry}");
            assert_eq!(entry["_UID"], "0", "{entry}");
            assert!(line.chars().all(|character| !character.is_control()), "{line:?}");
        }
    }
    let forged = lines(host).into_iter().filter(|line| line.starts_with(FORGED));
    assert_eq!(forged.count(), 0);
    let log = host.read("/var/log/auth.log");
    let forged =
        log.lines().filter(|line| line.contains("host writd[1]: ") && !line.contains("WRIT_ID"));
    assert_eq!(forged.count(), 0, "a line was forged");
    let listed = host.root(&["writ", "audit", "list"]);
    let acts = |character: char| character.is_control() && character != '\n';
    assert!(!listed.ok().contains(acts), "{listed}");
}
