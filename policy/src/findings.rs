//! What was found so far.

use crate::diagnostic::{Diagnostic, Severity};
use crate::excerpt::Excerpt;
use crate::problem::Problem;
use crate::source::{Place, SourceFile};

/// Collects what is wrong, so that all of it can be told at once.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<(Place, Problem)>);

impl Findings {
    /// Notes a problem at its place.
    pub(crate) fn note(&mut self, place: &Place, problem: Problem) {
        self.0.push((place.clone(), problem));
    }

    /// How many were noted.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The errors, then the warnings, each in the order of the text and once.
    pub(crate) fn told(mut self, files: &[SourceFile]) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.0.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.0.dedup();
        self.0
            .into_iter()
            .filter_map(|(place, problem)| tell(&place, &problem, files))
            .partition(|diagnostic| diagnostic.severity() == Severity::Error)
    }
}

fn tell(place: &Place, problem: &Problem, files: &[SourceFile]) -> Option<Diagnostic> {
    let file = files.get(place.file)?;
    let locate = |place: &Place| {
        files.get(place.file).map_or_else(String::new, |file| {
            let excerpt = Excerpt::of(file.contents(), place.start..place.end);
            format!("{}:{}", file.path().display(), excerpt.position.line)
        })
    };
    let meant = problem.narrow(place, file.contents());
    let excerpt = Excerpt::of(file.contents(), meant.start..meant.end);
    Some(Diagnostic::within(
        file.path(),
        excerpt,
        problem.severity(),
        problem.to_string(),
        problem.help(locate),
    ))
}
