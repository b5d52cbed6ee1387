//! Replaying 1,000,000 lines of a log against 10,000 rules.

use writ_tests::Host;

use crate::on_host;
use crate::policies;
use crate::table::Row;

/// In seconds.
const REPLAY_MAX: f64 = 10.0;

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    let large = policies::large();
    let files: Vec<(&str, &str)> =
        large.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    host.put_policy(&files);
    let said = on_host::as_root(host, &["past"], "");
    let took: Vec<f64> =
        said.ok().split(' ').map(|word| word.parse().expect("nanoseconds")).collect();
    host.take_policy(policies::SMALL);
    let row = |name, nanoseconds: f64| Row::at_most(name, nanoseconds / 1e9, REPLAY_MAX, " s", 1);
    vec![
        row("replay of 1,000,000 lines of auth.log", took[0]),
        row("replay of 1,000,000 lines of the journal", took[1]),
        row("replay of 1,000,000 lines of sudo's JSON", took[2]),
    ]
}
