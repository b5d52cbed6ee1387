//! What is asked for wrongly.

use writ_tests::Host;

pub(crate) fn what_cannot_be_opened_is_refused_in_words(host: &Host) {
    let cases = [
        ("writ request nowhere", 3, "this host has no such group"),
        ("writ request never", 3, "is not given as a whole"),
        ("writ request logs --for 31m", 3, "30 minutes at most"),
        ("writ request nonsense", 3, "no role \"nonsense\""),
        ("writ request logs --for -5m", 2, ""),
        ("writ request logs --for 0s", 2, ""),
        ("writ request logs --for soon", 2, "soon"),
        ("writ request logs --uses 2", 2, ""),
        ("writ request logs -- id", 2, ""),
        ("writ request", 2, ""),
        ("writ extend AAAA-AA --for 5m", 1, "AAAA-AA"),
    ];
    for (line, status, words) in cases {
        let refused = host.as_user("alice", line);
        assert_eq!(refused.status, status, "{refused}");
        assert!(refused.stderr.contains(words), "{words}: {refused}");
    }
    let stranger = host.as_user("carol", "writ request logs");
    assert!(stranger.failed_with(3).contains("carol has no role \"logs\""), "{stranger}");
    host.root_sh("! ls /run/systemd/userdb | grep writ").ok();
}
