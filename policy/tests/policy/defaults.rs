//! What holds when nothing is said.

use crate::taken;
use writ_engine::policy::{Justification, Mode, Unmatched};
use writ_engine::time::Span;

#[test]
fn a_fresh_install_observes_and_lets_sudoers_decide() {
    for files in [&[][..], &[("writ.toml", "")]] {
        let loaded = taken(files);
        let settings = loaded.policy.settings();
        assert_eq!(settings.mode, Mode::Observe);
        assert_eq!(settings.unmatched, Unmatched::Pass);
        assert_eq!(settings.unattended_wait, Span::from_secs(8));
        assert_eq!(settings.warn, [Span::from_secs(120), Span::from_secs(30)]);
        assert_eq!(settings.ask.from, []);
        assert_eq!(settings.ask.count, 1);
        assert_eq!(settings.ask.timeout, Span::from_secs(300));
        assert_eq!(settings.ask.max_duration, Span::from_secs(3600));
        assert_eq!(settings.ask.justification, Justification::Optional);
        assert_eq!(settings.ask.ticket, None);
        assert!(settings.roles.is_empty() && settings.approvers.is_empty());
        assert_eq!(loaded.warnings, []);
    }
}
