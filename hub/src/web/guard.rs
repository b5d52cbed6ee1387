//! What holds for every request and every answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::hub::Hub;
use crate::limits::HANDLE_WAIT_MAX;
use crate::problem::{Kind, Problem};
use crate::web::who::changes;

/// Nothing from elsewhere, no script or style in the page itself, no frame around it, and no
/// text that a script could turn into more than text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'none'; \
     frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; \
     trusted-types worker";

const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), \
         publickey-credentials-create=(self), publickey-credentials-get=(self)",
    ),
];

/// Two years, as browsers' lists want it.
const ONLY_TLS: &str = "max-age=63072000";

/// Refuses what another site's page sends, bounds how long an answer may take, and adds the
/// headers that every answer has.
pub async fn guard(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let answered = match same_site(&hub, &request) {
        Ok(()) => {
            tokio::time::timeout(HANDLE_WAIT_MAX, next.run(request)).await.unwrap_or_else(|_| {
                Kind::Fault.because("the hub took too long; try again").into_response()
            })
        }
        Err(problem) => problem.into_response(),
    };
    protect(&hub, answered)
}

/// Browsers say which site's page a request comes from; programs say nothing of it.
fn same_site(hub: &Hub, request: &Request) -> Result<(), Problem> {
    if !changes(request.method()) {
        return Ok(());
    }
    let said = |name: &str| said(request.headers(), name);
    let foreign_origin = said("origin").is_some_and(|origin| origin != hub.config.url.as_str());
    let foreign_site =
        said("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    if foreign_origin || foreign_site {
        return Err(Kind::CrossSite.because(format!(
            "this comes from another site's page than {}; open the hub by that address",
            hub.config.url.as_str()
        )));
    }
    Ok(())
}

fn said<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // What cannot be read is not what is expected.
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

fn protect(hub: &Hub, mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if hub.config.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_TLS));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
