//! What the ledger tells of a command.

use std::collections::BTreeMap;

use serde_json::Value;
use writ_tests::Host;

/// The ledger, by what is looked for in it.
#[derive(Default)]
pub(crate) struct Ledger {
    /// The IDs that a command was asked for, or decided on by policy, under.
    asked: BTreeMap<String, Vec<String>>,
    /// What happened under an ID, in order.
    stories: BTreeMap<String, Vec<Event>>,
}

struct Event {
    name: String,
    record: Value,
    /// Where its line ends, in bytes from the start of the ledger.
    ends_at: usize,
}

impl Ledger {
    pub(crate) fn read(host: &Host) -> Self {
        let text = host.root_sh("cat /var/lib/writ/ledger/0*.jsonl");
        text.ok();
        let mut ledger = Self::default();
        let mut ends_at = 0;
        for line in text.stdout.split_inclusive('\n') {
            ends_at += line.len();
            let mut line: Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let record = line["record"].take();
            let (Some(id), Some(name)) = (record["id"].as_str(), record["event"].as_str()) else {
                continue;
            };
            let (id, name) = (id.to_owned(), name.to_owned());
            let act =
                if name == "request.opened" { &record["act"] } else { &record["about"]["act"] };
            if let Some(mark) = act["aim"]["command"]["argv"][1].as_str() {
                ledger.asked.entry(mark.to_owned()).or_default().push(id.clone());
            }
            ledger.stories.entry(id).or_default().push(Event { name, record, ends_at });
        }
        ledger
    }

    fn events<'a>(&'a self, id: &str, name: &'a str) -> impl Iterator<Item = &'a Event> {
        let story = self.stories.get(id).into_iter().flatten();
        story.filter(move |event| event.name == name)
    }

    /// How often each of these happened, of all commands.
    pub(crate) fn count(&self, fits: impl Fn(&Value) -> bool) -> usize {
        self.stories.values().flatten().filter(|event| fits(&event.record)).count()
    }

    /// The IDs under which more has started than ended.
    pub(crate) fn unfinished(&self) -> Vec<&String> {
        let more_started = |id: &&String| {
            let ended = self.events(id, "command.finished").count();
            self.events(id, "command.started").count() > ended
        };
        self.stories.keys().filter(more_started).collect()
    }

    /// How the runs of a command ended.
    pub(crate) fn endings(&self, mark: &str) -> Vec<Value> {
        let ids = self.asked.get(mark).into_iter().flatten();
        let ends = ids.flat_map(|id| self.events(id, "command.finished"));
        ends.map(|event| event.record["ending"].clone()).collect()
    }

    /// Whether a person's approval and the grant are there.
    pub(crate) fn is_approved(&self, id: &str) -> bool {
        let approved =
            self.events(id, "decision.made").any(|event| event.record["outcome"] == "approve");
        approved && self.events(id, "grant.started").count() == 1
    }

    /// A sudo keeps its request over every loss of the agent, and starts once.
    pub(crate) fn has_one_request_at_most(&self, mark: &str, run: &Value) {
        let Some(ids) = self.asked.get(mark) else { return };
        let [id] = &ids[..] else { panic!("{ids:?}: {run}") };
        assert!(self.events(id, "command.started").count() <= 1, "{run}");
    }

    /// What must have been on record, in this order, when a command ran. `run` is the
    /// line that it left: its mark, and how long each segment was.
    pub(crate) fn has_all_before_the_run(&self, run: &str) {
        let mut words = run.split(' ');
        let mark = words.next().expect("a name");
        let ran_at: usize = words.map(|length| length.parse::<usize>().expect("a length")).sum();
        let ids = self.asked.get(mark).unwrap_or_else(|| panic!("{run} ran unasked"));
        let before: Vec<&str> = self.stories[&ids[0]]
            .iter()
            .filter(|event| event.ends_at <= ran_at && event.name != "request.joined")
            .map(|event| event.name.as_str())
            .collect();
        let wanted: &[&str] = match mark.starts_with("asked") {
            true => &["request.opened", "decision.made", "grant.started", "command.started"],
            false => &["decision.made", "command.started"],
        };
        assert_eq!(&before[..wanted.len().min(before.len())], wanted, "{run} ({})", ids[0]);
    }
}
