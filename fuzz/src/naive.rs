//! What a pattern matches, by the reference and by trying everything. Only of patterns
//! that are taken.

use writ_engine::facts::{Action, Command};
use writ_protocol::text::encode;

/// A character of a pattern: itself, or a sign.
#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Itself(char),
    Star,
    Mark,
}

pub(crate) fn matches(source: &str, command: &Command) -> bool {
    let mut words = split(source);
    if words == [[Sign::Itself('A'), Sign::Itself('L'), Sign::Itself('L')]] {
        return true;
    }
    let any_rest = words.last().is_some_and(|word| *word == [Sign::Star, Sign::Star]);
    if any_rest {
        words.pop();
    }
    let edits: Vec<Sign> = "sudoedit".chars().map(Sign::Itself).collect();
    let (wanted, given): (Vec<Vec<Sign>>, Vec<String>) = if words[0] == edits {
        if command.action != Action::Edit {
            return false;
        }
        (words.split_off(1), command.argv.clone())
    } else {
        if command.action != Action::Run {
            return false;
        }
        let arguments = command.argv.iter().skip(1).cloned();
        (words, std::iter::once(command.path.clone()).chain(arguments).collect())
    };
    let enough = if any_rest { given.len() >= wanted.len() } else { given.len() == wanted.len() };
    // A path is a word like any other, but that `*` is no whole path.
    enough && wanted.iter().zip(&given).all(|(wanted, given)| word_matches(wanted, given))
}

fn word_matches(wanted: &[Sign], given: &str) -> bool {
    if wanted == [Sign::Star] {
        return true;
    }
    let is_glob = wanted.iter().any(|sign| *sign != literal(*sign));
    if is_glob && given.split('/').any(|part| part == "..") {
        return false;
    }
    let units: Vec<String> = units(given);
    tries(wanted, &units)
}

fn literal(sign: Sign) -> Sign {
    match sign {
        Sign::Itself(_) => sign,
        Sign::Star | Sign::Mark => Sign::Itself('?'),
    }
}

/// All ways, by a table: whether so many signs match so many units.
fn tries(wanted: &[Sign], units: &[String]) -> bool {
    let mut reached = vec![false; units.len() + 1];
    reached[0] = true;
    for sign in wanted {
        let mut next = vec![false; units.len() + 1];
        match sign {
            Sign::Star => {
                let mut open = false;
                for place in 0..=units.len() {
                    open = reached[place] || open && place > 0 && units[place - 1] != "/";
                    next[place] = open;
                }
            }
            Sign::Mark => {
                for place in 0..units.len() {
                    next[place + 1] = reached[place] && units[place] != "/";
                }
            }
            Sign::Itself(character) => {
                let unit = encode(character.to_string().as_bytes());
                for place in 0..units.len() {
                    next[place + 1] = reached[place] && units[place] == unit;
                }
            }
        }
        reached = next;
    }
    reached[units.len()]
}

/// A text of the wire in units: a character, `\\`, or `\xNN`.
fn units(text: &str) -> Vec<String> {
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("\\x") {
            4
        } else if first == '\\' {
            2
        } else {
            first.len_utf8()
        };
        units.push(rest[..length].to_owned());
        rest = &rest[length..];
    }
    units
}

/// The words of a pattern that is taken.
fn split(source: &str) -> Vec<Vec<Sign>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<Sign>> = None;
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        match character {
            character if character.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(characters.by_ref().take_while(|c| *c != '\'').map(Sign::Itself));
            }
            '\\' => {
                let next = characters.next().expect("a pattern that is taken");
                word.get_or_insert_default().push(Sign::Itself(next));
            }
            '*' => word.get_or_insert_default().push(Sign::Star),
            '?' => word.get_or_insert_default().push(Sign::Mark),
            character => word.get_or_insert_default().push(Sign::Itself(character)),
        }
    }
    words.extend(word);
    words
}
