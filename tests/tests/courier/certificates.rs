//! Certificates for servers on the host, by an authority that nobody else knows.

use writ_tests::Host;

/// Makes `/srv/tls`: `ca.pem`, `server.pem` with `server.key` for that name, and
/// `other.pem`, an authority that has vouched for nothing.
pub(crate) fn make(host: &Host, name: &str) {
    host.root_sh(&format!(
        "set -e; rm -rf /srv/tls; mkdir /srv/tls; cd /srv/tls
         new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
         for ca in ca other; do
             openssl req -x509 $new -keyout $ca.key -out $ca.pem -subj /CN=$ca -days 2
         done
         openssl req $new -keyout server.key -out server.csr -subj /CN=server
         printf 'subjectAltName=DNS:{name}\\nbasicConstraints=CA:FALSE\\n' >extensions
         openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
             -extfile extensions -days 2 -out server.pem
         chmod 644 *.pem"
    ))
    .ok();
}
