//! The facts that an expression may name.

use cel::{Context, Value};

use crate::condition::Doubt;

/// The most items of a list that conditions look at. With at most
/// [`COMPREHENSIONS_MAX`](crate::COMPREHENSIONS_MAX) loops in an expression, none of
/// them in another, an evaluation compares that often its square.
pub const ITEMS_MAX: usize = 256;

/// The longest text that conditions look at, in bytes; a list has no more in all.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Of what kind a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// `true` or `false`.
    Truth,
    /// A whole number.
    Number,
}

/// Every name that an expression may use, and what stands for it. `known` is the list
/// of those that are known of this request.
pub const NAMES: [(&str, Kind); 19] = [
    ("user", Kind::Text),
    ("groups", Kind::Texts),
    ("host", Kind::Text),
    ("tags", Kind::Texts),
    ("door", Kind::Text),
    ("service", Kind::Text),
    ("command", Kind::Text),
    ("args", Kind::Texts),
    ("cwd", Kind::Text),
    ("run_as", Kind::Text),
    ("tty", Kind::Truth),
    ("source_ip", Kind::Text),
    ("interactive", Kind::Truth),
    ("reason", Kind::Text),
    ("ticket", Kind::Text),
    ("hour", Kind::Number),
    ("weekday", Kind::Text),
    ("date", Kind::Text),
    ("known", Kind::Texts),
];

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<'a> {
    /// A text.
    Text(&'a str),
    /// A list of texts.
    Texts(Vec<&'a str>),
    /// `true` or `false`.
    Truth(bool),
    /// A whole number.
    Number(i64),
}

/// What is known of a request.
#[derive(Debug, Clone, Default)]
pub struct Facts<'a>(Vec<(&'static str, Fact<'a>)>);

impl<'a> Facts<'a> {
    /// With one more of [`NAMES`]; a fact that is not known is left out.
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl Into<Option<Fact<'a>>>) -> Self {
        self.0.extend(fact.into().map(|fact| (name, fact)));
        self
    }

    /// Tells an evaluation those that `names` wants.
    ///
    /// # Errors
    /// When one of them is too long to be looked at.
    pub(crate) fn tell(
        &self,
        context: &mut Context<'_, '_>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(), Doubt> {
        for (name, fact) in self.0.iter().filter(|(name, _)| wanted(name)) {
            context.add_variable_from_value(*name, fact.value(name)?);
        }
        if wanted("known") {
            let known: Vec<Value> = self.0.iter().map(|(name, _)| Value::from(*name)).collect();
            context.add_variable_from_value("known", Value::List(known.into()));
        }
        Ok(())
    }

    /// Whether one is known.
    pub(crate) fn has(&self, name: &str) -> bool {
        name == "known" || self.0.iter().any(|(known, _)| *known == name)
    }
}

impl Fact<'_> {
    fn value(&self, name: &'static str) -> Result<Value, Doubt> {
        let bytes = match self {
            Self::Text(text) => text.len(),
            Self::Texts(texts) if texts.len() > ITEMS_MAX => {
                return Err(Doubt::TooMany { name, items: texts.len() });
            }
            Self::Texts(texts) => texts.iter().map(|text| text.len()).sum(),
            Self::Truth(_) | Self::Number(_) => 0,
        };
        if bytes > TEXT_BYTES_MAX {
            return Err(Doubt::TooLong { name, bytes });
        }
        Ok(match self {
            Self::Text(text) => Value::from(*text),
            Self::Texts(texts) => {
                Value::List(texts.iter().map(|text| Value::from(*text)).collect::<Vec<_>>().into())
            }
            Self::Truth(truth) => Value::Bool(*truth),
            Self::Number(number) => Value::Int(*number),
        })
    }
}
