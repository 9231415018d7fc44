//! Listeners on loopback.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;

/// The first port of sites, counted from the first of all.
const SITES_OFFSET: u16 = 4;

/// Binds the ports of the home page, the HTTP APIs and AWS.
pub(crate) async fn listen(port: u16) -> Result<[TcpListener; 3]> {
    Ok([
        bind(port).await?,
        bind(next_port(port, 1)?).await?,
        bind(next_port(port, 2)?).await?,
    ])
}

/// Returns the `n`th port after the first, or 0 (any port) when the first is 0.
pub(crate) fn next_port(first: u16, n: u16) -> Result<u16> {
    if first == 0 {
        Ok(0)
    } else {
        first
            .checked_add(n)
            .context("the port is too high: several in a row are needed")
    }
}

/// Binds the ports of `count` sites.
pub(crate) async fn listen_for_sites(first: u16, count: usize) -> Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for (n, _) in (SITES_OFFSET..).zip(0..count) {
        listeners.push(bind(next_port(first, n)?).await?);
    }
    Ok(listeners)
}

pub(crate) async fn bind(port: u16) -> Result<TcpListener> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpListener::bind(address).await.with_context(|| {
        format!("Port {port} is taken. Stop what uses it, or choose another with --port.")
    })
}

pub(crate) fn url(listener: &TcpListener) -> Result<String> {
    Ok(format!("http://{}", authority(listener)?))
}

pub(crate) fn authority(listener: &TcpListener) -> Result<String> {
    Ok(listener.local_addr()?.to_string())
}

/// Serves until the runtime stops.
pub(crate) fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "a server of local ended");
        }
    });
}
