//! One connection to the hub, HTTP/1.1, one call after the other.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes that are read at once.
const PART_BYTES: usize = 4_096;

/// Bytes of a reply.
const REPLY_BYTES_MAX: usize = 1024 * 1024;

/// A call, as it goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Request(Vec<u8>);

impl Request {
    /// `headers` are whole lines, each with its end.
    pub(crate) fn new(method: &str, path: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self(
            format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .into_bytes(),
        )
    }

    /// One whose caller shows that credential or token.
    pub(crate) fn shown(method: &str, path: &str, bearer: &str, body: &str) -> Self {
        Self::new(method, path, &format!("Authorization: Bearer {bearer}\r\n"), body)
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    /// # Panics
    /// When it is not of that status.
    #[track_caller]
    pub(crate) fn expect(self, statuses: &[u16]) -> Self {
        assert!(statuses.contains(&self.status), "{}: {}", self.status, self.body);
        self
    }

    /// The value of a header, its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
}

impl Connection {
    pub(crate) async fn open(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).await.expect("the hub takes connections");
        stream.set_nodelay(true).expect("an option of TCP");
        Self { stream }
    }

    /// # Panics
    /// When the connection breaks off.
    pub(crate) async fn call(&mut self, request: &Request) -> Reply {
        self.stream.write_all(&request.0).await.expect("the hub reads");
        let mut reply = Vec::new();
        let mut length = None;
        loop {
            if let Some(whole) = length
                && reply.len() >= whole
            {
                break;
            }
            let mut part = [0; PART_BYTES];
            let count = self.stream.read(&mut part).await.expect("the hub answers");
            assert!(count > 0, "the hub has closed the connection");
            reply.extend_from_slice(&part[..count]);
            assert!(reply.len() <= REPLY_BYTES_MAX, "a longer reply than there is");
            length = length.or_else(|| length_of(&reply));
        }
        let text = String::from_utf8(reply).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        // "HTTP/1.1 200 OK"
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        Reply { status: status.expect("a status"), head: head.to_owned(), body: body.to_owned() }
    }
}

/// Bytes of a whole reply, once its head is there.
fn length_of(reply: &[u8]) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    let head_bytes = reply.windows(END.len()).position(|part| part == END)? + END.len();
    let head = String::from_utf8_lossy(&reply[..head_bytes]);
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    });
    Some(head_bytes + length.map_or(0, |length| length.expect("a length")))
}
