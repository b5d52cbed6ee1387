//! The files, and places in them.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// The file of the host's own settings.
pub const HOST_FILE: &str = "writ.toml";
/// The folder of the roles.
pub const ROLES_FOLDER: &str = "roles.d";
/// The folder of the approvers.
pub const APPROVERS_FOLDER: &str = "approvers.d";

/// A file of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    name: String,
    path: PathBuf,
    contents: Vec<u8>,
}

impl SourceFile {
    /// A file of that name below the policy folder, such as `roles.d/web.toml`.
    pub fn new(name: impl Into<String>, contents: impl Into<Vec<u8>>) -> Self {
        let name = name.into();
        Self { path: PathBuf::from(&name), name, contents: contents.into() }
    }

    /// The same file, found under that path.
    #[must_use]
    pub fn found_at(self, path: PathBuf) -> Self {
        Self { path, ..self }
    }

    /// Its name below the policy folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it was found.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it.
    #[must_use]
    pub fn contents(&self) -> &[u8] {
        &self.contents
    }

    /// What it speaks of; nothing when it is no policy file by its name.
    pub(crate) fn subject(&self) -> Option<Subject> {
        match self.name.split_once('/') {
            None if self.name == HOST_FILE => Some(Subject::Host),
            Some((ROLES_FOLDER, name)) if is_policy_name(name) => Some(Subject::Roles),
            Some((APPROVERS_FOLDER, name)) if is_policy_name(name) => Some(Subject::Approvers),
            _ => None,
        }
    }
}

/// What a file speaks of, in the order of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// `writ.toml`.
    Host,
    /// `roles.d/*.toml`.
    Roles,
    /// `approvers.d/*.toml`.
    Approvers,
}

/// Whether a name in a folder is that of a policy file. Hidden files and what
/// editors and package managers leave behind (`web.toml~`, `web.toml.dpkg-old`,
/// `.#web.toml`) are not.
pub(crate) fn is_policy_name(name: &str) -> bool {
    name.ends_with(".toml") && !name.starts_with('.') && !name.contains('/')
}

/// A stretch of one of the files that are read together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// Which file, counted in the order of reading.
    pub(crate) file: usize,
    /// Where it starts, in bytes.
    pub(crate) start: usize,
    /// Where it ends, in bytes.
    pub(crate) end: usize,
}

impl Place {
    pub(crate) fn new(file: usize, span: Range<usize>) -> Self {
        Self { file, start: span.start, end: span.end.max(span.start) }
    }
}

/// Something and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}
