//! The capabilities of Linux (capabilities(7)).

use std::fmt;

/// A capability of Linux.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capability {
    number: u8,
    name: &'static str,
    power: Option<&'static str>,
}

impl Capability {
    /// The capability of that name, in any case, with or without `CAP_`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let full = if upper.starts_with("CAP_") { upper } else { format!("CAP_{upper}") };
        TABLE.iter().copied().find(|capability| capability.name == full)
    }

    /// Its number in the kernel, `linux/capability.h`.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.number
    }

    /// Its name, such as `CAP_NET_RAW`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What whoever holds it can do to become root, or another person, where
    /// holding it comes to that.
    #[must_use]
    pub const fn root_power(self) -> Option<&'static str> {
        self.power
    }

    /// Every name.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|capability| capability.name)
    }
}

impl fmt::Debug for Capability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

const fn harmless(number: u8, name: &'static str) -> Capability {
    Capability { number, name, power: None }
}

const fn rootly(number: u8, name: &'static str, power: &'static str) -> Capability {
    Capability { number, name, power: Some(power) }
}

/// Linux 6.12; none was added since 5.9.
static TABLE: [Capability; 41] = [
    rootly(0, "CAP_CHOWN", "makes any file its own"),
    rootly(1, "CAP_DAC_OVERRIDE", "writes every file"),
    rootly(2, "CAP_DAC_READ_SEARCH", "reads every file, passwords and keys included"),
    rootly(3, "CAP_FOWNER", "changes the mode of every file"),
    harmless(4, "CAP_FSETID"),
    harmless(5, "CAP_KILL"),
    rootly(6, "CAP_SETGID", "takes any group"),
    rootly(7, "CAP_SETUID", "becomes any user"),
    rootly(8, "CAP_SETPCAP", "takes further capabilities"),
    harmless(9, "CAP_LINUX_IMMUTABLE"),
    harmless(10, "CAP_NET_BIND_SERVICE"),
    harmless(11, "CAP_NET_BROADCAST"),
    harmless(12, "CAP_NET_ADMIN"),
    harmless(13, "CAP_NET_RAW"),
    harmless(14, "CAP_IPC_LOCK"),
    harmless(15, "CAP_IPC_OWNER"),
    rootly(16, "CAP_SYS_MODULE", "loads code into the kernel"),
    rootly(17, "CAP_SYS_RAWIO", "reaches memory and disks directly"),
    rootly(18, "CAP_SYS_CHROOT", "runs set-user-ID programs on files of its own making"),
    rootly(19, "CAP_SYS_PTRACE", "takes over any process"),
    harmless(20, "CAP_SYS_PACCT"),
    rootly(21, "CAP_SYS_ADMIN", "mounts, traces and does most of what root can do"),
    rootly(22, "CAP_SYS_BOOT", "starts another kernel"),
    harmless(23, "CAP_SYS_NICE"),
    harmless(24, "CAP_SYS_RESOURCE"),
    harmless(25, "CAP_SYS_TIME"),
    rootly(26, "CAP_SYS_TTY_CONFIG", "types into other people's consoles"),
    rootly(27, "CAP_MKNOD", "makes itself a device file of any disk"),
    harmless(28, "CAP_LEASE"),
    harmless(29, "CAP_AUDIT_WRITE"),
    rootly(30, "CAP_AUDIT_CONTROL", "changes the login identity that decisions go by"),
    rootly(31, "CAP_SETFCAP", "gives a program of its own any capability"),
    rootly(32, "CAP_MAC_OVERRIDE", "passes by the security module"),
    rootly(33, "CAP_MAC_ADMIN", "changes the rules of the security module"),
    harmless(34, "CAP_SYSLOG"),
    harmless(35, "CAP_WAKE_ALARM"),
    harmless(36, "CAP_BLOCK_SUSPEND"),
    harmless(37, "CAP_AUDIT_READ"),
    rootly(38, "CAP_PERFMON", "reads the memory of the kernel and of other processes"),
    rootly(39, "CAP_BPF", "loads programs into the kernel"),
    rootly(40, "CAP_CHECKPOINT_RESTORE", "writes into the processes of others"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_at_its_number() {
        for (position, capability) in TABLE.iter().enumerate() {
            assert_eq!(usize::from(capability.number), position);
            assert_eq!(Capability::named(capability.name), Some(*capability));
        }
    }

    #[test]
    fn case_and_prefix_do_not_matter() {
        for name in ["CAP_NET_RAW", "cap_net_raw", "NET_RAW", "Net_Raw"] {
            assert_eq!(Capability::named(name).map(Capability::number), Some(13), "{name}");
        }
        assert_eq!(Capability::named("CAP_CAP_NET_RAW"), None);
        assert_eq!(Capability::named(""), None);
        assert_eq!(Capability::named("ALL"), None);
    }
}
