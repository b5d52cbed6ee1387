//! A connection to a collector.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use rustix::net::sockopt;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio_rustls::TlsConnector;

use super::address::{Address, Transport};
use crate::limits::{KEEPALIVE_AFTER, KEEPALIVE_EVERY, KEEPALIVE_TIMES, UNACKNOWLEDGED_MAX};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("its name cannot be looked up")]
    Name(#[source] io::Error),
    #[error("it has no address")]
    NoAddress,
    #[error("its name cannot be in a certificate")]
    ServerName,
    #[error("it cannot be reached")]
    Connect(#[source] io::Error),
    #[error("TLS with it fails")]
    Tls(#[source] io::Error),
    #[error("the connection is lost")]
    Lost(#[source] io::Error),
    #[error("it has closed the connection")]
    Closed,
}

/// A connection.
pub(crate) enum Link {
    /// One after the other.
    Stream(Box<dyn AsyncRead + Unpin>, Box<dyn AsyncWrite + Unpin>),
    /// Each by itself.
    Datagram(UdpSocket),
}

impl Link {
    /// Connects to one of the addresses that the name has. With TLS, the certificate
    /// must be for the name.
    pub(crate) async fn open(
        address: &Address,
        tls: Option<Arc<ClientConfig>>,
    ) -> Result<Self, LinkError> {
        let places: Vec<SocketAddr> = lookup_host((address.host.as_str(), address.port))
            .await
            .map_err(LinkError::Name)?
            .collect();
        let mut failed = LinkError::NoAddress;
        for place in places {
            match (address.transport, &tls) {
                (Transport::Udp, _) => match datagrams(place).await {
                    Ok(socket) => return Ok(Self::Datagram(socket)),
                    Err(error) => failed = LinkError::Connect(error),
                },
                (Transport::Tcp | Transport::Tls, tls) => match stream(place).await {
                    Ok(stream) => return secured(stream, address, tls.as_ref()).await,
                    Err(error) => failed = LinkError::Connect(error),
                },
            }
        }
        Err(failed)
    }

    /// Whether it is known at once that the other side is not there.
    pub(crate) fn tells_of_losses(&self) -> bool {
        matches!(self, Self::Stream(..))
    }

    /// Sends a message; returns when the system has it.
    pub(crate) async fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        match self {
            Self::Stream(_, writer) => {
                // Octet counting (RFC 5425, section 4.3; RFC 6587, section 3.4.1).
                let mut frame = format!("{} ", message.len()).into_bytes();
                frame.extend_from_slice(message);
                writer.write_all(&frame).await.map_err(LinkError::Lost)?;
                writer.flush().await.map_err(LinkError::Lost)
            }
            Self::Datagram(socket) => socket.send(message).await.map(drop).map_err(LinkError::Lost),
        }
    }

    /// Waits until it is known that nothing more can be sent. What a collector says is
    /// not looked at: there is nothing for it to say. May be dropped and called again.
    pub(crate) async fn ended(&mut self) -> LinkError {
        let mut nothing = [0; 512];
        loop {
            let read = match self {
                Self::Stream(reader, _) => reader.read(&mut nothing).await,
                // Of a datagram that nobody took, the system hears by ICMP.
                Self::Datagram(socket) => socket.recv(&mut nothing).await.map(|read| read.max(1)),
            };
            match read {
                Ok(0) => return LinkError::Closed,
                Ok(_) => {}
                Err(error) => return LinkError::Lost(error),
            }
        }
    }
}

async fn stream(place: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(place).await?;
    stream.set_nodelay(true)?;
    let unacknowledged_ms = u32::try_from(UNACKNOWLEDGED_MAX.as_millis()).unwrap_or(u32::MAX);
    sockopt::set_tcp_user_timeout(&stream, unacknowledged_ms)?;
    sockopt::set_socket_keepalive(&stream, true)?;
    sockopt::set_tcp_keepidle(&stream, KEEPALIVE_AFTER)?;
    sockopt::set_tcp_keepintvl(&stream, KEEPALIVE_EVERY)?;
    sockopt::set_tcp_keepcnt(&stream, KEEPALIVE_TIMES)?;
    Ok(stream)
}

async fn secured(
    stream: TcpStream,
    address: &Address,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Link, LinkError> {
    let Some(config) = tls else {
        let (reader, writer) = stream.into_split();
        return Ok(Link::Stream(Box::new(reader), Box::new(writer)));
    };
    let name = ServerName::try_from(address.host.clone()).map_err(|_| LinkError::ServerName)?;
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
    let (reader, writer) = tokio::io::split(stream.map_err(LinkError::Tls)?);
    Ok(Link::Stream(Box::new(reader), Box::new(writer)))
}

async fn datagrams(place: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match place {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(place).await?;
    Ok(socket)
}
