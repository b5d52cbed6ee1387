//! The Debian releases that hosts are made of.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A Debian release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Debian 12: sudo 1.9.13p3, systemd 252.
    Bookworm,
    /// Debian 13: sudo 1.9.16p2, systemd 257, sudo-rs.
    Trixie,
}

impl Release {
    /// Every release, in the order of their age.
    pub const ALL: [Self; 2] = [Self::Bookworm, Self::Trixie];

    /// Debian's name for it, in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }

    /// The release of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|release| release.name() == name)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad`, so that a column of them can be given a width.
        f.pad(self.name())
    }
}

/// The file in the rig's folder of that name.
pub(crate) fn rig(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rig").join(script)
}

/// What a host is a copy of: made once, then read only.
pub(crate) struct Original {
    /// The root file system.
    pub(crate) root: PathBuf,
    /// The private ssh key that every user of it accepts.
    pub(crate) key: PathBuf,
}

/// The cached original of `release`, made now if there is none yet.
pub(crate) fn original(release: Release) -> Original {
    let made = Command::new(rig("rootfs.sh"))
        .arg(release.name())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("rootfs.sh can be started");
    assert!(made.status.success(), "rootfs.sh could not make {release}");
    let folder = PathBuf::from(String::from_utf8(made.stdout).expect("a path in UTF-8").trim());
    Original { root: folder.join("root"), key: folder.join("key") }
}
