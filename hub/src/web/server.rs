//! Connections: so many at one time, each with bounds on how slow it may be. HTTP/1.1 only:
//! a connection carries one request at a time, so that bounds on connections are bounds on
//! requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use crate::hub::Hub;
use crate::limits::{HEAD_BYTES_MAX, HEAD_WAIT_MAX, TLS_WAIT_MAX};
use crate::web::stream::Impatient;
use crate::web::who::Peer;
use crate::web::{routes, tls};

/// After the listener said no (there are no more descriptors, say).
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How long those that are under way may take when the hub ends.
const END_MAX: Duration = Duration::from_secs(5);

/// Serves until the hub ends.
///
/// # Errors
/// When the certificate cannot be used.
pub async fn serve(hub: Arc<Hub>, listener: TcpListener) -> Result<(), String> {
    let tls = hub.config.tls.as_ref().map(tls::acceptor).transpose()?;
    let router = routes::router(Arc::clone(&hub));
    let places = Arc::new(Semaphore::new(hub.config.connections_max));
    let places_all = u32::try_from(hub.config.connections_max).unwrap_or(u32::MAX);
    loop {
        // Whoever is beyond the bound waits in the kernel's queue.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = hub.ended() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                eprintln!("writ-hub: no connection can be taken: {error}");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                continue;
            }
        };
        let (hub, router, tls) = (Arc::clone(&hub), router.clone(), tls.clone());
        tokio::spawn(async move {
            connection(&hub, router, tls, stream, peer).await;
            drop(place);
        });
    }
    drop(listener);
    // When all places can be had, all connections are over.
    let _ = tokio::time::timeout(END_MAX, places.acquire_many(places_all)).await;
    Ok(())
}

async fn connection(
    hub: &Hub,
    router: Router,
    tls: Option<TlsAcceptor>,
    stream: TcpStream,
    peer: SocketAddr,
) {
    // A question is one write and its answer another: neither waits for more to come.
    let _ = stream.set_nodelay(true);
    match tls {
        None => requests(hub, router, Impatient::new(stream), peer).await,
        Some(tls) => {
            let shaken = tokio::time::timeout(TLS_WAIT_MAX, tls.accept(stream)).await;
            // Who speaks no TLS, or too slowly, is gone without a word.
            if let Ok(Ok(stream)) = shaken {
                requests(hub, router, Impatient::new(stream), peer).await;
            }
        }
    }
}

async fn requests<S>(hub: &Hub, router: Router, stream: S, peer: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // A connection that breaks is its client's affair.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = hub.ended() => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(END_MAX, connection).await;
        }
    }
}
