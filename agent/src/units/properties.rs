//! What a unit is to be, as PID 1 takes it (org.freedesktop.systemd1(5), systemd.exec(5),
//! systemd.kill(5)).

use std::os::fd::BorrowedFd;
use std::time::Duration;

use zbus::{Fd, Variant};

/// How late a limit may be.
const LIMIT_ACCURACY: Duration = Duration::from_millis(100);

/// A program that has nothing to do (true(1)).
const NOTHING: &str = "/bin/true";

/// Properties by their names, in the form of `StartTransientUnit`.
pub(super) type Properties<'a> = Vec<(&'static str, Variant<'a>)>;

/// When a unit ends at the latest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// PID 1 ends it after this much time, whether the agent is there or not. It counts
    /// on the clock that stops in suspend.
    pub runtime_max: Duration,
    /// From the signal that tells its processes to end to the one that kills them.
    pub grace: Duration,
}

/// A process that is put into a scope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    /// Its number.
    pub pid: i32,
    /// The process itself (pidfd_open(2)), held so that the number stays its own.
    pub handle: BorrowedFd<'a>,
}

/// A scope around processes that are there already.
#[derive(Debug, Clone)]
pub(crate) struct Scope<'a> {
    /// What people read in `systemctl status`.
    pub description: String,
    /// Its processes; at least one.
    pub members: &'a [Member<'a>],
    /// The slice that it is in, such as `user-1000.slice`.
    pub slice: String,
    /// When it ends.
    pub bounds: Bounds,
}

/// A command of a service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exec<'a> {
    /// The file; absolute.
    pub path: &'a str,
    /// The whole argument vector, passed on as it is.
    pub argv: &'a [String],
}

/// A service that runs a command as a user with some capabilities.
#[derive(Debug, Clone)]
pub(crate) struct Service<'a> {
    /// What people read in `systemctl status`.
    pub description: String,
    /// What runs.
    pub exec: Exec<'a>,
    /// As whom.
    pub uid: u32,
    /// Groups besides those that he has.
    pub groups: &'a [u32],
    /// The capabilities that it has and may have, as bits (capabilities(7)).
    pub capabilities: u64,
    /// Where; absolute.
    pub directory: &'a str,
    /// The mask of the modes of new files (umask(2)).
    pub umask: u32,
    /// `NAME=value`.
    pub environment: &'a [String],
    /// Standard input, output and error. A terminal that is nobody's yet and stands as
    /// the input becomes its own.
    pub stdio: [BorrowedFd<'a>; 3],
    /// The slice that it is in.
    pub slice: String,
    /// From the signal that tells its processes to end to the one that kills them. When
    /// that is, says its [`Limit`].
    pub grace: Duration,
}

/// When a service ends at the latest. It is a unit of its own, because what a service was
/// told of its own end (`RuntimeMaxSec=`) cannot be told otherwise while it runs.
#[derive(Debug, Clone)]
pub(crate) struct Limit<'a> {
    /// What people read in `systemctl list-timers`.
    pub description: String,
    /// The service.
    pub of: &'a str,
    /// PID 1 stops it after this much time, whether the agent is there or not. It counts
    /// on the clock that stops in suspend.
    pub after: Duration,
}

/// A program of Writ's own that root runs for the agent, outside of the agent's box.
#[derive(Debug, Clone)]
pub(crate) struct Errand<'a> {
    /// What people read in `systemctl status`.
    pub description: String,
    /// What runs.
    pub exec: Exec<'a>,
    /// Its standard input, over which it talks with the agent.
    pub stdin: BorrowedFd<'a>,
    /// When it ends.
    pub bounds: Bounds,
}

/// By pidfd, which means this process and no later one (systemd 257).
pub(super) fn of_scope_by_handle<'a>(scope: &'a Scope<'_>) -> Properties<'a> {
    let handles: Vec<Fd<'a>> =
        scope.members.iter().map(|member| Fd::Borrowed(member.handle)).collect();
    let mut properties = of_scope(scope);
    properties.push(("PIDFDs", Variant::new(handles)));
    properties
}

/// By number.
pub(super) fn of_scope_by_number<'a>(scope: &'a Scope<'_>) -> Properties<'a> {
    let numbers: Vec<u32> =
        scope.members.iter().filter_map(|member| u32::try_from(member.pid).ok()).collect();
    let mut properties = of_scope(scope);
    properties.push(("PIDs", Variant::new(numbers)));
    properties
}

fn of_scope<'a>(scope: &'a Scope<'_>) -> Properties<'a> {
    let no_controllers: Vec<&str> = Vec::new();
    let mut properties = vec![
        ("Description", Variant::from(scope.description.as_str())),
        ("Slice", Variant::from(scope.slice.as_str())),
        ("CollectMode", Variant::from("inactive-or-failed")),
        // Further processes can be put into it (systemd 257 asks for this), and no
        // controller is turned on for it.
        ("DelegateControllers", Variant::new(no_controllers)),
    ];
    bounded(&mut properties, scope.bounds);
    properties
}

/// With `exec`, a start that failed is told from a command that did: the job is done
/// once the command was executed. With `RemainAfterExit`, and collected when nobody has
/// failed, its end can be read until it is released.
pub(super) fn of_service<'a>(service: &'a Service<'_>) -> Properties<'a> {
    let Service { exec, stdio: [input, output, error], .. } = service;
    let argv: Vec<&str> = exec.argv.iter().map(String::as_str).collect();
    // PID 1 would put its own variables in the place of "$NAME" and "${NAME}".
    let command = vec![(exec.path, argv, vec!["no-env-expand"])];
    let groups: Vec<String> = service.groups.iter().map(u32::to_string).collect();
    let environment: Vec<&str> = service.environment.iter().map(String::as_str).collect();
    let mut properties = vec![
        ("Description", Variant::from(service.description.as_str())),
        ("Slice", Variant::from(service.slice.as_str())),
        ("Type", Variant::from("exec")),
        ("RemainAfterExit", Variant::from(true)),
        ("CollectMode", Variant::from("inactive")),
        ("ExecStartEx", Variant::new(command)),
        ("User", Variant::from(service.uid.to_string())),
        ("SupplementaryGroups", Variant::new(groups)),
        ("AmbientCapabilities", Variant::from(service.capabilities)),
        ("CapabilityBoundingSet", Variant::from(service.capabilities)),
        ("NoNewPrivileges", Variant::from(true)),
        ("WorkingDirectory", Variant::from(service.directory)),
        ("UMask", Variant::from(service.umask)),
        ("Environment", Variant::new(environment)),
        // A pipe whose reader has left ends who writes, as it does in a shell.
        ("IgnoreSIGPIPE", Variant::from(false)),
        ("StandardInputFileDescriptor", Variant::from(Fd::Borrowed(*input))),
        ("StandardOutputFileDescriptor", Variant::from(Fd::Borrowed(*output))),
        ("StandardErrorFileDescriptor", Variant::from(Fd::Borrowed(*error))),
    ];
    stops(&mut properties, service.grace);
    properties
}

/// A timer (systemd.timer(5)) that is gone once it has elapsed.
pub(super) fn of_limit<'a>(limit: &'a Limit<'_>) -> Properties<'a> {
    vec![
        ("Description", Variant::from(limit.description.as_str())),
        ("TimersMonotonic", Variant::new(vec![("OnActiveSec", microseconds(limit.after))])),
        ("AccuracyUSec", Variant::from(microseconds(LIMIT_ACCURACY))),
        ("RemainAfterElapse", Variant::from(false)),
    ]
}

/// What the timer starts: something that cannot be there at the same time as the service,
/// which PID 1 therefore stops. What it executes has nothing to do.
pub(super) fn of_limit_reached<'a>(limit: &'a Limit<'_>) -> Properties<'a> {
    let command = vec![(NOTHING, vec![NOTHING], false)];
    vec![
        ("Description", Variant::from(limit.description.as_str())),
        ("Type", Variant::from("oneshot")),
        ("CollectMode", Variant::from("inactive-or-failed")),
        ("Conflicts", Variant::new(vec![limit.of])),
        ("ExecStart", Variant::new(command)),
    ]
}

/// With `exec`, as above; when it has ended, nothing of it is left.
pub(super) fn of_errand<'a>(errand: &'a Errand<'_>) -> Properties<'a> {
    let argv: Vec<&str> = errand.exec.argv.iter().map(String::as_str).collect();
    let command = vec![(errand.exec.path, argv, vec!["no-env-expand"])];
    let mut properties = vec![
        ("Description", Variant::from(errand.description.as_str())),
        ("Type", Variant::from("exec")),
        ("CollectMode", Variant::from("inactive-or-failed")),
        ("ExecStartEx", Variant::new(command)),
        ("StandardInputFileDescriptor", Variant::from(Fd::Borrowed(errand.stdin))),
        ("StandardOutput", Variant::from("null")),
        // No image of what it knows is left behind when it crashes.
        ("LimitCORE", Variant::from(0_u64)),
    ];
    bounded(&mut properties, errand.bounds);
    properties
}

fn bounded(properties: &mut Properties<'_>, bounds: Bounds) {
    properties.push(("RuntimeMaxUSec", Variant::from(microseconds(bounds.runtime_max))));
    stops(properties, bounds.grace);
}

/// Whoever ignores being told to end, as shells do, is hung up on too.
fn stops(properties: &mut Properties<'_>, grace: Duration) {
    properties.extend([
        ("TimeoutStopUSec", Variant::from(microseconds(grace))),
        ("KillMode", Variant::from("control-group")),
        ("SendSIGHUP", Variant::from(true)),
    ]);
}

fn microseconds(span: Duration) -> u64 {
    // The greatest means "never" to PID 1, and none is meant.
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX).min(u64::MAX - 1)
}
