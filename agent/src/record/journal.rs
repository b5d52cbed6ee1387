//! The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), and the
//! fallback to syslog (RFC 3164).

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixDatagram;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::{Entry, message_id};

/// Where the journal listens.
pub(super) const JOURNAL_SOCKET: &str = "/run/systemd/journal/socket";
/// Where syslog listens.
pub(super) const SYSLOG_SOCKET: &str = "/dev/log";

/// syslog's facility for security and authorization messages that are private.
const FACILITY_AUTHPRIV: u8 = 10;
/// What the lines are from.
const IDENTIFIER: &str = "writd";

/// An entry as the journal takes it. `place` is where the ledger has it.
pub(super) fn native(entry: &Entry, line: &str, place: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    put(&mut bytes, "MESSAGE", line);
    put(&mut bytes, "PRIORITY", &entry.priority.to_string());
    put(&mut bytes, "SYSLOG_FACILITY", &FACILITY_AUTHPRIV.to_string());
    put(&mut bytes, "SYSLOG_IDENTIFIER", IDENTIFIER);
    if let Some(id) = message_id(entry.event) {
        put(&mut bytes, "MESSAGE_ID", id);
    }
    for field in &entry.fields {
        put(&mut bytes, field.name, &field.value);
    }
    for (name, value) in place {
        put(&mut bytes, name, value);
    }
    bytes
}

/// Values hold no newline: [`super::Entry`] shows each as an escape. The form with
/// a length is used all the same, since with it nothing depends on that.
fn put(bytes: &mut Vec<u8>, name: &str, value: &str) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(b'\n');
    let length = u64::try_from(value.len()).unwrap_or(u64::MAX);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(value.as_bytes());
    bytes.push(b'\n');
}

/// Sends an entry; one that is too long for a datagram goes as a sealed file, as
/// the protocol has it.
pub(super) fn send(socket: &UnixDatagram, bytes: &[u8]) -> io::Result<()> {
    match socket.send(bytes) {
        Ok(_) => Ok(()),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::MSGSIZE.raw_os_error()) => {
            send_as_file(socket, bytes)
        }
        Err(error) => Err(error),
    }
}

fn send_as_file(socket: &UnixDatagram, bytes: &[u8]) -> io::Result<()> {
    let file = sealed_file(bytes)?;
    let descriptors = [file.as_fd()];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for a descriptor in a message"));
    }
    sendmsg(socket, &[IoSlice::new(&[])], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

fn sealed_file(bytes: &[u8]) -> io::Result<OwnedFd> {
    let file = memfd_create("writ-journal", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = rustix::io::write(&file, rest)?;
        rest = rest.get(written..).unwrap_or_default();
    }
    let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    fcntl_add_seals(&file, seals)?;
    Ok(file)
}

/// The line as RFC 3164 has it on a local socket: the daemon there adds the time
/// where it is left out, and knows the host.
pub(super) fn syslog_line(entry: &Entry, line: &str) -> String {
    let priority = u16::from(FACILITY_AUTHPRIV) * 8 + u16::from(entry.priority);
    format!("<{priority}>{IDENTIFIER}[{}]: {line}", std::process::id())
}
