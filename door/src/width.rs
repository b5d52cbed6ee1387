//! How many columns of a terminal text takes.

/// The columns of `text`, which has no control characters.
pub fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// The beginning of `text` that takes at most `columns_max` columns.
pub fn cut(text: &str, columns_max: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|character| {
            used += columns_of(*character);
            used <= columns_max
        })
        .collect()
}

/// 2 for the wide blocks of East Asian scripts and emoji (Unicode UAX #11), 0 for
/// the combining marks that follow a Latin letter, else 1. Where a terminal sees
/// it otherwise, a line is redrawn a little short or long; nothing else hangs on it.
pub fn columns_of(character: char) -> usize {
    match character {
        '\u{300}'..='\u{36f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff01}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns_and_marks_none() {
        assert_eq!(columns("a·字e\u{301}"), 5);
    }

    #[test]
    fn a_wide_character_is_not_halved() {
        assert_eq!(cut("a字b", 2), "a");
        assert_eq!(cut("a字b", 3), "a字");
    }
}
