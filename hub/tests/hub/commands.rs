//! The program itself: its verbs, and that it serves until it is told to end.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::json;
use tempfile::TempDir;
use writ_signed::{ApproverKey, HostKey};

use crate::encrypted::{CERTIFICATE, KEY};
use crate::rig::Http;

struct Program {
    folder: TempDir,
    config: PathBuf,
}

impl Program {
    fn new(listen: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("hub.toml");
        let database = folder.path().join("hub.db");
        let text = format!(
            "url = \"http://localhost:4711\"\nlisten = \"{listen}\"\ndatabase = \"sqlite://{}\"\n",
            database.display()
        );
        std::fs::write(&config, text).unwrap();
        Self { folder, config }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_writ-hub"));
        command.arg("--config").arg(&self.config);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command().args(args).output().unwrap()
    }

    #[track_caller]
    fn prints(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn refuses(&self, args: &[&str], words: &str) {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{args:?}");
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn people_are_added_listed_and_removed() {
    let program = Program::new("127.0.0.1:0");
    let key = HostKey::from_seed(&[7; 32]).public().line();
    let line = program.prints(&["people", "add", "bob", "--ssh-key", &format!("{key} bob@laptop")]);
    assert_eq!(program.prints(&["people", "lines", "bob"]), line);
    line.trim().parse::<ApproverKey>().unwrap();
    assert_eq!(program.prints(&["people", "list"]), "bob 1 keys\n");
    let link = program.prints(&["people", "invite", "bob"]);
    assert!(link.starts_with("http://localhost:4711/#/enrol/"), "{link}");
    program.refuses(&["people", "add", "carol", "--ssh-key", &key], "somebody's already");
    program.refuses(&["people", "add", "../x"], "no approver's name");
    program.refuses(&["people", "add", "dave", "--ssh-key", "ssh-rsa AAAA"], "--ssh-key");
    program.refuses(&["people", "invite", "nobody"], "people add nobody");
    program.prints(&["people", "remove-key", "bob", line.trim()]);
    program.refuses(&["people", "remove-key", "bob", line.trim()], "no such key");
    program.prints(&["people", "remove", "bob"]);
    program.refuses(&["people", "remove", "bob"], "no approver");
    let audit = program.prints(&["audit"]);
    for event in ["person.added", "key.added", "person.invited", "key.removed", "person.removed"] {
        assert!(audit.contains(event), "{audit}");
    }
}

#[test]
fn an_approver_is_limited_to_hosts_and_let_see_all_again() {
    let program = Program::new("127.0.0.1:0");
    let key = HostKey::from_seed(&[7; 32]).public().line();
    let bob = ["people", "add", "bob", "--ssh-key", &key, "--hosts", "web-*", "--hosts", "db-1"];
    program.prints(&bob);
    assert_eq!(program.prints(&["people", "list"]), "bob 1 keys, sees db-1 web-*\n");
    // No link comes of it.
    program.refuses(&["people", "add", "bob", "--hosts", "mail-?"], "in which * may stand");
    assert_eq!(program.prints(&["people", "add", "bob", "--hosts", "mail-*"]), "");
    assert_eq!(program.prints(&["people", "list"]), "bob 1 keys, sees mail-*\n");
    assert_eq!(program.prints(&["people", "add", "bob", "--hosts", "*"]), "");
    assert_eq!(program.prints(&["people", "list"]), "bob 1 keys\n");
    assert!(program.prints(&["audit"]).contains("person.sees"));
}

/// Of no value, and of no certificate.
const OTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
     MC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n\
     -----END PRIVATE KEY-----\n";

const OIDC: &str = "[oidc]\nname = \"Example SSO\"\nissuer = \"https://login.example.com\"\n\
     client_id = \"writ\"\nclient_secret_file = \"/nowhere/oidc.secret\"\n";

#[test]
fn an_approver_s_account_is_named_shown_and_taken_away() {
    let program = Program::new("127.0.0.1:0");
    let bob = ["people", "add", "bob", "--oidc", "bob@example.com"];
    program.refuses(&bob, "no [oidc]");
    program.refuses(&["people", "invite", "bob"], "people add bob");
    let whole = std::fs::read_to_string(&program.config).unwrap();
    std::fs::write(&program.config, format!("{whole}{OIDC}")).unwrap();
    program.refuses(&["people", "add", "bob", "--oidc", "bob"], "is no address");
    // No link: he logs in, and makes his first passkey then. Said again, it changes nothing.
    assert_eq!(program.prints(&bob), "");
    assert_eq!(program.prints(&bob), "");
    let listed = program.prints(&["people", "list"]);
    assert_eq!(listed, "bob 0 keys, bob@example.com at the provider, who has not logged in yet\n");
    program.refuses(&["people", "add", "carol", "--oidc", "bob@example.com"], "somebody else's");
    let key = HostKey::from_seed(&[7; 32]).public().line();
    let both = ["people", "add", "dave", "--oidc", "dave@example.com", "--ssh-key", &key];
    assert!(program.prints(&both).starts_with("ssh-ed25519 "));
    program.prints(&["people", "remove-oidc", "bob"]);
    program.refuses(&["people", "remove-oidc", "bob"], "no account");
    let audit = program.prints(&["audit"]);
    for event in ["account.named", "account.removed"] {
        assert!(audit.contains(event), "{audit}");
    }
    // It says at its start what it cannot read, and when it is asked.
    program.refuses(&["check"], "/nowhere/oidc.secret");
    program.refuses(&["serve"], "/nowhere/oidc.secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_serves_until_it_is_told_to_end() {
    let program = Program::new("127.0.0.1:0");
    let tokens = program.prints(&["token", "web-1", "web-2"]);
    assert_eq!(tokens.lines().count(), 2);
    let mut serving = program.command().arg("serve").stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(serving.stderr.take().unwrap()).lines();
    let said = lines.next().unwrap().unwrap();
    let address = said.rsplit(' ').next().unwrap().parse().unwrap();
    let http = Http::new(address);
    assert_eq!(http.get("/v1/health").await.status, 204);
    let key = HostKey::from_seed(&[1; 32]);
    let token = tokens.lines().next().unwrap().strip_prefix("web-1 ").unwrap();
    let text = format!("http://localhost:4711\n{token}\nweb-1");
    let enrolment = json!({
        "token": token,
        "host": "web-1",
        "key": key.public().line(),
        "signature": key.sign(writ_signed::Namespace::Enroll, text.as_bytes()),
    });
    let enrolled = http.post("/v1/enroll", &enrolment).await;
    assert_eq!(enrolled.status, 201, "{}", enrolled.text);
    assert!(program.prints(&["hosts", "list"]).starts_with("web-1 SHA256:"));
    // A call that waits hears of the end and does not hold it up.
    let host = http.bearer(enrolled.json()["credential"].as_str().unwrap());
    let waiting = tokio::spawn(async move { host.get("/v1/host/answers?wait=50").await.status });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let begun = std::time::Instant::now();
    let pid = rustix::process::Pid::from_child(&serving);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(waiting.await.unwrap(), 200);
    assert!(serving.wait().unwrap().success());
    assert!(begun.elapsed() < crate::rig::WAIT_MAX);
    program.prints(&["hosts", "remove", "web-1"]);
    program.refuses(&["hosts", "remove", "web-1"], "hosts list");
}

#[test]
fn the_files_that_the_configuration_names_are_checked_each_with_its_place() {
    let program = Program::new("127.0.0.1:0");
    let whole = std::fs::read_to_string(&program.config).unwrap();
    let path = |name: &str| program.folder.path().join(name).display().to_string();
    let write = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
    let oidc = OIDC.replace("/nowhere/oidc.secret", &path("oidc.secret"));
    let configured = format!(
        "{whole}[tls]\ncertificate = {:?}\nkey = {:?}\n{oidc}ca_file = {:?}\n\
         [[notify]]\nname = \"desk\"\nkind = \"webhook\"\nurl = \"https://x.example.com\"\n\
         secret_file = {:?}\n",
        path("cert.pem"),
        path("key.pem"),
        path("ca.pem"),
        path("desk.secret"),
    );
    std::fs::write(&program.config, configured).unwrap();
    let certificate = std::fs::read_to_string(CERTIFICATE).unwrap();
    let key = std::fs::read_to_string(KEY).unwrap();
    let (certificate, key) = (&*certificate, &*key);
    // None is there: each is named, with the table that names it and the configuration.
    for (table, name) in
        [("[tls]", "cert.pem"), ("[oidc]", "oidc.secret"), ("[[notify]] \"desk\"", "desk.secret")]
    {
        let line = format!("{}: {table}: {}: ", program.config.display(), path(name));
        program.refuses(&["check"], &line);
    }
    write("cert.pem", certificate);
    write("key.pem", key);
    write("oidc.secret", "secret\n");
    write("ca.pem", certificate);
    write("desk.secret", "secret\n");
    program.prints(&["check"]);
    for (name, bad, good, words) in [
        ("cert.pem", "", certificate, "no certificate"),
        ("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n", certificate, "cert.pem: "),
        ("key.pem", "", key, "key.pem: "),
        // The key of another.
        ("key.pem", OTHER_KEY, key, "cert.pem: "),
        ("oidc.secret", " \n", "secret", "oidc.secret is empty"),
        ("ca.pem", "", certificate, "ca.pem: it holds no certificate"),
        ("desk.secret", "", "secret", "desk.secret: a secret has"),
    ] {
        write(name, bad);
        program.refuses(&["check"], words);
        // What check refuses, a start refuses.
        program.refuses(&["serve"], words);
        write(name, good);
        program.prints(&["check"]);
    }
    std::fs::remove_file(path("ca.pem")).unwrap();
    program.refuses(&["check"], &format!("[oidc]: {}: ", path("ca.pem")));
}

#[test]
fn a_configuration_that_cannot_be_used_is_refused_with_its_place() {
    let program = Program::new("127.0.0.1:0");
    program.prints(&["check"]);
    let whole = std::fs::read_to_string(&program.config).unwrap();
    for (line, words) in [
        ("liste = 1", "unknown field `liste`"),
        ("session = \"soon\"", "no span"),
        ("session = \"400d\"", "30 days"),
        ("[tls]\ncertificate = \"/x\"", "missing field `key`"),
        (
            "[[notify]]\nname = \"x\"\nkind = \"webhook\"\nurl = \"https://x.example.com\"",
            "secret_file",
        ),
    ] {
        std::fs::write(&program.config, format!("{whole}{line}\n")).unwrap();
        program.refuses(&["check"], words);
    }
    for (from, to, words) in [
        ("https://login", "http://login", "https://"),
        ("https://login", "login", "no address"),
        ("example.com", "example.com/?tenant=x", "query"),
        ("https://login", "https://user@login", "user"),
        ("\"writ\"", "\"\"", "client_id"),
        ("\"Example SSO\"", "\"\"", "1 to 40"),
        ("client_id", "claim = \"nickname\"\nclient_id", "preferred_username"),
        ("client_id", "scopes = [\"a b\"]\nclient_id", "one word"),
        ("client_id", "groups = [\"\"]\nclient_id", "not empty"),
        ("client_id", "secret = \"x\"\nclient_id", "unknown field"),
    ] {
        let oidc = OIDC.replacen(from, to, 1);
        assert_ne!(oidc, OIDC);
        std::fs::write(&program.config, format!("{whole}{oidc}")).unwrap();
        program.refuses(&["check"], words);
    }
    let open = whole.replace("127.0.0.1:0", "0.0.0.0:0");
    std::fs::write(&program.config, &open).unwrap();
    program.refuses(&["check"], "without TLS");
    std::fs::write(
        &program.config,
        whole.replace("http://localhost:4711", "http://hub.example.com"),
    )
    .unwrap();
    program.refuses(&["check"], "hub.toml");
    std::fs::write(&program.config, whole.replace("sqlite://", "mysql://")).unwrap();
    program.refuses(&["hosts", "list"], "sqlite:///path");
    std::fs::remove_file(&program.config).unwrap();
    program.refuses(&["check"], "docs/hub.md");
    drop(program.folder);
}

#[test]
fn the_example_of_a_configuration_can_be_used_with_what_it_leaves_out_too() {
    let example = include_str!("../../../packaging/hub/hub.toml");
    // Lines that are a comment have a space behind the mark; what is left out has none.
    let whole = example.lines().map(|line| match line.strip_prefix('#') {
        Some(left_out) if !left_out.starts_with(' ') => left_out,
        _ => line,
    });
    let whole = whole.collect::<Vec<_>>().join("\n");
    for text in [example, &whole] {
        let path = std::path::Path::new("hub.toml");
        writ_hub::config::Config::parse(path, text).unwrap();
    }
    assert!(whole.contains("\n[[notify]]\n") && whole.contains("\n[oidc]\n"));
}
