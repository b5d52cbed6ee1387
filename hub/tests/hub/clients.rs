//! Clients that are slow, long or many.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::json;
use writ_hub::limits::{
    BODY_BYTES_MAX, BODY_WAIT_MAX, HEAD_WAIT_MAX, STRANGER_BURST, WRITE_WAIT_MAX,
};
use writ_signed::SignedQuestion;
use writ_signed::limits::{QUESTION_BYTES_MAX, SIGNED_QUESTION_BYTES_MAX};

use crate::rig::{Running, WAIT_MAX, question_of};

#[tokio::test]
async fn what_is_too_long_is_not_read_to_its_end() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let path = format!("/v1/host/questions/{}", "0".repeat(64));
    let long = "x".repeat(SIGNED_QUESTION_BYTES_MAX + 1);
    host.http.put_text(&path, &long).await.refuses(413, "too-large", "bytes");
    let long = format!("\"{}\"", "x".repeat(BODY_BYTES_MAX));
    hub.http.post_text("/v1/login/ssh", &long).await.refuses(413, "too-large", "bytes");
    // The longest that a host may ask is taken.
    let text = question_of("web-1", "7K3M-Q2", |it| {
        it.reason = Some("\"".repeat(QUESTION_BYTES_MAX / 2 - 1_000))
    });
    assert!(text.len() > QUESTION_BYTES_MAX - 2_000 && text.len() <= QUESTION_BYTES_MAX);
    host.ask(&text).await;
    let longer =
        question_of("web-1", "7K3M-Q3", |it| it.reason = Some("x".repeat(QUESTION_BYTES_MAX)));
    host.put(&SignedQuestion::sign(&host.key, longer)).await.refuses(400, "malformed", "longer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_come_ends_the_connection() {
    let hub = Running::start().await;
    let address = hub.address;
    let waited = tokio::task::spawn_blocking(move || {
        let mut client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(Some(WAIT_MAX * 2)).unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").unwrap();
        let begun = Instant::now();
        // Nothing, or that it took too long: in either case an end.
        let _ = client.read_to_end(&mut Vec::new());
        begun.elapsed()
    });
    let waited = waited.await.unwrap();
    assert!(waited >= HEAD_WAIT_MAX / 2 && waited < HEAD_WAIT_MAX + WAIT_MAX, "{waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let hub = Running::start().await;
    let address = hub.address;
    let reply = tokio::task::spawn_blocking(move || {
        let mut client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(Some(WAIT_MAX * 2)).unwrap();
        let head = "POST /v1/login/ssh HTTP/1.1\r\nHost: localhost\r\n\
                    Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
        client.write_all(head.as_bytes()).unwrap();
        let begun = Instant::now();
        let mut reply = String::new();
        let _ = client.read_to_string(&mut reply);
        assert!(begun.elapsed() < BODY_WAIT_MAX + WAIT_MAX);
        reply
    });
    let reply = reply.await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 408"), "{reply}");
    assert!(reply.contains("urn:writ:problem:too-slow"), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_gives_its_place_up() {
    /// What they bring is more than the kernel holds on the way (tcp_rmem and tcp_wmem).
    const REQUESTS: usize = 800;
    let hub = Running::start_with("connections_max = 1").await;
    let mut client = TcpStream::connect(hub.address).unwrap();
    let request = "GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.write_all(request.repeat(REQUESTS).as_bytes()).unwrap();
    // It is in, and has the one place there is.
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 1);
    let begun = Instant::now();
    assert_eq!(hub.http.get("/v1/health").await.status, 204);
    let waited = begun.elapsed();
    assert!(waited >= WRITE_WAIT_MAX / 2 && waited < WRITE_WAIT_MAX + WAIT_MAX, "{waited:?}");
}

#[tokio::test]
async fn strangers_that_call_too_often_are_held_up_and_those_who_are_known_are_not() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let mut held_up = 0;
    for _ in 0..STRANGER_BURST + 5 {
        let reply = hub.http.bearer("guessed").get("/v1/host/answers").await;
        match reply.status {
            401 => {}
            _ => {
                reply.refuses(429, "too-often", "wait");
                assert_eq!(reply.headers["retry-after"], "5");
                held_up += 1;
            }
        }
    }
    assert!(held_up >= 3, "{held_up}");
    hub.http.post("/v1/login/challenge", &json!({})).await.refuses(429, "too-often", "");
    assert!(host.answers(0, 0).await.is_empty(), "a host at the same address goes on");
    // Who is behind a proxy that nobody named says what he likes about where he is.
    let other = hub.http.with("x-forwarded-for", "192.0.2.99");
    other.post("/v1/login/challenge", &json!({})).await.refuses(429, "too-often", "");
}

#[tokio::test]
async fn callers_behind_a_proxy_that_is_named_are_told_apart_by_what_it_adds() {
    let hub = Running::start_with("proxies = [\"127.0.0.1\"]").await;
    let call = async |forwarded: &str| {
        let http = hub.http.with("x-forwarded-for", forwarded);
        http.post("/v1/login/challenge", &json!({})).await.status
    };
    for number in 0..STRANGER_BURST {
        // What stands before the proxy's own word, anybody can write.
        assert_eq!(call(&format!("198.51.100.{number}, 192.0.2.1")).await, 200);
    }
    let mut last = 200;
    for _ in 0..5 {
        last = call("198.51.100.99, 192.0.2.1").await;
    }
    assert_eq!(last, 429);
    assert_eq!(call("192.0.2.2").await, 200);
}

#[tokio::test]
async fn calls_of_one_host_that_wait_have_a_bound() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let waiting: Vec<_> = (0..6).map(|_| host.http.open("/v1/host/answers?wait=2")).collect();
    let replies = futures_util::future::join_all(waiting).await;
    let refused = replies.iter().filter(|it| it.status() == 429).count();
    assert_eq!(refused, 2, "four wait");
    assert!(host.answers(0, 0).await.is_empty(), "and the places are free again");
}
