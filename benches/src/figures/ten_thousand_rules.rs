//! Loading 10,000 rules, and one decision among them.

use writ_tests::Host;

use crate::on_host;
use crate::policies;
use crate::table::Row;

/// In milliseconds.
const LOAD_MAX: f64 = 200.0;

/// In microseconds.
const DECISION_MAX: f64 = 10.0;

/// The same, of 99 in 100.
const SLOW_DECISION_MAX: f64 = 30.0;

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    let large = policies::large();
    let files: Vec<(&str, &str)> =
        large.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    host.put_policy(&files);
    let said = on_host::as_root(host, &["rules"], "");
    let times: Vec<f64> =
        said.ok().split(' ').map(|word| word.parse().expect("nanoseconds")).collect();
    host.take_policy(policies::SMALL);
    vec![
        Row::at_most("loading 10,000 rules, median", times[0] / 1e6, LOAD_MAX, " ms", 1),
        Row::at_most("a decision among them, median", times[1] / 1e3, DECISION_MAX, " µs", 2),
        Row::at_most("  99th percentile", times[2] / 1e3, SLOW_DECISION_MAX, " µs", 2),
    ]
}
