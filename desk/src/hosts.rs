//! The hosts whose keys an approver knows: a line each, the name and the key, as
//! `writ host-key` prints them.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use writ_protocol::text::shown;
use writ_signed::{Fingerprint, PublicKey};

/// Where they are, below the folder of settings.
const FILE: &str = "writ/hosts";

/// The longest file that is read, in bytes: some 10,000 hosts.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The longest name of a host that is kept, in bytes (RFC 1035, section 2.3.4).
const NAME_BYTES_MAX: usize = 253;

/// Why a host is not known.
#[derive(Debug, thiserror::Error)]
pub enum UnknownHost {
    /// There is no line for it.
    #[error(
        "this machine does not know the host {}, which signed with {found}: have somebody on the host read the fingerprint out (`writ host-key`), and if it is this one, put the line that it prints into {}",
        shown(.host), .path.display()
    )]
    Nobody {
        /// The name that it gives itself.
        host: String,
        /// Its key.
        found: Fingerprint,
        /// The file.
        path: PathBuf,
    },
    /// There is one, with another key.
    #[error(
        "the question says that it is of {}, and is signed with {found}, which is not the key that {} has for it in line {line}: it is forged, or the host has a new key. Ask on the host (`writ host-key`) before you sign anything, and only then put the new line in place of that one",
        shown(.host), .path.display()
    )]
    Other {
        /// The name that it gives itself.
        host: String,
        /// The key that signed.
        found: Fingerprint,
        /// The file.
        path: PathBuf,
        /// The number of the first line for that name.
        line: usize,
    },
    /// It is not the one that was said.
    #[error(
        "the question is signed with {found}, which is not the key of --host-key: it is of another host, or forged"
    )]
    NotMeant {
        /// The key that signed.
        found: Fingerprint,
    },
    /// What was said is no key.
    #[error("--host-key is neither a fingerprint (SHA256:…) nor the line of a key")]
    Nonsense,
}

/// Why the file of hosts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HostsError {
    /// It cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("the host cannot be put into {}: {source}", path.display())]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is nowhere for it to be.
    #[error(
        "there is no folder for settings (neither XDG_CONFIG_HOME nor HOME is set); name a file with --hosts"
    )]
    NoFolder,
    /// The name would not be one word of a line.
    #[error("{} is no name of a host, and is not remembered", shown(.0))]
    Name(String),
}

/// Whether a key is the one that was said.
///
/// # Errors
/// When it is not, or nothing was said that is a key.
pub fn is(said: &str, found: &PublicKey) -> Result<(), UnknownHost> {
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

/// The hosts that are known.
#[derive(Debug)]
pub struct KnownHosts {
    path: PathBuf,
    text: String,
}

impl KnownHosts {
    /// Those of a file, or of the usual one; one that is not there knows nobody.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(file: Option<&Path>) -> Result<Self, HostsError> {
        let path = file.map(Path::to_owned).or_else(usual).ok_or(HostsError::NoFolder)?;
        match read(&path) {
            Ok(text) => Ok(Self { path, text }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self { path, text: String::new() })
            }
            Err(source) => Err(HostsError::Unread { path, source }),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the host of that name has that key.
    ///
    /// # Errors
    /// When it is not known, or has another.
    pub fn check(&self, host: &str, key: &PublicKey) -> Result<(), UnknownHost> {
        let mut first = None;
        for (line, name, known) in self.lines() {
            if name == host {
                if known.as_ref() == Some(key) {
                    return Ok(());
                }
                first = first.or(Some(line));
            }
        }
        let (host, found, path) = (host.to_owned(), key.fingerprint(), self.path.clone());
        Err(match first {
            Some(line) => UnknownHost::Other { host, found, path, line },
            None => UnknownHost::Nobody { host, found, path },
        })
    }

    /// The first host of another name that has that key, and the number of its line.
    #[must_use]
    pub fn other_name(&self, host: &str, key: &PublicKey) -> Option<(usize, &str)> {
        let mut lines = self.lines();
        lines.find_map(|(line, name, known)| {
            (name != host && known.as_ref() == Some(key)).then_some((line, name))
        })
    }

    /// Remembers a host.
    ///
    /// # Errors
    /// When its name would not be one, or the file cannot be written.
    pub fn add(&mut self, host: &str, key: &PublicKey) -> Result<(), HostsError> {
        if !is_name(host) {
            return Err(HostsError::Name(host.to_owned()));
        }
        // What an editor left without an end is ended first.
        let start = if self.text.is_empty() || self.text.ends_with('\n') { "" } else { "\n" };
        let line = format!("{start}{host} {}\n", key.line());
        append(&self.path, &line)
            .map_err(|source| HostsError::Unwritten { path: self.path.clone(), source })?;
        self.text.push_str(&line);
        Ok(())
    }

    /// Each line with a host: its number from 1 on, the name, and the key where it is one.
    fn lines(&self) -> impl Iterator<Item = (usize, &str, Option<PublicKey>)> {
        let lines = self.text.lines().map(str::trim).zip(1..);
        let lines = lines.filter(|(line, _)| !line.starts_with('#'));
        lines.filter_map(|(line, number)| {
            let (name, key) = line.split_once(char::is_whitespace)?;
            Some((number, name, PublicKey::from_line(key).ok()))
        })
    }
}

/// The folder of the user's settings, below which are `writ/hosts` and the like.
#[must_use]
pub fn settings_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))
}

fn usual() -> Option<PathBuf> {
    settings_folder().map(|folder| folder.join(FILE))
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(io::Error::other("it is too long"));
    }
    Ok(text)
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = File::options().append(true).create(true).mode(0o600).open(path)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

/// One word that no line takes for a comment or for two.
fn is_name(host: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (1..=NAME_BYTES_MAX).contains(&host.len()) && host.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use writ_signed::HostKey;

    fn known(text: &str) -> KnownHosts {
        KnownHosts { path: "hosts".into(), text: text.to_owned() }
    }

    #[test]
    fn a_host_is_known_by_name_and_key() {
        let (key, other) = (HostKey::from_seed(&[1; 32]), HostKey::from_seed(&[2; 32]));
        let line = key.public().line();
        let text = format!("# mine\n\nweb-1 {line}\n# SHA256:x\ndb-1 nonsense\n");
        let hosts = known(&text);
        hosts.check("web-1", key.public()).unwrap();
        let line_of = |refused| match refused {
            Err(UnknownHost::Other { line, .. }) => Some(line),
            Err(UnknownHost::Nobody { .. }) => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(line_of(hosts.check("web-1", other.public())), Some(3));
        assert_eq!(line_of(hosts.check("db-1", key.public())), Some(5));
        assert_eq!(line_of(hosts.check("web", key.public())), None);
        assert_eq!(hosts.other_name("web-9", key.public()), Some((3, "web-1")));
        assert_eq!(hosts.other_name("web-1", key.public()), None);
        let renewed = known(&format!("{text}web-1 {}\n", other.public().line()));
        renewed.check("web-1", other.public()).unwrap();
    }

    #[test]
    fn a_host_that_was_added_is_known_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings/writ/hosts");
        let (key, other) = (HostKey::from_seed(&[1; 32]), HostKey::from_seed(&[2; 32]));
        let mut hosts = KnownHosts::open(Some(&file)).unwrap();
        hosts.add("web-1", key.public()).unwrap();
        hosts.add("web-2", other.public()).unwrap();
        hosts.check("web-1", key.public()).unwrap();
        let hosts = KnownHosts::open(Some(&file)).unwrap();
        hosts.check("web-1", key.public()).unwrap();
        hosts.check("web-2", other.public()).unwrap();
        fs::write(&file, "# no end").unwrap();
        let mut hosts = KnownHosts::open(Some(&file)).unwrap();
        hosts.add("web-1", key.public()).unwrap();
        KnownHosts::open(Some(&file)).unwrap().check("web-1", key.public()).unwrap();
    }

    #[test]
    fn no_name_writes_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hosts");
        let key = HostKey::from_seed(&[1; 32]);
        let mut hosts = KnownHosts::open(Some(&file)).unwrap();
        let long = "x".repeat(NAME_BYTES_MAX + 1);
        for name in ["", "a b", "a\nweb-1", "#a", "a\u{1b}[2J", "a\u{202e}", &long] {
            assert!(matches!(hosts.add(name, key.public()), Err(HostsError::Name(_))), "{name}");
        }
        assert!(!file.exists());
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
