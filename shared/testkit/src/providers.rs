//! Providers on a loopback port. Each request is a call that can meet a fault.

use std::{io, sync::Arc};

use axum::{Router, body::Body};
use http::{Request, Response, StatusCode, header::RETRY_AFTER};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::faults::{Call, Faults, Refusal};

/// Serves the providers that `make` builds for their address, until the runtime stops. Returns the address.
#[expect(clippy::unwrap_used, reason = "loopback is there")]
pub(crate) async fn serve(faults: Arc<Faults>, make: impl FnOnce(&str) -> Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = make(&address);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (router, faults) = (router.clone(), faults.clone());
            let answer = service_fn(move |request| answer(router.clone(), faults.clone(), request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
            // A planned fault ends the connection with an error.
            tokio::spawn(async { connection.await.ok() });
        }
    });
    address
}

async fn answer(
    router: Router,
    faults: Arc<Faults>,
    request: Request<Incoming>,
) -> io::Result<Response<Body>> {
    let refuse = |refusal| match refusal {
        Refusal::Throttled => Ok(too_many_requests()),
        Refusal::Lost | Refusal::Conflict => Err(io::Error::other("the connection was lost")),
    };
    let call = Call::of(&request);
    let perform = async {
        match router.oneshot(request.map(Body::new)).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    };
    faults.perform(call, refuse, perform).await
}

fn too_many_requests() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response
        .headers_mut()
        .insert(RETRY_AFTER, http::HeaderValue::from_static("0"));
    response
}
