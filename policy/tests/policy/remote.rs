//! `[audit]` and `[hub]`.

use crate::{assert_refused, taken};

#[test]
fn collectors_and_the_hub_are_taken() {
    let remote = taken(&[(
        "writ.toml",
        "[audit]\ncollectors = [\"tls://logs.example.com:6514\", \"udp://[::1]:514\"]\nca = \"/etc/ssl/logs.pem\"\n[hub]\nurl = \"https://hub.example.com/\"\nproxy = \"http://proxy:3128\"\npins = [\"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]\n",
    )])
    .remote;
    let collectors: Vec<String> = remote.audit.collectors.iter().map(ToString::to_string).collect();
    assert_eq!(collectors, ["tls://logs.example.com:6514", "udp://[::1]:514"]);
    assert_eq!(remote.audit.ca.as_deref(), Some("/etc/ssl/logs.pem"));
    let hub = remote.hub.unwrap();
    assert_eq!(hub.url, "https://hub.example.com");
    assert_eq!(hub.proxy.as_deref(), Some("http://proxy:3128"));
    assert_eq!(hub.pins, ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]);
    assert_eq!(taken(&[]).remote, writ_policy::Remote::default());
}

#[test]
fn a_collector_without_a_port_is_told_with_its_place() {
    assert_refused(
        &[("writ.toml", "[audit]\ncollectors = [\"tls://logs.example.com\"]\n")],
        r#"
error: "tls://logs.example.com" has no port from 1 to 65535 at its end
 --> writ.toml:2:15
  |
2 | collectors = ["tls://logs.example.com"]
  |               ^^^^^^^^^^^^^^^^^^^^^^^^
  = help: write one such as "tls://logs.example.com:6514"
"#,
    );
}

#[test]
fn a_hub_without_tls_that_is_not_on_this_host_is_refused() {
    assert_refused(
        &[("writ.toml", "[hub]\nurl = \"http://hub.example.com\"\n")],
        r#"
error: "http://hub.example.com" begins with http://, which is only for a hub on this host (localhost, 127.0.0.1, [::1])
 --> writ.toml:2:7
  |
2 | url = "http://hub.example.com"
  |       ^^^^^^^^^^^^^^^^^^^^^^^^
  = help: write one such as "https://hub.example.com"
"#,
    );
}

#[test]
fn a_pin_and_a_path_that_are_none_are_told() {
    assert_refused(
        &[(
            "writ.toml",
            "[hub]\nurl = \"https://hub.example.com\"\nca = \"hub.pem\"\npins = [\"AAAA\"]\n",
        )],
        r#"
error: "hub.pem" is no whole path of a file
 --> writ.toml:3:6
  |
3 | ca = "hub.pem"
  |      ^^^^^^^^^
  = help: write it from the root on, such as "/etc/ssl/certs/logs.pem"

error: "AAAA" is no pin of a key
 --> writ.toml:4:9
  |
4 | pins = ["AAAA"]
  |         ^^^^^^
  = help: write `sha256//` and the SHA-256 of the public key in Base64, as curl's --pinnedpubkey has it
"#,
    );
}

#[test]
fn there_are_four_collectors_at_most() {
    let list = |count: usize| {
        let all: Vec<String> = (0..count).map(|n| format!("\"udp://10.0.0.{n}:514\"")).collect();
        format!("[audit]\ncollectors = [{}]\n", all.join(", "))
    };
    assert_eq!(taken(&[("writ.toml", &list(4))]).remote.audit.collectors.len(), 4);
    let told = crate::read(&[("writ.toml", &list(5))]).unwrap_err().to_string();
    assert!(told.contains("this list may have 4 items at most"), "{told}");
}
