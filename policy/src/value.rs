//! The value of a key, read into what it must be; what it is not is noted.

use std::fmt;

use toml::de::DeValue;

use crate::findings::Findings;
use crate::problem::Problem;
use crate::section::Section;
use crate::source::{Place, Placed};

/// The value of a key.
pub(crate) struct Value<'t> {
    title: Title,
    place: Place,
    value: &'t DeValue<'t>,
}

/// What a value is called in a sentence. A sentence is made only where something is
/// wrong: there are ten thousands of values.
#[derive(Clone)]
enum Title {
    Key(&'static str),
    ItemOf(&'static str),
    Table(String),
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

impl<'t> Value<'t> {
    /// The value of a key.
    pub(crate) fn of_key(key: &'static str, place: Place, value: &'t DeValue<'t>) -> Self {
        Self { title: Title::Key(key), place, value }
    }

    /// The value of a name, which is a table to be called `title`.
    pub(crate) fn of_name(title: String, place: Place, value: &'t DeValue<'t>) -> Self {
        Self { title: Title::Table(title), place, value }
    }

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

    /// A text, or a date or time without quotes, which `read` makes something of.
    pub(crate) fn text_or_datetime<T>(
        &self,
        found: &mut Findings,
        read: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<Placed<T>> {
        let datetime = self.value.as_datetime().map(ToString::to_string);
        let Some(text) = datetime.as_deref().or(self.value.as_str()) else {
            return self.wrong_type("a date or time", found);
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
                    key: self.title.to_string(),
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
                title: self.title.of_item(),
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
            found.note(&self.place, Problem::EmptyList { key: self.title.to_string() });
        }
        list
    }

    /// One text, or a list of at least one.
    pub(crate) fn one_or_more<T>(
        &self,
        found: &mut Findings,
        read: impl Fn(&str) -> Result<T, Problem>,
    ) -> List<T> {
        if self.value.is_str() {
            let item = self.text(found, read);
            let whole = item.is_some();
            return List { items: item.into_iter().collect(), whole, place: self.place.clone() };
        }
        self.some(found, read)
    }

    /// `true` or `false`.
    pub(crate) fn truth(&self, found: &mut Findings) -> Option<bool> {
        self.value.as_bool().or_else(|| self.wrong_type("true or false", found))
    }

    /// A day, without a time.
    pub(crate) fn date(&self, found: &mut Findings) -> Option<jiff::civil::Date> {
        let Some(datetime) = self.value.as_datetime() else {
            return self.wrong_type("a date without quotes", found);
        };
        let day = datetime.date.filter(|_| datetime.time.is_none());
        let Some(day) = day.and_then(|day| {
            let year = i16::try_from(day.year).ok()?;
            let (month, day) = (i8::try_from(day.month).ok()?, i8::try_from(day.day).ok()?);
            jiff::civil::Date::new(year, month, day).ok()
        }) else {
            found.note(&self.place, Problem::Date);
            return None;
        };
        Some(day)
    }

    /// A whole number from 1 to `most`.
    pub(crate) fn count(&self, most: u32, found: &mut Findings) -> Option<Placed<u32>> {
        let Some(integer) = self.value.as_integer() else {
            return self.wrong_type("a whole number", found);
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
        let Some(value) = number.filter(|number| (1..=most).contains(number)) else {
            found.note(&self.place, Problem::OutOfRange { key: self.title.to_string(), most });
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

    /// Whether it is a list.
    pub(crate) fn is_list(&self) -> bool {
        self.value.as_array().is_some()
    }

    /// Several tables in a list, each to be called `title`.
    pub(crate) fn inline_tables(&self, title: &str, found: &mut Findings) -> Vec<Section<'t>> {
        let Some(array) = self.value.as_array() else {
            let _: Option<()> = self.wrong_type("a list of tables in [ ]", found);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in array.iter() {
            let place = Place::new(self.place.file, item.span());
            let value = Value::of_name(title.to_owned(), place, item.get_ref());
            sections.extend(value.table(title.to_owned(), found));
        }
        sections
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
        found.note(
            &self.place,
            Problem::WrongType { key: self.title.to_string(), wanted, found: has },
        );
        None
    }
}

impl Title {
    fn of_item(&self) -> Self {
        match self {
            Self::Key(key) | Self::ItemOf(key) => Self::ItemOf(key),
            Self::Table(title) => Self::Table(title.clone()),
        }
    }
}

impl fmt::Display for Title {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(formatter, "`{key}`"),
            Self::ItemOf(key) => write!(formatter, "an item of `{key}`"),
            Self::Table(title) => formatter.write_str(title),
        }
    }
}
