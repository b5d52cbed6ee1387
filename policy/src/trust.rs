//! Whose a policy must be before it is believed.

use rustix::fs::{FileType, Stat};

/// Write permission of the group and of others (`inode(7)`). With an access
/// control list, the group's bit is its mask, so that it counts too (`acl(5)`).
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Who may have written the files and the folders that they lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Nobody but this user: they are his, and neither the group nor others may
    /// write them. An agent reads with the user 0.
    OwnedBy(u32),
    /// Anybody: for looking at a checkout that no agent goes by.
    Anybody,
}

/// What a thing in the file system should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
}

/// Why it is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Distrust {
    #[error("this is not a regular file")]
    NotAFile,
    #[error("this is not a folder")]
    NotAFolder,
    #[error("this belongs to the user {owner}, not to {wanted}")]
    Owner { owner: u32, wanted: u32 },
    #[error("its group or others may write this (mode {mode:04o})")]
    Writable { mode: u32 },
}

impl Trust {
    /// Judges what fstat(2) says of an open descriptor.
    pub(crate) fn judge(self, stat: &Stat, kind: Kind) -> Result<(), Distrust> {
        match (FileType::from_raw_mode(stat.st_mode), kind) {
            (FileType::RegularFile, Kind::File) | (FileType::Directory, Kind::Folder) => {}
            (_, Kind::File) => return Err(Distrust::NotAFile),
            (_, Kind::Folder) => return Err(Distrust::NotAFolder),
        }
        let Self::OwnedBy(wanted) = self else {
            return Ok(());
        };
        if stat.st_uid != wanted {
            return Err(Distrust::Owner { owner: stat.st_uid, wanted });
        }
        if stat.st_mode & WRITABLE_BY_OTHERS != 0 {
            return Err(Distrust::Writable { mode: stat.st_mode & 0o7777 });
        }
        Ok(())
    }
}

impl Distrust {
    /// What to do about it, for that path.
    pub(crate) fn help(&self, path: &str) -> Option<String> {
        match self {
            Self::Owner { wanted, .. } => Some(format!("run `chown {wanted} {path}`")),
            Self::Writable { .. } => Some(format!("run `chmod go-w {path}`")),
            Self::NotAFile | Self::NotAFolder => {
                Some("put the thing itself here, not a link or a device".into())
            }
        }
    }
}
