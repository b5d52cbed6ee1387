//! Services of PAM, as far as the module and the agent must agree on them.

/// Services whose programs run as root and let people in from outside: whoever logs in
/// is himself who asks. Behind every other service is who started its program.
const LOGINS: [&str; 3] = ["sshd", "login", "remote"];

/// The service of polkit: its helper asks, and another program opens the session.
pub const POLKIT: &str = "polkit-1";

/// Whether people come in from outside through a service.
#[must_use]
pub fn is_login(service: &str) -> bool {
    LOGINS.contains(&service)
}
