//! The word that was meant.

/// Words longer than this are not looked at: nobody meant one of ours.
const WORD_BYTES_MAX: usize = 40;

/// The candidate that `word` is most likely a misspelling of, if there is one:
/// at most one edit for each three characters.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    if word.len() > WORD_BYTES_MAX {
        return None;
    }
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters must be put in, taken out, changed or swapped with their
/// neighbour to make one of the other (optimal string alignment).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (row, ours) in from.to_lowercase().chars().enumerate() {
        let mut here = vec![row + 1];
        for (column, theirs) in to.iter().enumerate() {
            let cell = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut cost = (cell(&above, column) + usize::from(ours != *theirs))
                .min(cell(&above, column + 1) + 1)
                .min(cell(&here, column) + 1);
            let previous = column.checked_sub(1);
            if last == Some(*theirs)
                && let Some(previous) = previous
                && to.get(previous) == Some(&ours)
            {
                cost = cost.min(cell(&before, previous) + 1);
            }
            here.push(cost);
        }
        before = above;
        above = here;
        last = Some(ours);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let keys = ["commands", "decision", "run_as"];
        assert_eq!(nearest("comands", keys), Some("commands"));
        assert_eq!(nearest("decisoin", keys), Some("decision"));
        assert_eq!(nearest("run-as", keys), Some("run_as"));
        assert_eq!(nearest("Commands", keys), Some("commands"));
    }

    #[test]
    fn another_word_is_not() {
        assert_eq!(nearest("services", ["commands", "decision"]), None);
        assert_eq!(nearest("x", ["commands"]), None);
        assert_eq!(nearest("", ["commands"]), None);
    }

    #[test]
    fn swapped_neighbours_are_one_edit() {
        assert_eq!(edits("form", "from"), 1);
        assert_eq!(edits("", "from"), 4);
        assert_eq!(edits("from", ""), 4);
    }
}
