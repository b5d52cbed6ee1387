//! A table of a file, read key by key. What was not asked for when it is finished
//! is an error, so that a key cannot be accepted in silence.

use toml::de::DeTable;

use crate::findings::Findings;
use crate::problem::Problem;
use crate::source::{Place, Placed};
use crate::suggest;
use crate::value::Value;

/// A table that is being read.
pub(crate) struct Section<'t> {
    title: String,
    place: Place,
    table: &'t DeTable<'t>,
    known: Vec<&'static str>,
    missing: Vec<(&'static str, &'static str)>,
}

impl<'t> Section<'t> {
    pub(crate) fn new(title: String, place: Place, table: &'t DeTable<'t>) -> Self {
        Self { title, place, table, known: Vec::new(), missing: Vec::new() }
    }

    /// The value of a key, if it is there.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.known.push(key);
        let value = self.table.get(key)?;
        let place = Place::new(self.place.file, value.span());
        Some(Value::of_key(key, place, value.get_ref()))
    }

    /// The value of a key that must be there; `example` is a line that has it.
    pub(crate) fn require(
        &mut self,
        key: &'static str,
        example: &'static str,
    ) -> Option<Value<'t>> {
        let value = self.take(key);
        if value.is_none() {
            self.missing.push((key, example));
        }
        value
    }

    /// Notes every key that nobody asked for, and every one that is missing, unless
    /// it stands there misspelt.
    pub(crate) fn finish(mut self, found: &mut Findings) {
        self.known.sort_unstable();
        for key in self.table.keys() {
            if !self.known.iter().any(|known| known == key.get_ref()) {
                let problem = Problem::UnknownKey {
                    key: key.get_ref().to_string(),
                    section: self.title.clone(),
                    known: self.known.clone(),
                };
                found.note(&Place::new(self.place.file, key.span()), problem);
                let meant = suggest::nearest(key.get_ref(), self.known.iter().copied());
                self.missing.retain(|(missing, _)| Some(*missing) != meant);
            }
        }
        for (key, example) in self.missing {
            let problem = Problem::MissingKey { key, section: self.title.clone(), example };
            found.note(&self.place, problem);
        }
    }

    /// Every key with its table, where the keys are names: `[role.NAME]`.
    pub(crate) fn named_tables(self, found: &mut Findings) -> Vec<(Placed<String>, Section<'t>)> {
        let prefix = self.title.trim_matches(['[', ']']);
        let file = self.place.file;
        let mut tables = Vec::new();
        for (key, value) in self.table {
            let name = key.get_ref().to_string();
            let place = Place::new(file, key.span());
            let title = format!("[{prefix}.{name}]");
            let value = Value::of_name(title.clone(), place.clone(), value.get_ref());
            if let Some(table) = value.table(title, found) {
                tables.push((Placed { value: name, place }, table));
            }
        }
        tables
    }
}
