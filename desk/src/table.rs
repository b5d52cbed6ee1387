//! Tables whose last column wraps, so that nothing is ever cut off.

use std::fmt::Write;

use crate::screen::{Screen, columns_of, wrap};

/// Between two columns, in columns of the screen.
const GAP: usize = 2;

/// The last column gets at least this many columns of the screen, also where the
/// table then is wider than it.
const LAST_COLUMN_MIN: usize = 24;

/// How far the lines of a paragraph after its first stand in, in columns: whoever
/// chose the words of one cannot make a part of it look like the next.
const HANG: usize = 2;

/// Rows under headings. The cells of the last column are lists of paragraphs.
#[derive(Debug, Clone)]
pub struct Table<const NARROW: usize> {
    headings: [&'static str; NARROW],
    last_heading: &'static str,
    rows: Vec<Row<NARROW>>,
}

#[derive(Debug, Clone)]
struct Row<const NARROW: usize> {
    narrow: [String; NARROW],
    last: Vec<String>,
}

impl<const NARROW: usize> Table<NARROW> {
    /// One without rows.
    #[must_use]
    pub const fn new(headings: [&'static str; NARROW], last_heading: &'static str) -> Self {
        Self { headings, last_heading, rows: Vec::new() }
    }

    /// Adds a row; `last` is what the wrapping column says, a paragraph each.
    pub fn row(&mut self, narrow: [String; NARROW], last: Vec<String>) {
        self.rows.push(Row { narrow, last });
    }

    /// The table as text.
    pub fn render(&self, screen: Screen) -> String {
        let widths = self.widths();
        let margin: usize = widths.iter().map(|width| width + GAP).sum();
        let last_width = screen.width.saturating_sub(margin).max(LAST_COLUMN_MIN);
        let mut text = String::new();
        let heading = line_of(&self.headings, &widths, self.last_heading);
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}", screen.faint(heading.trim_end()));
        for row in &self.rows {
            let mut first = true;
            for piece in row.last.iter().flat_map(|part| hanging(part, last_width)) {
                let line = if first {
                    line_of(&row.narrow, &widths, &piece)
                } else {
                    format!("{:margin$}{piece}", "")
                };
                let _ = writeln!(text, "{}", line.trim_end());
                first = false;
            }
        }
        text
    }

    fn widths(&self) -> [usize; NARROW] {
        let mut widths = self.headings.map(columns_of);
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(&row.narrow) {
                *width = (*width).max(columns_of(cell));
            }
        }
        widths
    }
}

/// A paragraph in lines of at most `width` columns, all but the first standing in.
fn hanging(paragraph: &str, width: usize) -> Vec<String> {
    let whole = wrap(paragraph, width);
    if whole.len() == 1 {
        return whole;
    }
    let mut lines = wrap(paragraph, width.saturating_sub(HANG));
    for line in lines.iter_mut().skip(1) {
        line.insert_str(0, &" ".repeat(HANG));
    }
    lines
}

fn line_of(narrow: &[impl AsRef<str>], widths: &[usize], last: &str) -> String {
    let mut line = String::new();
    for (cell, width) in narrow.iter().zip(widths) {
        let cell = cell.as_ref();
        let padding = (width + GAP).saturating_sub(columns_of(cell));
        let _ = write!(line, "{cell}{:padding$}", "");
    }
    line.push_str(last);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_last_cell_wraps_under_itself() {
        let mut table = Table::new(["ID", "WHO"], "WHAT");
        table.row(
            ["7K3M-Q2".to_owned(), "alice".to_owned()],
            vec!["/usr/bin/systemctl restart nginx".to_owned(), "why: it hangs".to_owned()],
        );
        assert_eq!(
            table.render(Screen::plain(44)),
            "ID       WHO    WHAT\n\
             7K3M-Q2  alice  /usr/bin/systemctl restart\n\
             \x20                 nginx\n\
             \x20               why: it hangs\n"
        );
    }

    #[test]
    fn no_cell_can_be_worded_so_that_a_part_of_it_looks_like_the_next() {
        let mut table = Table::new(["ID"], "WHAT");
        let hostile = format!("/bin/sh '{} why: it was agreed'", "x".repeat(20));
        table.row(["7K3M-Q2".to_owned()], vec![hostile, "why: no".to_owned()]);
        let text = table.render(Screen::plain(44));
        let forged = |line: &&str| line.trim_start().starts_with("why: it was agreed");
        let (real, forged) = (text.lines().last().unwrap(), text.lines().find(forged).unwrap());
        let margin = |line: &str| line.len() - line.trim_start().len();
        assert!(margin(forged) > margin(real), "{text}");
    }
}
