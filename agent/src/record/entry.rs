//! An event as fields, and as one line.

use writ_engine::Subject;
use writ_engine::facts::{Account, Act, Action, Aim, Command, Ending, Person, Window};
use writ_engine::hinges::Standing;
use writ_engine::policy::Seats;
use writ_engine::record::{By, Record, SessionEnd, StoppedProcess, What};
use writ_protocol::text::{encode, shown, shown_command};

/// The longest value in a line, in bytes. The whole value is in the ledger; a
/// line that a collector would cut is cut here, where it can say so.
const LINE_VALUE_BYTES_MAX: usize = 2048;

/// One field of the journal; `name` is public and stable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// Such as `WRIT_USER`.
    pub name: &'static str,
    /// Its value, with nothing in it that acts.
    pub value: String,
}

/// An event, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The event's name, such as `request.opened`.
    pub event: &'static str,
    /// syslog(3) priority.
    pub priority: u8,
    /// Its fields, in their fixed order.
    pub fields: Vec<Field>,
}

impl Entry {
    /// The entry of a record; `story` is what it is about, if it is about a request.
    #[must_use]
    pub(crate) fn new(record: &Record, story: Option<&Subject<'_>>) -> Self {
        let mut fields = Fields::default();
        fields.put("WRIT_EVENT", record.what.name());
        if let Some(id) = record.id {
            fields.put("WRIT_ID", &id.to_string());
        }
        match &record.what {
            What::RequestOpened(opened) => {
                fields.story(story);
                fields.put("WRIT_ASKED", &opened.asked.join(","));
                fields.seats(&opened.all_of);
                fields.put("WRIT_FOR", &seconds(opened.lasts.0));
                if let Some(grant) = opened.extends {
                    fields.put("WRIT_EXTENDS", &grant.to_string());
                }
                fields.put_digest(Some(&opened.digest));
            }
            What::DecisionMade(made) => {
                fields.story(story);
                fields.put_name("WRIT_DECISION", &made.outcome);
                fields.put_name("WRIT_FORCE", &made.force);
                fields.by(&made.by);
                fields.optional("WRIT_IN_PLACE_OF", made.in_place_of.as_deref());
                if let Some(passed) = &made.without_agent {
                    fields.put("WRIT_WITHOUT_AGENT_MS", &passed.at.0.to_string());
                }
                if made.self_approval {
                    fields.put("WRIT_SELF", "yes");
                }
                if made.proved {
                    fields.put("WRIT_PROVED", "yes");
                }
                if let Some(signed) = &made.signed {
                    fields.put("WRIT_KEY", &signed.fingerprint.to_string());
                }
                fields.free("WRIT_COMMENT", made.comment.as_deref());
                if let Some(lasts) = made.lasts {
                    fields.put("WRIT_FOR", &seconds(lasts.0));
                }
                fields.put_digest(made.digest.as_deref().or(digest_of(story)));
            }
            what => {
                fields.story(story);
                fields.rest(what);
                fields.put_digest(digest_of(story));
            }
        }
        Self { event: record.what.name(), priority: priority(&record.what), fields: fields.0 }
    }

    /// The line: `key="value"` pairs, a backslash before each quotation mark.
    #[must_use]
    pub(crate) fn line(&self) -> String {
        let mut line = String::new();
        for field in &self.fields {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(field.name);
            line.push_str("=\"");
            line.push_str(&cut(&field.value).replace('"', "\\\""));
            line.push('"');
        }
        line
    }
}

fn digest_of<'a>(story: Option<&Subject<'a>>) -> Option<&'a str> {
    story.and_then(|story| story.digest)
}

fn priority(what: &What) -> u8 {
    const ALERT: u8 = 1;
    const WARNING: u8 = 4;
    const NOTICE: u8 = 5;
    const ERROR: u8 = 3;
    match what {
        What::BreakGlassUsed(_) => ALERT,
        What::DoorChanged(change) => match change.hinge.standing {
            Standing::Broken => ERROR,
            Standing::Off => WARNING,
            Standing::On => NOTICE,
        },
        What::PolicyRefused { .. } | What::LedgerAcknowledged { .. } => ERROR,
        What::RequestDenied { .. } | What::AnswerRefused(_) => WARNING,
        What::DecisionMade(made) if made.without_agent.is_some() => WARNING,
        _ => NOTICE,
    }
}

fn cut(value: &str) -> String {
    if value.len() <= LINE_VALUE_BYTES_MAX {
        return value.to_owned();
    }
    let end =
        (0..=LINE_VALUE_BYTES_MAX).rev().find(|end| value.is_char_boundary(*end)).unwrap_or(0);
    let rest = value.len() - end;
    format!("{}… ({rest} bytes more are in the ledger)", value.get(..end).unwrap_or_default())
}

/// Milliseconds as seconds, for people.
fn seconds(ms: u64) -> String {
    format!("{}s", ms / 1000)
}

#[derive(Default)]
struct Fields(Vec<Field>);

impl Fields {
    fn put(&mut self, name: &'static str, value: &str) {
        self.0.push(Field { name, value: shown(value) });
    }

    /// Puts what is told of in the place of what it belongs to; `value` is shown as it is.
    fn replace(&mut self, name: &'static str, value: String) {
        match self.0.iter_mut().find(|field| field.name == name) {
            Some(field) => field.value = value,
            None => self.0.push(Field { name, value }),
        }
    }

    /// A value that serde names, such as an outcome.
    fn put_name(&mut self, name: &'static str, value: &impl serde::Serialize) {
        if let Ok(serde_json::Value::String(value)) = serde_json::to_value(value) {
            self.put(name, &value);
        }
    }

    /// What a person typed: its backslashes are doubled first, so that the line
    /// can be taken apart again.
    fn free(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(name, &encode(value.as_bytes()));
        }
    }

    fn put_digest(&mut self, digest: Option<&str>) {
        if let Some(digest) = digest {
            self.put("WRIT_DIGEST", digest);
        }
    }

    fn story(&mut self, story: Option<&Subject<'_>>) {
        if let Some(story) = story {
            self.about(story);
        }
    }

    fn about(&mut self, story: &Subject<'_>) {
        let Subject { requester, act, source, reason, ticket, .. } = story;
        self.account("WRIT_USER", "WRIT_UID", &requester.account);
        if let Some(login) = &requester.login {
            self.put("WRIT_LOGIN_UID", &login.uid.0.to_string());
        }
        self.put_name("WRIT_DOOR", &act.door);
        self.optional("WRIT_ROLE", source.role.as_deref());
        self.optional("WRIT_RULE", source.rule.as_deref());
        self.optional("WRIT_DOUBT", source.doubt.as_deref());
        self.0.push(Field { name: "WRIT_COMMAND", value: wanted(act) });
        match &act.aim {
            Aim::Command(command) => {
                self.put("WRIT_CWD", &command.cwd);
                self.put("WRIT_RUN_AS", &command.run_as.user);
            }
            Aim::Session(session) => {
                self.put("WRIT_SERVICE", &session.service);
                self.put("WRIT_RUN_AS", &session.run_as.user);
            }
            Aim::Window(window) => {
                self.put("WRIT_RUN_AS", &requester.account.name);
                self.lent(window);
            }
        }
        self.optional("WRIT_TTY", act.tty.as_deref());
        self.optional("WRIT_SOURCE_IP", act.source_ip.as_deref());
        self.free("WRIT_REASON", *reason);
        self.free("WRIT_TICKET", *ticket);
    }

    /// What a window lends.
    fn lent(&mut self, window: &Window) {
        let groups: Vec<&str> = window.groups.keys().map(String::as_str).collect();
        if !groups.is_empty() {
            self.put("WRIT_GROUPS", &groups.join(","));
        }
        let actions: Vec<&str> = window.actions.keys().map(String::as_str).collect();
        if !actions.is_empty() {
            self.put("WRIT_ACTIONS", &actions.join(","));
        }
        let capabilities: Vec<&str> = window.capabilities.iter().map(String::as_str).collect();
        if !capabilities.is_empty() {
            self.put("WRIT_CAPABILITIES", &capabilities.join(","));
        }
    }

    /// The seats that must be filled, where several kinds are asked for.
    fn seats(&mut self, all: &[Seats]) {
        let kinds = all.iter().map(|seats| {
            let from: Vec<String> = seats.from.iter().map(ToString::to_string).collect();
            format!("{} of {}", seats.count, from.join(","))
        });
        if !all.is_empty() {
            self.put("WRIT_ALL_OF", &kinds.collect::<Vec<_>>().join("; "));
        }
    }

    fn account(&mut self, name: &'static str, number: &'static str, account: &Account) {
        self.put(name, &account.name);
        self.put(number, &account.uid.0.to_string());
    }

    fn optional(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn by(&mut self, by: &By) {
        self.put("WRIT_BY", by.name());
        if let Some(account) = by.account() {
            self.put("WRIT_BY_UID", &account.uid.0.to_string());
        }
    }

    /// What the records without an act of their own say.
    fn rest(&mut self, what: &What) {
        match what {
            What::RequestEscalated { from } => {
                let from: Vec<String> = from.iter().map(ToString::to_string).collect();
                self.put("WRIT_ASKED", &from.join(","));
            }
            What::RequestCancelled { by } => self.by(&By::Person(by.clone())),
            What::RequestExpired { reason } => self.put_name("WRIT_END_REASON", reason),
            What::RequestDenied { by, comment } => {
                self.by(by);
                self.free("WRIT_COMMENT", comment.as_deref());
            }
            What::GrantStarted { lasts, .. } => self.put("WRIT_FOR", &seconds(lasts.0)),
            What::GrantExtended { request, lasts } => {
                self.put("WRIT_FOR", &seconds(lasts.0));
                self.put("WRIT_REQUEST", &request.to_string());
            }
            What::GrantEnded { reason, by, comment } => {
                self.put_name("WRIT_END_REASON", reason);
                self.by(by);
                self.free("WRIT_COMMENT", comment.as_deref());
            }
            What::SubcommandStarted { command, missed, .. } => {
                self.replace("WRIT_COMMAND", command_line(command));
                self.replace("WRIT_CWD", shown(&command.cwd));
                self.replace("WRIT_RUN_AS", shown(&command.run_as.user));
                if *missed > 0 {
                    self.put("WRIT_MISSED", &missed.to_string());
                }
            }
            What::CommandFinished { ending, runtime, .. } => {
                self.ending(*ending);
                if let Some(runtime) = runtime {
                    self.put("WRIT_RUNTIME_MS", &runtime.0.to_string());
                }
            }
            What::SessionEnded(end) => self.session_end(end),
            What::PolicyLoaded { digest, force } => {
                self.put("WRIT_POLICY_DIGEST", digest);
                self.put_name("WRIT_FORCE", force);
            }
            What::PolicyRefused { message } => self.free("WRIT_COMMENT", Some(message)),
            What::AgentStarted { version, torn_bytes, .. } => {
                self.put("WRIT_VERSION", version);
                if let Some(torn) = torn_bytes {
                    self.put("WRIT_TORN_BYTES", &torn.to_string());
                }
            }
            What::BreakGlassUsed(used) => {
                if let Some(passed) = &used.without_agent {
                    self.put("WRIT_WITHOUT_AGENT_MS", &passed.at.0.to_string());
                }
            }
            What::BreakGlassReviewed { by, comment } => {
                self.by(&By::Person(by.clone()));
                self.free("WRIT_COMMENT", comment.as_deref());
            }
            What::DoorChanged(change) => {
                self.put("WRIT_CHANGED_DOOR", &change.door);
                self.put_name("WRIT_STANDING", &change.hinge.standing);
                self.put_name("WRIT_STOOD", &change.was);
                self.optional("WRIT_FAULT", change.hinge.fault.as_deref());
                self.optional("WRIT_MODULE_SHA256", change.hinge.sha256.as_deref());
            }
            What::AnswerRefused(refused) => {
                self.by(&By::Person(refused.by.clone()));
                self.optional("WRIT_APPROVER", refused.approver.as_deref());
                if let Some(fingerprint) = &refused.fingerprint {
                    self.put("WRIT_KEY", &fingerprint.to_string());
                }
                self.put("WRIT_COMMENT", &refused.why);
                self.put("WRIT_MORE", &refused.more.to_string());
            }
            What::LedgerAcknowledged { by, comment, what } => {
                self.by(&By::Person(by.clone()));
                self.free("WRIT_COMMENT", Some(comment));
                self.free("WRIT_BREAK", Some(what));
            }
            What::AgentStopped
            | What::RequestOpened(_)
            | What::DecisionMade(_)
            | What::RequestJoined { .. }
            | What::CommandStarted { .. } => {}
        }
    }

    /// What was stopped, and how many that were.
    fn session_end(&mut self, end: &SessionEnd) {
        if !self.0.iter().any(|field| field.name == "WRIT_USER") {
            self.account("WRIT_USER", "WRIT_UID", &end.account);
        }
        self.put_name("WRIT_HOW", &end.how);
        let listed = u32::try_from(end.processes.len()).unwrap_or(u32::MAX);
        self.put("WRIT_PROCESS_COUNT", &listed.saturating_add(end.more).to_string());
        let named = |process: &StoppedProcess| format!("{}[{}]", process.name, process.pid);
        let processes: Vec<String> = end.processes.iter().map(named).collect();
        self.free("WRIT_PROCESSES", Some(&processes.join(" ")));
    }

    /// An exit status as it is; a signal as a shell has it, 128 and its number.
    fn ending(&mut self, ending: Ending) {
        match ending {
            Ending::ExitStatus(status) => self.put("WRIT_EXIT_STATUS", &status.to_string()),
            Ending::Signal(signal) => {
                self.put("WRIT_EXIT_STATUS", &signal.saturating_add(128).to_string());
                self.put("WRIT_SIGNAL", &signal.to_string());
            }
            Ending::ExecErrno(errno) => self.put("WRIT_EXEC_ERRNO", &errno.to_string()),
            Ending::Unknown => self.put("WRIT_EXIT_STATUS", "unknown"),
        }
    }
}

/// What is wanted: the command as a person would have to type it; or, in brackets as
/// no command is, the role as a whole or the session, with what was typed for it.
#[must_use]
pub(crate) fn wanted(act: &Act) -> String {
    match &act.aim {
        Aim::Command(command) => command_line(command),
        Aim::Session(session) if session.typed.is_empty() => {
            format!("(session {})", shown(&session.service))
        }
        Aim::Session(session) => {
            let typed = shown_command(session.typed.iter().map(String::as_str));
            format!("(session {}) {typed}", shown(&session.service))
        }
        Aim::Window(window) => format!("(role {})", shown(&window.role)),
    }
}

/// Whom it runs as; a window is for the requester himself.
#[must_use]
pub(crate) fn run_as<'a>(act: &'a Act, requester: &'a Person) -> &'a str {
    act.aim.run_as().map_or(&requester.account.name, |run_as| &run_as.user)
}

fn command_line(command: &Command) -> String {
    let (first, rest) = match command.action {
        Action::Run => (command.path.as_str(), command.argv.get(1..).unwrap_or_default()),
        Action::Edit => ("sudoedit", command.argv.as_slice()),
    };
    shown_command(std::iter::once(first).chain(rest.iter().map(String::as_str)))
}
