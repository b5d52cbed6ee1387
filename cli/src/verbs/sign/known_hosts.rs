//! The hosts whose keys an approver knows: a line each, the name and the key.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use writ_protocol::text::shown;
use writ_signed::{Fingerprint, PublicKey};

/// Where they are, below the folder of settings.
const FILE: &str = "writ/hosts";

/// The longest file that is read, in bytes: some 10,000 hosts.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Why a host is not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnknownHost {
    #[error(
        "this machine does not know the host {}, which signed with {found}: have somebody on the host read the fingerprint out (`writ host-key`), and if it is this one, put the line that it prints into {}, or give --host-key {found}",
        shown(.host), .path.display()
    )]
    Nobody { host: String, found: Fingerprint, path: PathBuf },
    #[error(
        "the question says that it is of {}, and is signed with {found}, which is not the key that {} has for it: it is forged, or the host has a new key. Ask on the host (`writ host-key`) before you sign anything",
        shown(.host), .path.display()
    )]
    Other { host: String, found: Fingerprint, path: PathBuf },
    #[error(
        "the question is signed with {found}, which is not the key of --host-key: it is of another host, or forged"
    )]
    NotMeant { found: Fingerprint },
    #[error("--host-key is neither a fingerprint (SHA256:…) nor the line of a key")]
    Nonsense,
    #[error("{} cannot be read: {source}", path.display())]
    Unread { path: PathBuf, source: io::Error },
    #[error(
        "there is no folder for settings (neither XDG_CONFIG_HOME nor HOME is set); give --hosts or --host-key"
    )]
    NoFolder,
}

/// Whether a key is the one that was said.
pub(super) fn is(said: &str, found: &PublicKey) -> Result<(), UnknownHost> {
    // A line of `writ host-key` has the name of the host before the key.
    let line = || said.split_once(' ').and_then(|(_, rest)| PublicKey::from_line(rest).ok());
    let wanted = said.trim().parse::<Fingerprint>().ok().or_else(|| {
        let key = PublicKey::from_line(said).ok().or_else(line)?;
        Some(key.fingerprint())
    });
    let found = found.fingerprint();
    match wanted {
        None => Err(UnknownHost::Nonsense),
        Some(wanted) if wanted == found => Ok(()),
        Some(_) => Err(UnknownHost::NotMeant { found }),
    }
}

/// Whether the file has that key for the host of that name.
pub(super) fn knows(file: Option<&Path>, host: &str, found: &PublicKey) -> Result<(), UnknownHost> {
    let path = file.map(Path::to_owned).or_else(usual).ok_or(UnknownHost::NoFolder)?;
    let (host, fingerprint) = (host.to_owned(), found.fingerprint());
    match read(&path) {
        Ok(text) => match standing(&text, &host, found) {
            Some(true) => Ok(()),
            Some(false) => Err(UnknownHost::Other { host, found: fingerprint, path }),
            None => Err(UnknownHost::Nobody { host, found: fingerprint, path }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(UnknownHost::Nobody { host, found: fingerprint, path })
        }
        Err(source) => Err(UnknownHost::Unread { path, source }),
    }
}

fn usual() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config"))).map(|at| at.join(FILE))
}

fn read(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > FILE_BYTES_MAX {
        return Err(io::Error::other("it is too long"));
    }
    fs::read_to_string(path)
}

/// Whether a file has that key for a host; nothing where it has none for it.
fn standing(text: &str, host: &str, found: &PublicKey) -> Option<bool> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let keys = lines.filter_map(|line| line.split_once(char::is_whitespace));
    let his = keys.filter(|(name, _)| *name == host);
    his.map(|(_, key)| PublicKey::from_line(key).is_ok_and(|key| key == *found))
        .reduce(|one, other| one || other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use writ_signed::HostKey;

    #[test]
    fn a_host_is_known_by_name_and_key() {
        let (key, other) = (HostKey::from_seed(&[1; 32]), HostKey::from_seed(&[2; 32]));
        let line = key.public().line();
        let text = format!("# mine\n\nweb-1 {line}\n# SHA256:x\ndb-1 nonsense\n");
        assert_eq!(standing(&text, "web-1", key.public()), Some(true));
        assert_eq!(standing(&text, "web-1", other.public()), Some(false));
        assert_eq!(standing(&text, "db-1", key.public()), Some(false));
        assert_eq!(standing(&text, "web", key.public()), None);
        let renewed = format!("{text}web-1 {}\n", other.public().line());
        assert_eq!(standing(&renewed, "web-1", other.public()), Some(true));
    }

    #[test]
    fn a_key_is_meant_by_line_or_fingerprint() {
        let (key, other) = (HostKey::from_seed(&[1; 32]), HostKey::from_seed(&[2; 32]));
        let line = key.public().line();
        for said in [line.clone(), format!("web-1 {line}"), key.fingerprint().to_string()] {
            is(&said, key.public()).unwrap();
            assert!(matches!(is(&said, other.public()), Err(UnknownHost::NotMeant { .. })));
        }
        assert!(matches!(is("web-1", key.public()), Err(UnknownHost::Nonsense)));
    }
}
