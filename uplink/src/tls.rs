//! Whom a connection with TLS believes: authorities, and pinned keys beside them.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::{ParsedCertificate, VerifierBuilderError};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};

/// The largest file of certificates, in bytes.
const CA_BYTES_MAX: u64 = 1024 * 1024;

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file.
    #[error("the certificates in {path} cannot be read by the account that this runs in")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Its size.
    #[error("{path} is larger than {} KiB", CA_BYTES_MAX / 1024)]
    Large {
        /// Which.
        path: String,
    },
    /// Its content.
    #[error("{path} holds no certificate in PEM that can be used")]
    Empty {
        /// Which.
        path: String,
    },
    /// Those of the host.
    #[error(
        "this host has no certificate authorities: {0}; install ca-certificates, or name a file in `ca`"
    )]
    NoAuthorities(String),
    /// What they are.
    #[error("the certificate authorities cannot be used: {0}")]
    Verifier(#[from] VerifierBuilderError),
    /// rustls.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] Error),
}

/// The certificate is vouched for, but its key is none of the pinned ones.
#[derive(Debug, thiserror::Error)]
#[error("the key of its certificate is none of those that `pins` names; it is sha256//{0}")]
struct NotPinned(String);

/// What connections are made with: those authorities, or the host's; and, where there
/// are pins, only to a certificate with such a key.
///
/// # Errors
/// When there are no authorities, or none that can be used.
pub fn config(ca: Option<&Path>, pins: &[String]) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let roots = match ca {
        Some(path) => of_file(path)?,
        None => of_host()?,
    };
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()?;
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = if pins.is_empty() {
        builder.with_webpki_verifier(verifier)
    } else {
        let pinned = Pinned { authorities: verifier, pins: pins.to_vec() };
        builder.dangerous().with_custom_certificate_verifier(Arc::new(pinned))
    };
    Ok(config.with_no_client_auth())
}

fn of_file(path: &Path) -> Result<RootCertStore, TlsError> {
    let shown = || path.display().to_string();
    let failed = |source| TlsError::File { path: shown(), source };
    let mut pem = Vec::new();
    let mut file = File::open(path).map_err(failed)?.take(CA_BYTES_MAX + 1);
    let read = file.read_to_end(&mut pem).map_err(failed)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > CA_BYTES_MAX {
        return Err(TlsError::Large { path: shown() });
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
    if roots.is_empty() { Err(TlsError::Empty { path: shown() }) } else { Ok(roots) }
}

fn of_host() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let mut why = String::new();
    for error in &found.errors {
        let _ = write!(why, "{error} ");
    }
    Err(TlsError::NoAuthorities(why.trim_end().to_owned()))
}

/// Believes what authorities vouch for, and of that only certificates with a pinned key.
#[derive(Debug)]
struct Pinned {
    authorities: Arc<WebPkiServerVerifier>,
    pins: Vec<String>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.authorities.verify_server_cert(certificate, others, name, ocsp, now)?;
        let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
        let digest = STANDARD.encode(Sha256::digest(&key));
        if self.pins.contains(&digest) {
            return Ok(verified);
        }
        Err(Error::General(NotPinned(digest).to_string()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ClientConnection, ServerConfig, ServerConnection};

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/");

    /// Shakes hands with the server of the tests, in memory.
    fn greet(ca: &str, pins: &[&str], name: &str) -> Result<(), String> {
        let pins: Vec<String> = pins.iter().map(|pin| (*pin).to_owned()).collect();
        let config = config(Some(Path::new(&format!("{FOLDER}{ca}"))), &pins).unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
        let certificate = CertificateDer::from_pem_file(format!("{FOLDER}server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(format!("{FOLDER}server.key")).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let mut server = ServerConnection::new(Arc::new(server)).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets().map_err(|error| error.to_string())?;
            let mut wire = Vec::new();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut wire.as_slice()).unwrap();
            client.process_new_packets().map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn pin() -> String {
        std::fs::read_to_string(format!("{FOLDER}pin")).unwrap().trim().to_owned()
    }

    #[test]
    fn a_pinned_key_is_taken_and_another_is_named() {
        let (pin, other) = (pin(), format!("{}=", "A".repeat(43)));
        assert_eq!(greet("authority.pem", &[], "localhost"), Ok(()));
        assert_eq!(greet("authority.pem", &[&other, &pin], "localhost"), Ok(()));
        let refused = greet("authority.pem", &[&other], "localhost").unwrap_err();
        assert!(refused.contains(&format!("it is sha256//{pin}")), "{refused}");
    }

    #[test]
    fn a_pinned_key_makes_up_for_nothing() {
        let pin = pin();
        // Nobody vouches for it.
        let refused = greet("stranger.pem", &[&pin], "localhost").unwrap_err();
        assert!(refused.contains("UnknownIssuer"), "{refused}");
        // It is for another name.
        let refused = greet("authority.pem", &[&pin], "hub.example.com").unwrap_err();
        assert!(refused.contains("not valid for name"), "{refused}");
    }

    #[test]
    fn a_file_without_certificates_is_told() {
        let file = format!("{FOLDER}server.key");
        let error = config(Some(Path::new(&file)), &[]).unwrap_err();
        assert!(matches!(error, TlsError::Empty { .. }), "{error}");
    }
}
