//! The form of a policy file: what stands between the things that say something.

use toml_edit::{
    Array, Decor, DocumentMut, Formatted, InlineTable, Item, RawString, Table, TableLike, Value,
};
use unicode_width::UnicodeWidthStr;

/// A list that does not end before this column has an item on each line.
const WIDTH: usize = 100;

/// How far the items of such a list stand in.
const INDENT: &str = "  ";

/// How deep tables may stand in each other; a policy has four.
const DEPTH_MAX: usize = 16;

/// Why a text has no form.
#[derive(Debug, thiserror::Error)]
pub(super) enum LayoutError {
    /// It is no TOML.
    #[error("{0}")]
    Syntax(String),
    /// Tables stand too deep in each other.
    #[error("tables stand in each other more than {DEPTH_MAX} deep")]
    TooDeep,
    /// It would say something else afterwards, which is a mistake of this program.
    #[error("it would not say the same afterwards; please report this")]
    Changed,
}

/// The same in the one form.
///
/// # Errors
/// When it is no TOML.
pub(super) fn of(text: &str) -> Result<String, LayoutError> {
    let parse = |text: &str| {
        text.parse::<DocumentMut>().map_err(|error| LayoutError::Syntax(error.message().to_owned()))
    };
    let before = parse(text)?;
    let mut document = before.clone();
    let trailing = lines(document.trailing().as_str(), Blank::AtMostOne);
    table(document.as_table_mut(), 0)?;
    let mut formed = document_text(&mut document, &trailing);
    if !formed.is_empty() && !formed.ends_with('\n') {
        formed.push('\n');
    }
    let after = parse(&formed)?;
    if says(before.as_item()) == says(after.as_item()) {
        Ok(formed)
    } else {
        Err(LayoutError::Changed)
    }
}

fn document_text(document: &mut DocumentMut, trailing: &str) -> String {
    document.set_trailing(trailing);
    let text = document.to_string();
    // What comes first has nothing to be set off from.
    text.trim_start_matches('\n').trim_end().to_owned()
}

/// How many empty lines may come before something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blank {
    None,
    AtMostOne,
    One,
}

/// The lines of comments before something, each for itself.
fn lines(raw: Option<&str>, blank: Blank) -> String {
    let mut text = String::new();
    let mut empty = 0;
    let mut any = false;
    let raw = raw.unwrap_or_default();
    if blank == Blank::One {
        text.push('\n');
    }
    for line in raw.lines().map(str::trim) {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        let first_may = any || blank == Blank::AtMostOne;
        if empty > 0 && first_may {
            text.push('\n');
        }
        text.push_str(line);
        text.push('\n');
        (any, empty) = (true, 0);
    }
    // Between the last comment and what it is before.
    let ends_with_empty = raw.ends_with('\n') && empty > 0;
    if ends_with_empty && (any || blank == Blank::AtMostOne) {
        text.push('\n');
    }
    text
}

/// A comment on the same line, behind something.
fn behind(raw: Option<&str>) -> String {
    match raw.unwrap_or_default().trim() {
        "" => String::new(),
        comment => format!("  {comment}"),
    }
}

fn prefix(decor: &Decor) -> Option<&str> {
    decor.prefix().and_then(RawString::as_str)
}

fn suffix(decor: &Decor) -> Option<&str> {
    decor.suffix().and_then(RawString::as_str)
}

fn table(table: &mut Table, depth: usize) -> Result<(), LayoutError> {
    if depth > DEPTH_MAX {
        return Err(LayoutError::TooDeep);
    }
    let mut first = true;
    for (mut key, item) in table.iter_mut() {
        let columns = key.get().width();
        match item {
            Item::Value(value) => {
                let blank = if first { Blank::None } else { Blank::AtMostOne };
                let blank = if first && depth == 0 { Blank::AtMostOne } else { blank };
                let before = lines(prefix(key.leaf_decor()), blank);
                key.leaf_decor_mut().set_prefix(before);
                key.leaf_decor_mut().set_suffix(" ");
                let comment = behind(suffix(value.decor()));
                of_value(value, columns + " = ".len(), depth)?;
                value.decor_mut().set_prefix(" ");
                value.decor_mut().set_suffix(comment);
                first = false;
            }
            Item::Table(inner) => {
                headed(inner);
                self::table(inner, depth + 1)?;
            }
            Item::ArrayOfTables(tables) => {
                for inner in tables.iter_mut() {
                    headed(inner);
                    self::table(inner, depth + 1)?;
                }
            }
            Item::None => {}
        }
    }
    Ok(())
}

/// A table under a header of its own, with an empty line before it.
fn headed(table: &mut Table) {
    let before = lines(prefix(table.decor()), Blank::One);
    let comment = behind(suffix(table.decor()));
    table.decor_mut().set_prefix(before);
    table.decor_mut().set_suffix(comment);
}

/// A value that begins in this column.
fn of_value(value: &mut Value, column: usize, depth: usize) -> Result<(), LayoutError> {
    if depth > DEPTH_MAX {
        return Err(LayoutError::TooDeep);
    }
    match value {
        Value::Array(array) => list(array, column, depth),
        Value::InlineTable(inner) => inline(inner, depth),
        Value::String(Formatted { .. })
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => Ok(()),
    }
}

/// `{ from = ["@oncall"], timeout = "3m" }`, on one line; with a comment in it, as it is.
fn inline(inner: &mut InlineTable, depth: usize) -> Result<(), LayoutError> {
    let text = inner.to_string();
    if text.contains('\n') && text.contains('#') {
        return Ok(());
    }
    for (_, value) in inner.iter_mut() {
        of_value(value, 0, depth + 1)?;
    }
    // Blanks and line breaks of every key and value become the usual ones.
    inner.fmt();
    Ok(())
}

fn list(array: &mut Array, column: usize, depth: usize) -> Result<(), LayoutError> {
    for value in array.iter_mut() {
        of_value(value, 0, depth + 1)?;
    }
    let has_comment = array.to_string().contains('\n') && comments(array);
    if !has_comment {
        array.fmt();
        let width = array.to_string().trim().width();
        // Below another value there is no line of its own to begin.
        if column == 0 || column + width <= WIDTH || array.is_empty() {
            return Ok(());
        }
    }
    // Where no comma follows the last item, what comes behind it is the item's.
    let mut end = String::new();
    if !array.trailing_comma()
        && let Some(last) = array.iter_mut().last()
    {
        suffix(last.decor()).unwrap_or_default().clone_into(&mut end);
        last.decor_mut().set_suffix("");
    }
    end.push_str(array.trailing().as_str().unwrap_or_default());
    for value in array.iter_mut() {
        let before = before_item(prefix(value.decor()), suffix(value.decor()));
        value.decor_mut().set_prefix(before);
        value.decor_mut().set_suffix("");
    }
    let last = before_item(Some(&end), None);
    // The bracket stands under the key.
    array.set_trailing(last.strip_suffix(INDENT).unwrap_or(&last).to_owned());
    array.set_trailing_comma(true);
    Ok(())
}

fn comments(array: &Array) -> bool {
    let of_value = |value: &Value| {
        let decor = value.decor();
        [prefix(decor), suffix(decor)].into_iter().flatten().any(|raw| raw.contains('#'))
    };
    array.iter().any(of_value) || array.trailing().as_str().is_some_and(|raw| raw.contains('#'))
}

/// What stands before an item on a line of its own: a comment behind the item before it,
/// then comments on lines of their own. A comment between an item and its comma goes
/// before the item.
fn before_item(raw: Option<&str>, after: Option<&str>) -> String {
    let raw = raw.unwrap_or_default();
    let (same_line, rest) = raw.split_once('\n').unwrap_or((raw, ""));
    let mut text = behind(Some(same_line));
    let others = rest.lines().chain(after.unwrap_or_default().lines()).map(str::trim);
    for line in others.filter(|line| !line.is_empty()) {
        text.push('\n');
        text.push_str(INDENT);
        text.push_str(line);
    }
    text.push('\n');
    text.push_str(INDENT);
    text
}

/// What a text says, without its form.
#[derive(Debug, PartialEq)]
enum Says {
    Text(String),
    Other(String),
    List(Vec<Says>),
    Table(Vec<(String, Says)>),
    Nothing,
}

fn says(item: &Item) -> Says {
    match item {
        Item::None => Says::Nothing,
        Item::Value(value) => of_plain(value),
        Item::Table(table) => of_table(table),
        Item::ArrayOfTables(tables) => {
            Says::List(tables.iter().map(|table| of_table(table)).collect())
        }
    }
}

fn of_table(table: &dyn TableLike) -> Says {
    Says::Table(table.iter().map(|(key, item)| (key.to_owned(), says(item))).collect())
}

fn of_plain(value: &Value) -> Says {
    match value {
        Value::String(text) => Says::Text(text.value().clone()),
        Value::Integer(number) => Says::Other(number.value().to_string()),
        Value::Float(number) => Says::Other(format!("{:?}", number.value())),
        Value::Boolean(truth) => Says::Other(truth.value().to_string()),
        Value::Datetime(moment) => Says::Other(moment.value().to_string()),
        Value::Array(array) => Says::List(array.iter().map(of_plain).collect()),
        Value::InlineTable(table) => of_table(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn formed(text: &str) -> String {
        let formed = of(text).unwrap();
        assert_eq!(of(&formed).unwrap(), formed, "it is not settled");
        formed
    }

    #[test]
    fn a_file_comes_into_form_and_keeps_its_comments() {
        let text = "\n\n# The host\n mode=\"enforce\"   # binds\ntags = [ \"a\" ,\"b\",]\n\n\n\n# Asking\n\n[ask]  # defaults\n\n\nfrom=[\"bob\"]\n#why\ncount   =   2\n[role.a]\nask={from=[ \"x\" ],count=1}\n[[role.a.rule]]\ncommands=[\"/bin/a\",\n   # the second\n \"/bin/b\" , # here\n\"/bin/c\"\n# last\n]\n# end\n";
        let expected = "# The host
mode = \"enforce\"  # binds
tags = [\"a\", \"b\"]

# Asking

[ask]  # defaults
from = [\"bob\"]
#why
count = 2

[role.a]
ask = { from = [\"x\"], count = 1 }

[[role.a.rule]]
commands = [
  \"/bin/a\",
  # the second
  \"/bin/b\",  # here
  \"/bin/c\",
  # last
]
# end
";
        assert_eq!(formed(text), expected);
    }

    #[test]
    fn a_long_list_has_an_item_on_each_line_and_a_short_one_has_not() {
        let long =
            format!("commands = [\"/bin/{}\", \"/bin/{}\"]\n", "a".repeat(40), "b".repeat(50));
        assert_eq!(formed(&long).lines().count(), 4);
        assert_eq!(formed("a = [\n1,\n2\n]\n"), "a = [1, 2]\n");
        assert_eq!(formed("a = [\n]\n"), "a = []\n");
    }

    #[test]
    fn texts_stay_as_they_were_written() {
        let text = "a = '^[A-Z]+$'\nb = \"\\u0041\"\nc = \"\"\"\n  x  \n\"\"\"\n\"d e\" = 0x1F\n";
        assert_eq!(formed(text), text);
        assert_eq!(formed(""), "");
        assert_eq!(formed("# only\n\n\n\n# comments"), "# only\n\n# comments\n");
    }

    #[test]
    fn what_is_no_toml_is_refused_and_depth_has_an_end() {
        assert!(matches!(of("a = "), Err(LayoutError::Syntax(_))));
        assert!(matches!(of("a = 1\na = 2\n"), Err(LayoutError::Syntax(_))));
        let deep = format!("a = {}{}\n", "[".repeat(40), "]".repeat(40));
        assert!(matches!(of(&deep), Err(LayoutError::TooDeep)));
    }
}
