//! The order in which files come says nothing.

use proptest::prelude::*;
use writ_policy::{HostName, SourceFile, parse};

const FILES: [(&str, &str); 5] = [
    ("writ.toml", "mode = \"enforce\"\n[ask]\nfrom = [\"@oncall\"]\n"),
    ("approvers.d/bob.toml", "[approver.bob]\nunix_user = \"bob\"\nteams = [\"oncall\"]\n"),
    ("approvers.d/carol.toml", "[approver.carol]\nunix_user = \"carol\"\n"),
    (
        "roles.d/a.toml",
        "[role.z]\nmembers = [\"alice\"]\n[[role.z.rule]]\ncommands = [\"ALL\"]\ndecision = \"ask\"\n",
    ),
    ("roles.d/b.toml", "[role.a]\nmembers = [\"alice\"]\n[role.b]\nmembers = [\"dave\"]\n"),
];

fn read(files: &[(&str, &str)]) -> Result<writ_policy::Loaded, writ_policy::Refusal> {
    let files = files.iter().map(|(name, text)| SourceFile::new(*name, *text)).collect();
    parse(files, &HostName::of(b"web-1"))
}

proptest! {
    #[test]
    fn the_order_of_files_never_changes_the_policy(
        shuffled in Just(FILES.to_vec()).prop_shuffle(),
    ) {
        prop_assert_eq!(read(&shuffled), read(&FILES));
    }

    #[test]
    fn the_order_of_files_never_changes_what_is_told(
        shuffled in Just(FILES.to_vec()).prop_shuffle(),
    ) {
        let broken = |files: &[(&str, &'static str)]| {
            let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.trim_end_matches("\"\n"))).collect();
            read(&files).unwrap_err()
        };
        prop_assert_eq!(broken(&shuffled), broken(&FILES));
    }
}

#[test]
fn roles_stand_by_name_and_the_digest_follows_the_contents() {
    let loaded = read(&FILES).unwrap();
    let settings = loaded.policy.settings();
    let names: Vec<_> = settings.roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "z"]);
    assert_eq!(settings.digest.len(), 64);
    let mut changed = FILES;
    changed[0].1 = "mode = \"enforce\" \n[ask]\nfrom = [\"@oncall\"]\n";
    assert_ne!(read(&changed).unwrap().policy.settings().digest, settings.digest);
}
