//! Which file a command is.
//!
//! The search path that counts is the program's own business: for sudo-rs a `secure_path`
//! of sudoers, for doas its safe path, or for both the person's `PATH`. A name without a
//! `/` is asked about only where each of them finds the same file, or nothing.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::FileType;
use writ_protocol::text;

use super::CommandError;
use crate::program::Kind;

/// `secure_path` as Debian's sudoers has it, in whose order a path is told.
const SECURE_PATH: &[u8] = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The path of doas, for rules that name a command.
const DOAS_PATH: &[u8] = b"/bin:/sbin:/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin";

/// Where sudo and sudo-rs read what they may do.
const SUDOERS: [&str; 2] = ["/etc/sudoers-rs", "/etc/sudoers"];

/// The folder that Debian's sudoers takes in.
const SUDOERS_FOLDER: &str = "/etc/sudoers.d";

/// How much room a file of sudoers is given first, in bytes.
const SUDOERS_BYTES_USUAL: usize = 4096;

/// How much of a file of sudoers is read, in bytes.
const SUDOERS_BYTES_MAX: u64 = 1024 * 1024;

/// How many files of sudoers are read.
const SUDOERS_FILES_MAX: usize = 256;

/// The path of a command that was called by `name` from `cwd`.
///
/// # Errors
/// When nothing is found, or not the same everywhere.
pub(super) fn path(kind: Kind, name: &[u8], cwd: &[u8]) -> Result<Vec<u8>, CommandError> {
    if name.contains(&b'/') {
        return Ok(from(cwd, name));
    }
    let own = std::env::var_os("PATH").map(OsStringExt::into_vec);
    let paths = match kind {
        Kind::Doas => vec![SECURE_PATH.to_vec(), DOAS_PATH.to_vec(), own.unwrap_or_default()],
        Kind::Sudo | Kind::Su | Kind::Other => {
            let mut paths = secure_paths();
            paths.extend([SECURE_PATH.to_vec(), own.unwrap_or_else(|| DOAS_PATH.to_vec())]);
            paths
        }
    };
    among(&paths, name, cwd)
}

fn among(paths: &[Vec<u8>], name: &[u8], cwd: &[u8]) -> Result<Vec<u8>, CommandError> {
    // They have most folders in common: no file is looked at twice.
    let mut looked_at = BTreeMap::new();
    let mut found: Vec<Vec<u8>> = Vec::new();
    for path in paths {
        match search(path, name, cwd, &mut looked_at) {
            Some(file) if !found.contains(&file) => found.push(file),
            _ => {}
        }
    }
    let nothing = || CommandError::NotFound(text::encode(name));
    let (first, others) = found.split_first().ok_or_else(nothing)?;
    if !others.is_empty() {
        let real = real(first).ok_or_else(nothing)?;
        // One that is gone by now is found nowhere.
        if others.iter().filter_map(|file| self::real(file)).any(|other| other != real) {
            return Err(CommandError::Ambiguous(text::encode(name)));
        }
    }
    Ok(first.clone())
}

/// The first program of that name in a search path.
fn search(
    path: &[u8],
    name: &[u8],
    cwd: &[u8],
    looked_at: &mut BTreeMap<Vec<u8>, bool>,
) -> Option<Vec<u8>> {
    path.split(|byte| *byte == b':')
        // An empty one is the working directory (environ(7)).
        .map(|folder| if folder.is_empty() { b".".as_slice() } else { folder })
        .map(|folder| from(cwd, &[folder, b"/", name].concat()))
        .find(|file| *looked_at.entry(file.clone()).or_insert_with_key(|file| is_program(file)))
}

/// The file that a path stands for (realpath(3)).
fn real(file: &[u8]) -> Option<PathBuf> {
    fs::canonicalize(OsStr::from_bytes(file)).ok()
}

fn is_program(file: &[u8]) -> bool {
    rustix::fs::stat(file).is_ok_and(|found| {
        FileType::from_raw_mode(found.st_mode).is_file() && found.st_mode & 0o111 != 0
    })
}

/// As sudo's plugin tells a relative path.
fn from(cwd: &[u8], path: &[u8]) -> Vec<u8> {
    if path.starts_with(b"/") {
        return path.to_vec();
    }
    let mut below = path;
    while let Some(rest) = below.strip_prefix(b"./") {
        let start = rest.iter().position(|byte| *byte != b'/').unwrap_or(rest.len());
        below = rest.get(start..).unwrap_or_default();
    }
    let end = cwd.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    [cwd.get(..end).unwrap_or_default(), b"/", below].concat()
}

/// Every `secure_path` that sudoers speaks of, for whomever: none is left out, so that
/// none can be the one that was not looked at.
fn secure_paths() -> Vec<Vec<u8>> {
    let folder = fs::read_dir(SUDOERS_FOLDER).into_iter().flatten().flatten();
    let files = SUDOERS.iter().map(PathBuf::from).chain(folder.map(|entry| entry.path()));
    files.take(SUDOERS_FILES_MAX).flat_map(|file| in_sudoers(&contents(&file))).collect()
}

fn contents(file: &Path) -> Vec<u8> {
    use std::io::Read;
    let mut bytes = Vec::with_capacity(SUDOERS_BYTES_USUAL);
    if let Ok(file) = fs::File::open(file) {
        // What cannot be read, sudo cannot read either.
        let _ = file.take(SUDOERS_BYTES_MAX).read_to_end(&mut bytes);
    }
    bytes
}

fn in_sudoers(text: &[u8]) -> Vec<Vec<u8>> {
    const KEY: &[u8] = b"secure_path";
    let mut paths = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii_start();
        if !line.starts_with(b"Defaults") {
            continue;
        }
        let places = line.windows(KEY.len()).enumerate().filter(|(_, word)| *word == KEY);
        for (place, _) in places {
            let rest = line.get(place + KEY.len()..).unwrap_or_default().trim_ascii_start();
            let rest = rest.strip_prefix(b"+").unwrap_or(rest);
            let Some(value) = rest.strip_prefix(b"=") else { continue };
            let value = value.trim_ascii_start();
            let value = match value.strip_prefix(b"\"") {
                Some(quoted) => quoted.split(|byte| *byte == b'"').next(),
                None => value.split(|byte| b" \t,#".contains(byte)).next(),
            };
            paths.extend(value.map(<[u8]>::to_vec));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder_with(names: &[&str]) -> (tempfile::TempDir, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let file = folder.path().join(name);
            fs::write(&file, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = folder.path().as_os_str().as_bytes().to_vec();
        (folder, path)
    }

    #[test]
    fn a_name_is_one_file_wherever_it_is_looked_for() {
        let (_kept, secure) = folder_with(&["tool"]);
        let (_other, own) = folder_with(&["tool", "other"]);
        let tool = [secure.as_slice(), b"/tool"].concat();
        let elsewhere = b"/nowhere".to_vec();
        assert_eq!(among(&[secure.clone(), elsewhere], b"tool", b"/"), Ok(tool));
        assert_eq!(
            among(&[secure.clone(), own.clone()], b"tool", b"/"),
            Err(CommandError::Ambiguous("tool".to_owned())),
            "a file of the requester's own must not run in the place of another"
        );
        assert_eq!(
            among(&[secure], b"other", b"/"),
            Err(CommandError::NotFound("other".to_owned()))
        );
    }

    #[test]
    fn a_folder_that_is_named_from_here_counts_too() {
        let (_kept, secure) = folder_with(&["tool"]);
        let (_here, cwd) = folder_with(&["tool"]);
        for path in [b".".to_vec(), vec![]] {
            let found = among(&[path, secure.clone()], b"tool", &cwd);
            assert_eq!(found, Err(CommandError::Ambiguous("tool".to_owned())));
        }
    }

    #[test]
    fn a_path_is_told_from_where_it_was_typed() {
        assert_eq!(path(Kind::Sudo, b"./tool", b"/srv").unwrap(), b"/srv/tool");
        assert_eq!(path(Kind::Sudo, b".//./bin/tool", b"/srv").unwrap(), b"/srv/bin/tool");
        assert_eq!(path(Kind::Sudo, b"../tool", b"/srv/").unwrap(), b"/srv/../tool");
        assert_eq!(path(Kind::Sudo, b"/bin/../tool", b"/srv").unwrap(), b"/bin/../tool");
    }

    #[test]
    fn every_secure_path_of_sudoers_is_found() {
        let text = b"# Defaults secure_path=/no\nDefaults\tenv_reset, secure_path=\"/a:/b\"\nDefaults:bob secure_path = /c\nDefaults !secure_path\n";
        assert_eq!(in_sudoers(text), [b"/a:/b".to_vec(), b"/c".to_vec()]);
    }
}
