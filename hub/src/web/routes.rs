//! Every address of the hub, in one list.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};

use crate::api::{
    answers, enroll, events, host, lists, login, oidc, page, passkeys, questions, session,
    subscriptions,
};
use crate::hub::Hub;
use crate::web::guard::guard;

/// An address and its method.
pub struct Route {
    /// The method, in lower case, as OpenAPI has it.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    answer: MethodRouter<Arc<Hub>>,
}

/// Every route of the API.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/v1/health", page::health),
        get("/v1/openapi.json", page::openapi),
        post("/v1/enroll", enroll::enroll),
        put("/v1/host/questions/{digest}", host::put),
        post("/v1/host/questions/{digest}/over", host::over),
        get("/v1/host/answers", host::answers),
        post("/v1/host/answers/{seq}/taken", host::taken),
        get("/v1/login", oidc::ways),
        post("/v1/login/challenge", login::begin),
        post("/v1/login/ssh", login::ssh),
        post("/v1/login/passkey", login::passkey),
        post("/v1/login/oidc", oidc::begin),
        get("/v1/login/oidc/callback", oidc::callback),
        get("/v1/login/oidc/failure", oidc::failure),
        get("/v1/session", session::show),
        delete("/v1/session", session::end),
        post("/v1/passkeys/first", passkeys::first),
        post("/v1/passkeys/challenge", passkeys::begin),
        post("/v1/passkeys", passkeys::enroll),
        get("/v1/questions", lists::open),
        get("/v1/questions/{digest}", questions::whole),
        get("/v1/questions/{digest}/signed", questions::signed),
        post("/v1/questions/{digest}/answers", answers::submit),
        get("/v1/history", lists::history),
        get("/v1/hosts", lists::hosts),
        get("/v1/events", events::events),
        put("/v1/subscriptions", subscriptions::add),
        delete("/v1/subscriptions", subscriptions::remove),
    ]
}

/// All of it: the API and the page, behind the guard.
pub fn router(hub: Arc<Hub>) -> Router {
    let mut router = Router::new();
    for route in routes() {
        router = router.route(route.path, route.answer);
    }
    for file in page::FILES {
        let file = *file;
        router =
            router.route(file.path, on(MethodFilter::GET, move || async move { file.answer() }));
    }
    router
        .fallback(page::nowhere)
        .method_not_allowed_fallback(page::other_method)
        .layer(from_fn_with_state(Arc::clone(&hub), guard))
        .with_state(hub)
}

fn get<H: Handler<T, Arc<Hub>>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route { method: "get", path, answer: on(MethodFilter::GET, handler) }
}

fn put<H: Handler<T, Arc<Hub>>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route { method: "put", path, answer: on(MethodFilter::PUT, handler) }
}

fn post<H: Handler<T, Arc<Hub>>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route { method: "post", path, answer: on(MethodFilter::POST, handler) }
}

fn delete<H: Handler<T, Arc<Hub>>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route { method: "delete", path, answer: on(MethodFilter::DELETE, handler) }
}
