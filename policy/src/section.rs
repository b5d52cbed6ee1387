//! A table of a file, read key by key. What was not asked for when it is finished
//! is an error, so that a key cannot be accepted in silence.

use toml::de::{DeTable, DeValue};

use crate::findings::Findings;
use crate::problem::Problem;
use crate::source::{Place, Placed};
use crate::suggest;

/// A table that is being read.
pub(crate) struct Section<'t> {
    title: String,
    place: Place,
    table: &'t DeTable<'t>,
    known: Vec<&'static str>,
    missing: Vec<(&'static str, &'static str)>,
}

/// The value of a key.
pub(crate) struct Value<'t> {
    /// What it is called in a sentence.
    title: String,
    place: Place,
    value: &'t DeValue<'t>,
}

/// A list that was read.
pub(crate) struct List<T> {
    /// The items that could be read.
    pub(crate) items: Vec<Placed<T>>,
    /// Whether that is all of them; what is not was noted.
    pub(crate) whole: bool,
    /// Where it stands.
    pub(crate) place: Place,
}

impl<'t> Section<'t> {
    pub(crate) fn new(title: String, place: Place, table: &'t DeTable<'t>) -> Self {
        Self { title, place, table, known: Vec::new(), missing: Vec::new() }
    }

    /// The value of a key, if it is there.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.known.push(key);
        let value = self.table.get(key)?;
        Some(Value {
            title: format!("`{key}`"),
            place: Place::new(self.place.file, value.span()),
            value: value.get_ref(),
        })
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
            let value =
                Value { title: title.clone(), place: place.clone(), value: value.get_ref() };
            if let Some(table) = value.table(title, found) {
                tables.push((Placed { value: name, place }, table));
            }
        }
        tables
    }
}

impl<'t> Value<'t> {
    /// Where it stands.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether it is this truth value.
    pub(crate) fn is(&self, truth: bool) -> bool {
        self.value.as_bool() == Some(truth)
    }

    /// A text, which `read` makes something of.
    pub(crate) fn text<T>(
        &self,
        found: &mut Findings,
        read: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<Placed<T>> {
        let Some(text) = self.value.as_str() else {
            return self.wrong_type("a text in quotes", found);
        };
        match read(text) {
            Ok(value) => Some(Placed { value, place: self.place.clone() }),
            Err(problem) => {
                found.note(&self.place, problem);
                None
            }
        }
    }

    /// One of some words.
    pub(crate) fn word<T: Copy>(
        &self,
        words: &[(&'static str, T)],
        found: &mut Findings,
    ) -> Option<Placed<T>> {
        self.text(found, |text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).ok_or_else(
                || Problem::UnknownWord {
                    key: self.title.clone(),
                    word: text.to_owned(),
                    words: words.iter().map(|(word, _)| *word).collect(),
                },
            )
        })
    }

    /// A list of texts, each of which `read` makes something of.
    pub(crate) fn list<T>(
        &self,
        found: &mut Findings,
        read: impl Fn(&str) -> Result<T, Problem>,
    ) -> List<T> {
        let mut list = List { items: Vec::new(), whole: true, place: self.place.clone() };
        let Some(array) = self.value.as_array() else {
            list.whole = false;
            let _: Option<()> = self.wrong_type("a list of texts in [ ]", found);
            return list;
        };
        for item in array.iter() {
            let item = Value {
                title: format!("an item of {}", self.title),
                place: Place::new(self.place.file, item.span()),
                value: item.get_ref(),
            };
            match item.text(found, &read) {
                Some(item) => list.items.push(item),
                None => list.whole = false,
            }
        }
        list
    }

    /// As [`Self::list`], and at least one.
    pub(crate) fn some<T>(
        &self,
        found: &mut Findings,
        read: impl Fn(&str) -> Result<T, Problem>,
    ) -> List<T> {
        let mut list = self.list(found, read);
        if list.whole && list.items.is_empty() {
            list.whole = false;
            found.note(&self.place, Problem::EmptyList { key: self.title.clone() });
        }
        list
    }

    /// `true` or `false`.
    pub(crate) fn truth(&self, found: &mut Findings) -> Option<bool> {
        self.value.as_bool().or_else(|| self.wrong_type("true or false", found))
    }

    /// A whole number from 1 to `most`.
    pub(crate) fn count(&self, most: u32, found: &mut Findings) -> Option<Placed<u32>> {
        let Some(integer) = self.value.as_integer() else {
            return self.wrong_type("a whole number", found);
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
        let Some(value) = number.filter(|number| (1..=most).contains(number)) else {
            found.note(&self.place, Problem::OutOfRange { key: self.title.clone(), most });
            return None;
        };
        Some(Placed { value, place: self.place.clone() })
    }

    /// A table, to be called `title`.
    pub(crate) fn table(&self, title: String, found: &mut Findings) -> Option<Section<'t>> {
        let Some(table) = self.value.as_table() else {
            return self.wrong_type("a table", found);
        };
        Some(Section::new(title, self.place.clone(), table))
    }

    /// Several tables, each to be called `title`.
    pub(crate) fn tables(&self, title: &str, found: &mut Findings) -> Vec<Section<'t>> {
        let tables = self.value.as_array().and_then(|array| {
            let tables = array.iter().map(|item| {
                let place = Place::new(self.place.file, item.span());
                Some(Section::new(title.to_owned(), place, item.get_ref().as_table()?))
            });
            tables.collect::<Option<Vec<_>>>()
        });
        tables.unwrap_or_else(|| {
            let _: Option<()> =
                self.wrong_type("a list of tables, each under double brackets [[ ]]", found);
            Vec::new()
        })
    }

    fn wrong_type<T>(&self, wanted: &'static str, found: &mut Findings) -> Option<T> {
        let has = match self.value {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        found.note(&self.place, Problem::WrongType { key: self.title.clone(), wanted, found: has });
        None
    }
}
