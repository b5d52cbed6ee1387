//! From the text of all files to a policy; nothing but text is looked at.

use toml::de::DeTable;
use writ_engine::policy::Policy;

use crate::compile::{self, Completeness, Said};
use crate::diagnostic::{Diagnostic, Refusal};
use crate::digest;
use crate::findings::Findings;
use crate::host::HostName;
use crate::keys::{self, HostKeys};
use crate::loaded::Loaded;
use crate::problem::Problem;
use crate::section::Section;
use crate::source::{Place, SourceFile, Subject};

/// How many errors of syntax are told of one file: the later ones mostly follow
/// from the first.
const SYNTAX_ERRORS_MAX: usize = 5;

/// Reads a policy for the host of that name. The order of the files does not
/// matter; without any, the policy is the one of a fresh install.
///
/// # Errors
/// Everything that is wrong, of all files.
pub fn parse(files: Vec<SourceFile>, host: &HostName) -> Result<Loaded, Refusal> {
    let (files, strangers): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file.subject().is_some());
    let (subjects, files) = in_order(files);

    let mut found = Findings::default();
    let said = read(&subjects, &files, &mut found);
    let compiled = compile::compile(said, host, digest::of(&files), &mut found);
    let (mut errors, warnings) = found.told(&files);
    errors.extend(strangers.iter().map(stranger));
    if let Some(refusal) = Refusal::of(errors) {
        return Err(refusal);
    }
    Ok(Loaded {
        policy: Policy::compile(compiled.settings),
        remote: compiled.remote,
        sources: files,
        warnings,
    })
}

/// The files of a policy with what each speaks of, in the order of reading.
pub(crate) fn in_order(files: Vec<SourceFile>) -> (Vec<Subject>, Vec<SourceFile>) {
    let mut files: Vec<_> =
        files.into_iter().filter_map(|file| Some((file.subject()?, file))).collect();
    files.sort_by(|(one, a), (other, b)| (one, a.name()).cmp(&(other, b.name())));
    files.into_iter().unzip()
}

fn stranger(file: &SourceFile) -> Diagnostic {
    Diagnostic::about(
        file.path(),
        "this is no file of a policy",
        Some("those are writ.toml, roles.d/NAME.toml and approvers.d/NAME.toml"),
    )
}

/// What the files say, each for itself.
pub(crate) fn read(subjects: &[Subject], files: &[SourceFile], found: &mut Findings) -> Said {
    let mut said = Said {
        host: HostKeys::default(),
        roles: Vec::new(),
        approvers: Vec::new(),
        on_call: Vec::new(),
        approver_files: Completeness::Whole,
    };
    for (number, (subject, file)) in subjects.iter().zip(files).enumerate() {
        let noted = found.count();
        let text = text(number, file, found);
        let table = text.and_then(|text| table(number, text, found));
        let section = table
            .as_ref()
            .map(|table| Section::new("this file".into(), Place::new(number, 0..0), table));
        match (subject, section) {
            (Subject::Host, Some(section)) => said.host = keys::host(section, found),
            (Subject::Host, None) => said.host = HostKeys::unread(),
            (Subject::Roles, Some(section)) => said.roles.extend(keys::roles(section, found)),
            (Subject::Roles, None) => {}
            (Subject::Approvers, section) => {
                let file = section.map(|section| keys::approvers(section, found));
                let file = file.unwrap_or_default();
                said.approvers.extend(file.approvers);
                said.on_call.extend(file.on_call);
                if found.count() > noted {
                    said.approver_files = Completeness::Partial;
                }
            }
        }
    }
    said
}

fn text<'f>(number: usize, file: &'f SourceFile, found: &mut Findings) -> Option<&'f str> {
    match str::from_utf8(file.contents()) {
        Ok(text) => Some(text),
        Err(error) => {
            let start = error.valid_up_to();
            let end = start + error.error_len().unwrap_or(1);
            found.note(&Place::new(number, start..end), Problem::NotText);
            None
        }
    }
}

/// The table of a file; none when its syntax is wrong, for what could be made of
/// the rest would be guessed.
fn table<'f>(number: usize, text: &'f str, found: &mut Findings) -> Option<DeTable<'f>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors.iter().take(SYNTAX_ERRORS_MAX) {
        let span = error.span().unwrap_or(0..0);
        let problem = Problem::Syntax(error.message().to_owned());
        found.note(&Place::new(number, span), problem);
    }
    errors.is_empty().then(|| table.into_inner())
}
