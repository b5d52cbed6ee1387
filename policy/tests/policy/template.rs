//! The first configuration.

use writ_engine::policy::{Decision, Mode, Selector, Unmatched};
use writ_policy::template::FirstConfiguration;
use writ_policy::{HostName, parse};

#[test]
fn the_first_configuration_is_a_policy_without_a_warning() {
    for mode in [Mode::Observe, Mode::Enforce] {
        let files = FirstConfiguration { approver: "bob", admins: "sudo", mode }.files().unwrap();
        let names: Vec<_> = files.iter().map(|file| file.name().to_owned()).collect();
        assert_eq!(names, ["writ.toml", "roles.d/admins.toml", "approvers.d/bob.toml"]);
        let loaded = parse(files, &HostName::of(b"web-1")).unwrap();
        assert_eq!(loaded.warnings, []);
        let settings = loaded.policy.settings();
        assert_eq!(settings.mode, mode);
        assert_eq!(settings.unmatched, Unmatched::Ask);
        assert_eq!(settings.approvers["bob"].unix_user.as_deref(), Some("bob"));
        let [harmless, rest] = &settings.roles[0].rules[..] else { panic!() };
        assert_eq!(harmless.decision, Decision::Allow);
        let Decision::Ask(ask) = &rest.decision else { panic!("{rest:?}") };
        assert_eq!(ask.from, [Selector::Team("approvers".into())]);
    }
}

#[test]
fn what_is_commented_out_in_it_is_grammar_too() {
    let configuration = FirstConfiguration { approver: "bob", admins: "sudo", mode: Mode::Enforce };
    let files = configuration.files().unwrap().into_iter().map(|file| {
        let text = String::from_utf8(file.contents().to_vec()).unwrap();
        let uncommented = text.lines().map(|line| {
            let code = line.strip_prefix("# ").filter(|rest| {
                rest.starts_with('[')
                    || rest.split_once(" = ").is_some_and(|(key, _)| {
                        key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                    })
            });
            code.unwrap_or(line).to_owned() + "\n"
        });
        writ_policy::SourceFile::new(file.name(), uncommented.collect::<String>())
    });
    let loaded = parse(files.collect(), &HostName::of(b"web-1")).unwrap();
    let settings = loaded.policy.settings();
    assert_eq!(settings.roles[0].rules.len(), 3);
    assert_eq!(settings.roles[0].hosts.len(), 2);
    assert!(settings.ask.ticket.is_some() && !settings.host.tags.is_empty());
}

#[test]
fn a_name_that_would_leave_the_folder_is_refused() {
    for name in ["../x", "", "a b", ".", "%sudo"] {
        let configuration =
            FirstConfiguration { approver: name, admins: "sudo", mode: Mode::Observe };
        assert!(configuration.files().is_err(), "{name:?}");
    }
}
