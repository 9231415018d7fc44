//! The HTTPS client under every AWS client: HTTP/1.1, Amazon's roots, ring.
//!
//! The SDK's own connector would link HTTP/2 into all HTTP clients of a function, which none of them speaks.

use std::{error::Error as _, sync::Arc, time::Duration};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use confab_core::{Error, Result};
use reqwest::{Body, Client, Request, redirect::Policy};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Every AWS endpoint chains to one of these. Parsing the 144 roots of a system costs more than the rest of a start.
pub(crate) const AMAZON_ROOTS: &[u8] = include_bytes!("../roots/amazon.pem");

#[derive(Debug, Clone)]
pub(crate) struct Https(Client);

impl Https {
    /// `silence` bounds the time between two reads.
    pub(crate) fn new(connect: Duration, silence: Duration) -> Result<Self> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(connect)
            .read_timeout(silence)
            .build()
            .map_err(|error| Error::internal("http_client_failed", error))?;
        Ok(Self(client))
    }
}

fn tls() -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(AMAZON_ROOTS).flatten());
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("tls_setup_failed", error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

impl HttpConnector for Https {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(error.into()))?;
            let request = Request::try_from(request.map(Body::wrap)).map_err(connector_error)?;
            let response =
                http::Response::from(client.execute(request).await.map_err(connector_error)?);
            let response = HttpResponse::try_from(response.map(SdkBody::from_body_1_x));
            response.map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Whether a request was not sent, because there was no connection.
pub(crate) fn never_connected(error: &ConnectorError) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    cause.is_some_and(reqwest::Error::is_connect)
}

/// Classifies an error for the SDK, which decides on retries.
fn connector_error(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazon_roots_can_be_parsed() {
        let mut roots = RootCertStore::empty();
        let certificates =
            CertificateDer::pem_slice_iter(AMAZON_ROOTS).map(|certificate| certificate.unwrap());
        assert_eq!(roots.add_parsable_certificates(certificates), (4, 0));
    }
}
