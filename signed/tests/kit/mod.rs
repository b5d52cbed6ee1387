//! Keys whose secrets the tests have, and authenticators of software.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each of its users takes a part")]

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use writ_signed::{
    Algorithm, Answer, Assertion, Decision, Fingerprint, Hash, HostKey, Namespace, Passkey,
    PublicKey, Signature, Sshsig, Verdict,
};

pub const ORIGIN: &str = "https://hub.example.com";
pub const TOUCHED: u8 = 0x01;
pub const VERIFIED: u8 = 0x04;

pub fn host_key() -> HostKey {
    HostKey::from_seed(&[1; 32])
}

pub fn decision(host_key: Fingerprint) -> Decision {
    Decision {
        version: 1,
        host: "web-1".into(),
        host_key,
        id: "7K3M-Q2".into(),
        question: writ_signed::digest("a question"),
        verdict: Verdict::Approve,
        comment: Some("go on".into()),
        lasts_ms: Some(600_000),
        uses: Some(1),
        approver: "bob".into(),
        made_wall_ms: 1_800_000_000_000,
        expires_wall_ms: 1_800_000_600_000,
    }
}

pub fn put(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
    to.extend_from_slice(bytes);
}

pub fn positive(number: &[u8]) -> Vec<u8> {
    let first = number.iter().position(|byte| *byte != 0).unwrap();
    let mut bytes = number[first..].to_vec();
    if bytes[0] >= 0x80 {
        bytes.insert(0, 0);
    }
    bytes
}

/// A key in a file or an agent of SSH.
pub enum SshKey {
    Ed25519(SigningKey),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl SshKey {
    pub fn public(&self) -> PublicKey {
        let mut blob = Vec::new();
        match self {
            Self::Ed25519(key) => {
                put(&mut blob, b"ssh-ed25519");
                put(&mut blob, key.verifying_key().as_bytes());
            }
            Self::P256(key) => {
                put(&mut blob, b"ecdsa-sha2-nistp256");
                put(&mut blob, b"nistp256");
                put(&mut blob, key.verifying_key().to_sec1_point(false).as_bytes());
            }
            Self::P384(key) => {
                put(&mut blob, b"ecdsa-sha2-nistp384");
                put(&mut blob, b"nistp384");
                put(&mut blob, key.verifying_key().to_sec1_point(false).as_bytes());
            }
        }
        PublicKey::from_blob(&blob).unwrap()
    }

    pub fn signature(&self, signed: &[u8]) -> Vec<u8> {
        let mut inner = Vec::new();
        match self {
            Self::Ed25519(key) => inner = key.sign(signed).to_bytes().to_vec(),
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(signed);
                let (r, s) = signature.split_bytes();
                put(&mut inner, &positive(&r));
                put(&mut inner, &positive(&s));
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(signed);
                let (r, s) = signature.split_bytes();
                put(&mut inner, &positive(&r));
                put(&mut inner, &positive(&s));
            }
        }
        let mut blob = Vec::new();
        put(&mut blob, self.public().kind().as_bytes());
        put(&mut blob, &inner);
        blob
    }

    pub fn sign(&self, namespace: Namespace, message: &[u8]) -> String {
        let signed = Sshsig::to_sign(namespace, Hash::Sha256, message);
        Sshsig::armored(&self.public(), namespace, Hash::Sha256, &self.signature(&signed))
    }

    pub fn answer(&self, decision: &Decision) -> Answer {
        let decision = decision.text().unwrap();
        let signature = Signature::Ssh(self.sign(Namespace::Decision, decision.as_bytes()));
        Answer { decision, signature }
    }
}

/// A security key, which sets the flags that it is told to.
pub struct SecurityKey {
    pub key: SshKey,
    pub application: &'static str,
}

impl SecurityKey {
    pub fn public(&self) -> PublicKey {
        let mut blob = Vec::new();
        match &self.key {
            SshKey::Ed25519(key) => {
                put(&mut blob, b"sk-ssh-ed25519@openssh.com");
                put(&mut blob, key.verifying_key().as_bytes());
            }
            SshKey::P256(key) => {
                put(&mut blob, b"sk-ecdsa-sha2-nistp256@openssh.com");
                put(&mut blob, b"nistp256");
                put(&mut blob, key.verifying_key().to_sec1_point(false).as_bytes());
            }
            SshKey::P384(_) => panic!("there is none"),
        }
        put(&mut blob, self.application.as_bytes());
        PublicKey::from_blob(&blob).unwrap()
    }

    pub fn sign(&self, namespace: Namespace, message: &[u8], flags: u8) -> String {
        self.sign_and_say(namespace, message, flags, flags)
    }

    /// Signs with some flags and says that they were others.
    pub fn sign_and_say(
        &self,
        namespace: Namespace,
        message: &[u8],
        flags: u8,
        said: u8,
    ) -> String {
        let counter = 7_u32.to_be_bytes();
        let mut signed = Sha256::digest(self.application.as_bytes()).to_vec();
        signed.push(flags);
        signed.extend_from_slice(&counter);
        let message = Sshsig::to_sign(namespace, Hash::Sha512, message);
        signed.extend_from_slice(&Sha256::digest(message));
        let plain = self.key.signature(&signed);
        // What a key in a file makes has the same fields, after the name of its type.
        let name = 4 + self.key.public().kind().len();
        let mut blob = Vec::new();
        put(&mut blob, self.public().kind().as_bytes());
        blob.extend_from_slice(&plain[name..]);
        blob.push(said);
        blob.extend_from_slice(&counter);
        Sshsig::armored(&self.public(), namespace, Hash::Sha512, &blob)
    }

    pub fn answer(&self, decision: &Decision, flags: u8) -> Answer {
        let decision = decision.text().unwrap();
        let signature = Signature::Ssh(self.sign(Namespace::Decision, decision.as_bytes(), flags));
        Answer { decision, signature }
    }
}

/// A device with a passkey, and the browser that uses it.
pub struct Device {
    pub key: SshKey,
    pub flags: u8,
    pub party: &'static str,
    pub client: String,
}

impl Device {
    pub fn new(key: SshKey) -> Self {
        Self {
            key,
            flags: TOUCHED | VERIFIED,
            party: "hub.example.com",
            client: format!(
                r#"{{"type":"webauthn.get","challenge":"CHALLENGE","origin":"{ORIGIN}","crossOrigin":false}}"#
            ),
        }
    }

    pub fn passkey(&self) -> Passkey {
        let (algorithm, spki) = match &self.key {
            SshKey::Ed25519(key) => {
                let mut spki = hex("302a300506032b6570032100");
                spki.extend_from_slice(key.verifying_key().as_bytes());
                (Algorithm::EdDsa, spki)
            }
            SshKey::P256(key) => {
                let mut spki = hex("3059301306072a8648ce3d020106082a8648ce3d030107034200");
                spki.extend_from_slice(key.verifying_key().to_sec1_point(false).as_bytes());
                (Algorithm::Es256, spki)
            }
            SshKey::P384(_) => panic!("there is none"),
        };
        Passkey::new(algorithm, &spki, ORIGIN.parse().unwrap()).unwrap()
    }

    pub fn assert(&self, text: &[u8]) -> Assertion {
        let client = self.client.replace("CHALLENGE", &url(&Sha256::digest(text)));
        let mut data = Sha256::digest(self.party.as_bytes()).to_vec();
        data.push(self.flags);
        data.extend_from_slice(&0_u32.to_be_bytes());
        let mut signed = data.clone();
        signed.extend_from_slice(&Sha256::digest(client.as_bytes()));
        let signature = match &self.key {
            SshKey::Ed25519(key) => key.sign(&signed).to_bytes().to_vec(),
            SshKey::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(&signed);
                signature.to_der().as_bytes().to_vec()
            }
            SshKey::P384(_) => panic!("there is none"),
        };
        Assertion::new(&data, client.as_bytes(), &signature)
    }

    pub fn answer(&self, decision: &Decision) -> Answer {
        let decision = decision.text().unwrap();
        let signature = Signature::Passkey(self.assert(decision.as_bytes()));
        Answer { decision, signature }
    }
}

pub fn ed25519(seed: u8) -> SshKey {
    SshKey::Ed25519(SigningKey::from_bytes(&[seed; 32]))
}

pub fn p256(seed: u8) -> SshKey {
    SshKey::P256(p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap())
}

pub fn p384(seed: u8) -> SshKey {
    SshKey::P384(p384::ecdsa::SigningKey::from_slice(&[seed; 48]).unwrap())
}

pub fn security_key(key: SshKey) -> SecurityKey {
    SecurityKey { key, application: "ssh:" }
}

pub fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<char> = digits.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

pub fn url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
