//! TLS: whom the program believes to be the hub, by the settings of its user.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::desk::{Desk, refused};
use crate::hub::Hub;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../uplink/tests/certificates/");

const REPLY: &str = "HTTP/1.1 403 X\r\nconnection: close\r\ncontent-length: 27\r\n\r\n{\"detail\":\"it was TLS\"}    ";

/// Says the same to whoever shakes hands. Gives its port.
fn served() -> u16 {
    let certificate = CertificateDer::from_pem_file(format!("{FOLDER}server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{FOLDER}server.key")).unwrap();
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = answer(&config, stream.unwrap());
        }
    });
    port
}

fn answer(config: &Arc<ServerConfig>, stream: TcpStream) -> std::io::Result<()> {
    let connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n{}") {
        let mut piece = [0; 1024];
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            count => head.extend_from_slice(&piece[..count]),
        }
    }
    stream.write_all(REPLY.as_bytes())?;
    stream.flush()
}

fn settings(desk: &Desk, url: &str, text: &str) {
    let file = desk.at(".config/writ/config.toml");
    fs::write(file, format!("[hub.\"{url}\"]\n{text}\n")).unwrap();
}

#[test]
fn the_hub_is_who_the_settings_say() {
    let desk = Desk::empty(&Hub::started());
    desk.key("bob");
    let url = format!("https://localhost:{}", served());
    let pin = fs::read_to_string(Path::new(FOLDER).join("pin")).unwrap();
    let (pin, other) = (pin.trim(), format!("{}=", "A".repeat(43)));
    refused(&desk.run_at(&url, &["pending"]), 6, &["UnknownIssuer"]);
    let ca = format!("ca = \"{FOLDER}authority.pem\"");
    for pins in [String::new(), format!("pins = [\"sha256//{other}\", \"sha256//{pin}\"]")] {
        settings(&desk, &url, &format!("{ca}\n{pins}"));
        refused(&desk.run_at(&url, &["pending"]), 5, &["it was TLS"]);
    }
    settings(&desk, &url, &format!("{ca}\npins = [\"sha256//{other}\"]"));
    refused(&desk.run_at(&url, &["pending"]), 6, &["none of those that `pins` names", pin]);
    settings(&desk, &url, &format!("ca = \"{FOLDER}stranger.pem\"\npins = [\"sha256//{pin}\"]"));
    refused(&desk.run_at(&url, &["pending"]), 6, &["UnknownIssuer"]);
    settings(&desk, &url, "ca = \"/nothing.pem\"");
    refused(&desk.run_at(&url, &["pending"]), 1, &["/nothing.pem", "cannot be read"]);
}
