//! Signing with ssh-agent(1), for a key that is named by nothing but that the agent has it
//! (draft-ietf-sshm-ssh-agent).

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use writ_signed::{Hash, Namespace, Presence, PublicKey, SignatureError, Sshsig};

/// The longest message, in bytes: what OpenSSH takes.
const MESSAGE_BYTES_MAX: usize = 256 * 1024;

/// The most keys that are looked at.
const KEYS_MAX: usize = 64;

/// How long the agent may take to sign: it may wait for a touch, or for a yes.
const SIGN_MAX: Duration = Duration::from_secs(120);

/// How long it may take for the rest.
const REPLY_MAX: Duration = Duration::from_secs(10);

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// Why the agent is of no use.
#[derive(Debug, thiserror::Error)]
pub enum SshAgentError {
    /// There is none.
    #[error(
        "there is no ssh-agent (SSH_AUTH_SOCK is not set); start one and add your key with ssh-add, or name a key with --key"
    )]
    None,
    /// It is there no more, or does not answer.
    #[error("ssh-agent does not answer: {0}")]
    Lost(#[from] io::Error),
    /// It speaks another language.
    #[error("what answers at SSH_AUTH_SOCK is no ssh-agent")]
    Malformed,
    /// It will not.
    #[error(
        "ssh-agent did not sign with {0}: it does not have the key, nobody touched it, or it was not allowed to"
    )]
    Refused(String),
    /// What it made is nothing.
    #[error("what ssh-agent made does not count: {0}")]
    Wrong(#[from] SignatureError),
    /// Nobody touched the key.
    #[error(
        "the security key was not touched, and nothing takes what it signed; make a key without `no-touch-required`"
    )]
    Untouched,
}

/// A connection to the agent of the caller.
#[derive(Debug)]
pub struct SshAgent {
    stream: UnixStream,
}

impl SshAgent {
    /// Connects to the one that the environment names.
    ///
    /// # Errors
    /// When there is none.
    pub fn connect() -> Result<Self, SshAgentError> {
        let path = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty());
        let stream = UnixStream::connect(path.ok_or(SshAgentError::None)?)?;
        stream.set_write_timeout(Some(REPLY_MAX))?;
        Ok(Self { stream })
    }

    /// The keys that it has, in its order, of kinds that answers are verified with.
    ///
    /// # Errors
    /// When it does not say.
    pub fn keys(&mut self) -> Result<Vec<PublicKey>, SshAgentError> {
        let answer = self.call(REQUEST_IDENTITIES, &[], REPLY_MAX)?;
        let rest = answer.strip_prefix(&[IDENTITIES_ANSWER]).ok_or(SshAgentError::Malformed)?;
        let (count, mut rest) = number(rest).ok_or(SshAgentError::Malformed)?;
        let mut keys = Vec::new();
        for _ in 0..count.min(KEYS_MAX) {
            let (blob, after) = field(rest).ok_or(SshAgentError::Malformed)?;
            let (_comment, after) = field(after).ok_or(SshAgentError::Malformed)?;
            keys.extend(PublicKey::from_blob(blob));
            rest = after;
        }
        Ok(keys)
    }

    /// Signs a text for that namespace, and verifies what was made.
    ///
    /// # Errors
    /// When there is no signature that anybody would take.
    pub fn sign(
        &mut self,
        key: &PublicKey,
        namespace: Namespace,
        text: &str,
    ) -> Result<String, SshAgentError> {
        let mut wanted = Vec::new();
        put(&mut wanted, key.blob());
        put(&mut wanted, &Sshsig::to_sign(namespace, Hash::Sha512, text.as_bytes()));
        wanted.extend_from_slice(&0_u32.to_be_bytes());
        let answer = self.call(SIGN_REQUEST, &wanted, SIGN_MAX)?;
        let refused = || SshAgentError::Refused(key.fingerprint().to_string());
        let rest = answer.strip_prefix(&[SIGN_RESPONSE]).ok_or_else(refused)?;
        let (signature, _) = field(rest).ok_or(SshAgentError::Malformed)?;
        let armored = Sshsig::armored(key, namespace, Hash::Sha512, signature);
        match Sshsig::parse(&armored)?.verify(namespace, text.as_bytes())? {
            Presence::Untouched => Err(SshAgentError::Untouched),
            Presence::Untold | Presence::Touched | Presence::Verified => Ok(armored),
        }
    }

    fn call(
        &mut self,
        kind: u8,
        content: &[u8],
        patience: Duration,
    ) -> Result<Vec<u8>, SshAgentError> {
        let mut message = vec![kind];
        message.extend_from_slice(content);
        let mut sent = Vec::new();
        put(&mut sent, &message);
        self.stream.write_all(&sent)?;
        self.stream.set_read_timeout(Some(patience))?;
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > MESSAGE_BYTES_MAX {
            return Err(SshAgentError::Malformed);
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer)?;
        Ok(answer)
    }
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_be_bytes(*number)).ok()?, rest))
}

/// A field with its length before it, and what follows.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(bytes)?;
    rest.split_at_checked(length)
}

fn put(to: &mut Vec<u8>, bytes: &[u8]) {
    // Nothing that is sent comes near what does not fit.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::{self, JoinHandle};

    use ed25519_dalek::Signer as _;
    use sha2::{Digest as _, Sha256};

    /// An agent that answers one call with those bytes.
    fn answering(answer: Vec<u8>) -> (SshAgent, JoinHandle<()>) {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let other = thread::spawn(move || {
            let mut length = [0; 4];
            theirs.read_exact(&mut length).unwrap();
            let mut call = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
            theirs.read_exact(&mut call).unwrap();
            theirs.write_all(&answer).unwrap();
        });
        (SshAgent { stream: ours }, other)
    }

    fn message(content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes, content);
        bytes
    }

    #[test]
    fn keys_of_other_kinds_are_passed_over() {
        let key = writ_signed::HostKey::from_seed(&[1; 32]);
        let mut content = vec![IDENTITIES_ANSWER, 0, 0, 0, 2];
        for (blob, comment) in [(&b"\0\0\0\x07ssh-rsaxx"[..], "old"), (key.public().blob(), "new")]
        {
            put(&mut content, blob);
            put(&mut content, comment.as_bytes());
        }
        let (mut agent, other) = answering(message(&content));
        assert_eq!(agent.keys().unwrap(), [key.public().clone()]);
        other.join().unwrap();
    }

    #[test]
    fn what_is_no_agent_is_told() {
        let key = writ_signed::HostKey::from_seed(&[1; 32]);
        for answer in [
            message(&[IDENTITIES_ANSWER, 0, 0, 0, 9]),
            message(b"HTTP/1.1 400 Bad Request"),
            vec![0xff; 8],
            message(&[]),
        ] {
            let (mut agent, other) = answering(answer);
            assert!(matches!(agent.keys(), Err(SshAgentError::Malformed)));
            other.join().unwrap();
        }
        let (mut agent, other) = answering(message(&[5]));
        let refused = agent.sign(key.public(), Namespace::Login, "x");
        assert!(matches!(refused, Err(SshAgentError::Refused(_))), "{refused:?}");
        other.join().unwrap();
        // A signature of something else.
        let mut content = vec![SIGN_RESPONSE];
        put(&mut content, &[&b"\0\0\0\x0bssh-ed25519\0\0\0\x40"[..], &[7; 64]].concat());
        let (mut agent, other) = answering(message(&content));
        let refused = agent.sign(key.public(), Namespace::Login, "x");
        assert!(matches!(refused, Err(SshAgentError::Wrong(_))), "{refused:?}");
        other.join().unwrap();
    }

    /// A security key, as an agent has it; `flags` is what it says of whoever is there.
    fn signed_with_flags(flags: u8) -> Result<String, SshAgentError> {
        const KIND: &[u8] = b"sk-ssh-ed25519@openssh.com";
        let secret = ed25519_dalek::SigningKey::from_bytes(&[3; 32]);
        let mut blob = Vec::new();
        for part in [KIND, secret.verifying_key().as_bytes(), b"ssh:"] {
            put(&mut blob, part);
        }
        let key = PublicKey::from_blob(&blob).unwrap();
        let wanted = Sshsig::to_sign(Namespace::Decision, Hash::Sha512, b"text");
        let mut signed = Sha256::digest(b"ssh:").to_vec();
        signed.extend_from_slice(&[flags, 0, 0, 0, 7]);
        signed.extend_from_slice(&Sha256::digest(wanted));
        let mut signature = Vec::new();
        put(&mut signature, KIND);
        put(&mut signature, &secret.sign(&signed).to_bytes());
        signature.extend_from_slice(&[flags, 0, 0, 0, 7]);
        let mut content = vec![SIGN_RESPONSE];
        put(&mut content, &signature);
        let (mut agent, other) = answering(message(&content));
        let made = agent.sign(&key, Namespace::Decision, "text");
        other.join().unwrap();
        made
    }

    #[test]
    fn a_security_key_signs_when_it_was_touched_and_only_then() {
        assert!(matches!(signed_with_flags(0), Err(SshAgentError::Untouched)));
        for flags in [0x01, 0x05] {
            let armored = signed_with_flags(flags).unwrap();
            let presence = Sshsig::parse(&armored).unwrap().verify(Namespace::Decision, b"text");
            assert!(presence.unwrap() >= Presence::Touched);
        }
    }
}
