//! Services of PAM, as far as the module and the agent must agree on them.

use std::ops::RangeInclusive;

/// Services whose programs run as root and let people in from outside: whoever logs in
/// is himself who asks. Behind every other service is who started its program.
const LOGINS: [&str; 3] = [SSHD, "login", "remote"];

/// The service of sshd.
pub const SSHD: &str = "sshd";

/// The service of polkit: its helper asks, and another program opens the session.
pub const POLKIT: &str = "polkit-1";

/// What the module takes behind its name in a stack: for how many seconds anybody waits
/// there at most, in the place of [`wait_seconds`].
pub const WAIT_OPTION: &str = "wait=";

/// The bounds of [`WAIT_OPTION`], in seconds.
pub const WAIT_SECONDS: RangeInclusive<u32> = 1..=3_600;

/// How long the module lets anybody wait at most, in seconds, where its line says nothing.
/// `None` where nothing hurries: as long as the question stays open.
///
/// sshd gives a login 120 s (`LoginGraceTime`, sshd_config(5)) and login(1) 60 s
/// (`LOGIN_TIMEOUT`, login.defs(5)), the person's own typing included.
#[must_use]
pub fn wait_seconds(service: &str) -> Option<u32> {
    match service {
        SSHD => Some(60),
        service if is_login(service) => Some(45),
        _ => None,
    }
}

/// Whether people come in from outside through a service.
#[must_use]
pub fn is_login(service: &str) -> bool {
    LOGINS.contains(&service)
}
