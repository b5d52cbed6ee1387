//! POSIX access control lists, as the kernel stores them
//! (`system.posix_acl_access`; acl(5), Linux `include/uapi/linux/posix_acl_xattr.h`).

use std::collections::BTreeSet;
use std::path::Path;

use rustix::fs::getxattr;

/// The version that the kernel writes.
const VERSION: u32 = 2;
/// The longest list that is read, in bytes: 8 an entry.
const LIST_BYTES_MAX: usize = 4 + 8 * 4096;

const USER: u16 = 0x02;
const GROUP_OBJECT: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHER: u16 = 0x20;
const WRITE: u16 = 0x02;

/// A list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acl {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    tag: u16,
    permissions: u16,
    id: u32,
}

/// The list of a file, if it has one that says more than its mode. One that
/// cannot be read counts as one that lets everybody write.
#[must_use]
pub(crate) fn of(path: &Path) -> Option<Acl> {
    let mut bytes = vec![0; LIST_BYTES_MAX];
    match getxattr(path, "system.posix_acl_access", &mut bytes) {
        Ok(length) => {
            Some(parse(bytes.get(..length).unwrap_or_default()).unwrap_or_else(everybody))
        }
        Err(rustix::io::Errno::NODATA | rustix::io::Errno::OPNOTSUPP) => None,
        Err(_) => Some(everybody()),
    }
}

fn everybody() -> Acl {
    Acl { entries: vec![Entry { tag: OTHER, permissions: WRITE, id: 0 }] }
}

fn parse(bytes: &[u8]) -> Option<Acl> {
    let (version, list) = bytes.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*version) != VERSION || list.len() % 8 != 0 {
        return None;
    }
    let entry = |bytes: &[u8]| {
        let (tag, rest) = bytes.split_first_chunk::<2>()?;
        let (permissions, rest) = rest.split_first_chunk::<2>()?;
        let (id, _) = rest.split_first_chunk::<4>()?;
        Some(Entry {
            tag: u16::from_le_bytes(*tag),
            permissions: u16::from_le_bytes(*permissions),
            id: u32::from_le_bytes(*id),
        })
    };
    Some(Acl { entries: list.chunks_exact(8).map(entry).collect::<Option<_>>()? })
}

impl Acl {
    /// Whether somebody other than the owner may write (acl(5), "access check
    /// algorithm").
    #[must_use]
    pub(crate) fn lets_write(&self, uid: u32, groups: &BTreeSet<u32>, owning_group: u32) -> bool {
        let with = |tag: u16| self.entries.iter().filter(move |entry| entry.tag == tag);
        let mask = with(MASK).next().is_none_or(|entry| entry.permissions & WRITE != 0);
        if let Some(entry) = with(USER).find(|entry| entry.id == uid) {
            return mask && entry.permissions & WRITE != 0;
        }
        let owning = with(GROUP_OBJECT).filter(|_| groups.contains(&owning_group));
        let named = with(GROUP).filter(|entry| groups.contains(&entry.id));
        let mut of_his_groups = owning.chain(named).peekable();
        if of_his_groups.peek().is_some() {
            return mask && of_his_groups.any(|entry| entry.permissions & WRITE != 0);
        }
        with(OTHER).any(|entry| entry.permissions & WRITE != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(u16, u16, u32)]) -> Acl {
        let mut bytes = VERSION.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(permissions.to_le_bytes());
            bytes.extend(id.to_le_bytes());
        }
        parse(&bytes).unwrap()
    }

    #[test]
    fn a_named_user_may_write_unless_the_mask_forbids() {
        let none = BTreeSet::new();
        let open = list(&[(USER, 6, 1000), (GROUP_OBJECT, 4, 0), (MASK, 6, 0), (OTHER, 4, 0)]);
        assert!(open.lets_write(1000, &none, 0));
        assert!(!open.lets_write(1001, &none, 0));
        let masked = list(&[(USER, 6, 1000), (GROUP_OBJECT, 4, 0), (MASK, 4, 0), (OTHER, 4, 0)]);
        assert!(!masked.lets_write(1000, &none, 0));
    }

    #[test]
    fn a_named_group_may_write() {
        let groups = BTreeSet::from([50]);
        let acl = list(&[(GROUP_OBJECT, 4, 0), (GROUP, 6, 50), (MASK, 6, 0), (OTHER, 0, 0)]);
        assert!(acl.lets_write(1000, &groups, 0));
        assert!(!acl.lets_write(1000, &BTreeSet::from([51]), 0));
    }

    #[test]
    fn nonsense_is_no_list() {
        assert_eq!(parse(&[1, 0, 0, 0]), None);
        assert_eq!(parse(&[2, 0, 0, 0, 1]), None);
    }
}
