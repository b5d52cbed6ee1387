//! Labels and values, one under the other.

use std::fmt::Write;

use writ_protocol::text::shown;

use crate::screen::{Screen, columns_of, wrap};

/// The column in which values begin. A value that goes on in further lines begins
/// there in each: whoever chose its words cannot make a part of it look like a label.
const VALUE_COLUMN: usize = 12;

/// A sheet in the making.
#[derive(Debug)]
pub struct Sheet {
    text: String,
    screen: Screen,
}

impl Sheet {
    /// An empty one.
    #[must_use]
    pub fn new(screen: Screen) -> Self {
        Self { text: String::new(), screen }
    }

    /// What was laid out.
    pub fn into_text(self) -> String {
        self.text
    }

    /// What it is about.
    pub fn title(&mut self, title: &str) {
        // Writing to a String does not fail, here and below.
        let _ = writeln!(self.text, "{}", self.screen.strong(title));
    }

    /// A value under its label.
    pub fn field(&mut self, label: &str, value: &str) {
        self.lines(label, value, |_, line| line.to_owned());
    }

    /// What the eye is to find.
    pub fn strong_field(&mut self, label: &str, value: &str) {
        self.lines(label, value, Screen::strong);
    }

    /// What gives away more than it seems.
    pub fn alarming_field(&mut self, label: &str, value: &str) {
        self.lines(label, value, Screen::alarming);
    }

    /// A value that somebody else typed, where there is one.
    pub fn field_if(&mut self, label: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.field(label, &shown(value));
        }
    }

    fn lines(&mut self, label: &str, value: &str, paint: impl Fn(Screen, &str) -> String) {
        let width = self.screen.width.saturating_sub(VALUE_COLUMN);
        let mut label = format!("  {label}");
        for line in wrap(value, width) {
            let padding = VALUE_COLUMN.saturating_sub(columns_of(&label));
            let line = paint(self.screen, &line);
            let _ = writeln!(self.text, "{}{:padding$}{line}", self.screen.faint(&label), "");
            label.clear();
        }
    }
}
