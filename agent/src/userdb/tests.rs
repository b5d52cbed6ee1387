use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::interface::SERVICE;
use super::*;

/// How long a test waits for what must come.
const LIMIT: Duration = Duration::from_secs(20);

/// No process has this number, so that this one is a stranger to the server.
const NO_PROCESS: i32 = -1;

/// Patience that is at its end when a test wants it to be.
const SHORT: Patience = Patience {
    idle: Duration::from_millis(30),
    frame: Duration::from_millis(30),
    send: Duration::from_millis(30),
};

fn started(patience: Patience) -> (TempDir, UserDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let database = UserDatabase::start_with(folder.path(), NO_PROCESS, patience).unwrap();
    (folder, database)
}

fn lent(pairs: &[(&str, &str)]) -> BTreeSet<Lent> {
    let one = |(user, group): &(&str, &str)| Lent {
        user: (*user).to_owned(),
        group: (*group).to_owned(),
        gid: 4,
        until: writ_engine::time::BootTime(u64::MAX),
    };
    pairs.iter().map(one).collect()
}

fn socket(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join(SERVICE)
}

fn connect(folder: &TempDir) -> UnixStream {
    let stream = UnixStream::connect(socket(folder)).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

fn call_for(user: &str) -> Vec<u8> {
    let call = json!({
        "method": "io.systemd.UserDatabase.GetMemberships",
        "parameters": {"userName": user, "service": SERVICE},
        "more": true,
    });
    let mut frame = call.to_string().into_bytes();
    frame.push(0);
    frame
}

fn frame(stream: &mut UnixStream) -> Value {
    let mut frame = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        if byte == [0] {
            return serde_json::from_slice(&frame).unwrap();
        }
        frame.extend(byte);
    }
}

/// The groups of a user, or the error.
fn groups_of(stream: &mut UnixStream, user: &str) -> Vec<String> {
    stream.write_all(&call_for(user)).unwrap();
    let mut groups = Vec::new();
    loop {
        let reply = frame(stream);
        match reply["error"].as_str() {
            Some(error) => groups.push(error.to_owned()),
            None => groups.push(reply["parameters"]["groupName"].as_str().unwrap().to_owned()),
        }
        if reply["continues"] != true {
            return groups;
        }
    }
}

const NO_RECORD: &str = "io.systemd.UserDatabase.NoRecordFound";

/// Waits until the server has closed.
fn closed(stream: &mut UnixStream) {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}"),
    }
}

#[test]
fn the_socket_is_there_for_everybody_only_while_something_is_lent() {
    let (folder, database) = started(Patience::USUAL);
    let there = || folder.path().read_dir().unwrap().count();
    assert_eq!(there(), 0);
    database.publish(lent(&[("alice", "adm")])).unwrap();
    let mode = std::fs::metadata(socket(&folder)).unwrap().permissions().mode();
    assert_eq!((there(), mode & 0o777, database.lends()), (1, 0o666, true));
    let mut held = connect(&folder);
    assert_eq!(groups_of(&mut held, "alice"), ["adm"]);
    database.publish(BTreeSet::new()).unwrap();
    assert_eq!((there(), database.lends()), (0, false));
    assert_eq!(groups_of(&mut held, "alice"), [NO_RECORD], "a connection that was held");
    database.publish(lent(&[("alice", "shadow")])).unwrap();
    assert_eq!(groups_of(&mut connect(&folder), "alice"), ["shadow"]);
    drop(database);
    assert_eq!(there(), 0, "an agent that stops in order leaves nothing");
}

#[test]
fn what_a_dead_agent_left_behind_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    for name in [SERVICE.to_owned(), format!(".{SERVICE}")] {
        drop(std::os::unix::net::UnixListener::bind(folder.path().join(name)).unwrap());
    }
    let _database = UserDatabase::start(folder.path()).unwrap();
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn every_look_up_after_publishing_sees_what_was_published() {
    let (folder, database) = started(Patience::USUAL);
    let (one, other) = (lent(&[("alice", "adm")]), lent(&[("alice", "shadow")]));
    database.publish(one.clone()).unwrap();
    let mut held = connect(&folder);
    for _ in 0..300 {
        database.publish(other.clone()).unwrap();
        assert_eq!(groups_of(&mut connect(&folder), "alice"), ["shadow"]);
        assert_eq!(groups_of(&mut held, "alice"), ["shadow"]);
        database.publish(BTreeSet::new()).unwrap();
        assert_eq!(groups_of(&mut held, "alice"), [NO_RECORD]);
        database.publish(one.clone()).unwrap();
        assert_eq!(groups_of(&mut connect(&folder), "alice"), ["adm"]);
    }
}

#[test]
fn the_process_that_lends_is_told_that_nothing_is_lent() {
    let folder = tempfile::tempdir().unwrap();
    let database = UserDatabase::start(folder.path()).unwrap();
    database.publish(lent(&[("alice", "adm")])).unwrap();
    assert_eq!(groups_of(&mut connect(&folder), "alice"), [NO_RECORD]);
}

#[test]
fn garbage_ends_its_own_connection_and_is_counted() {
    let (folder, database) = started(Patience::USUAL);
    database.publish(lent(&[("alice", "adm")])).unwrap();
    let mut held = connect(&folder);
    for (garbage, count) in [(&b"GET / HTTP/1.1\r\n\0"[..], 1), (&[b'{'; 5000], 2), (b"\0", 3)] {
        let mut stream = connect(&folder);
        // The server may be done with it before all of it is written.
        let _ = stream.write_all(garbage);
        closed(&mut stream);
        assert_eq!(database.turned_away(), count);
    }
    assert_eq!(groups_of(&mut held, "alice"), ["adm"]);
}

#[test]
fn a_call_that_is_not_finished_and_one_that_is_not_begun_are_not_waited_for() {
    let (folder, database) = started(SHORT);
    database.publish(lent(&[("alice", "adm")])).unwrap();
    closed(&mut connect(&folder));
    let mut half = connect(&folder);
    half.write_all(b"{\"method\"").unwrap();
    closed(&mut half);
    assert_eq!(database.turned_away(), 2);
}

#[test]
fn a_client_that_never_reads_is_closed_and_holds_nobody_up() {
    let (folder, database) =
        started(Patience { send: Duration::from_millis(200), ..Patience::USUAL });
    let many: Vec<String> = (0..3000).map(|number| format!("group{number}")).collect();
    let mut pairs: Vec<(&str, &str)> = many.iter().map(|group| ("alice", group.as_str())).collect();
    pairs.push(("bob", "adm"));
    database.publish(lent(&pairs)).unwrap();
    let mut deaf = connect(&folder);
    let began = Instant::now();
    while deaf.write_all(&call_for("alice")).is_ok() {
        assert_eq!(groups_of(&mut connect(&folder), "bob"), ["adm"]);
        assert!(began.elapsed() < LIMIT, "it is still open");
    }
    assert_eq!(database.turned_away(), 1);
}

#[test]
fn calls_in_one_piece_are_answered_in_order() {
    let (folder, database) = started(Patience::USUAL);
    let users: Vec<String> = (0..100).map(|number| format!("user{number}")).collect();
    let pairs: Vec<(&str, &str)> = users.iter().map(|user| (user.as_str(), "adm")).collect();
    database.publish(lent(&pairs)).unwrap();
    let mut stream = connect(&folder);
    let calls: Vec<u8> = users.iter().flat_map(|user| call_for(user)).collect();
    let mut writing = stream.try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || writing.write_all(&calls).unwrap());
        for user in &users {
            assert_eq!(frame(&mut stream)["parameters"]["userName"], user.as_str());
        }
    });
}

#[test]
fn a_folder_that_is_not_there_is_told_and_nothing_is_lent() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let database = UserDatabase::start(&nowhere).unwrap();
    let error = database.publish(lent(&[("alice", "adm")])).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert!(!database.lends());
}

#[tokio::test]
async fn the_thread_answers_whether_it_lends_or_rests() {
    let (_folder, database) = started(Patience::USUAL);
    database.desk.answered().await;
    database.publish(lent(&[("alice", "adm")])).unwrap();
    database.desk.answered().await;
    database.desk.answered().await;
}
