//! What the handlers share.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use confab_emulator::Emulator;
use serde_json::Value;

use crate::{services::Page, sites::Site};

#[derive(Debug, Clone)]
pub(crate) struct Control {
    pub(crate) emulator: Emulator,
    pub(crate) addresses: Addresses,
    pub(crate) pages: PathBuf,
    /// The service of each function.
    pub(crate) services: Arc<BTreeMap<String, String>>,
    pub(crate) service_pages: Arc<Vec<Page>>,
    /// The services that the home page links.
    pub(crate) products: Arc<Vec<Value>>,
    pub(crate) sites: Arc<Vec<Arc<Site>>>,
}

/// Where each listener is.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Addresses {
    pub(crate) home: String,
    pub(crate) gateway: String,
    pub(crate) aws: String,
    /// The first WebSocket API, when the template has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) socket: Option<String>,
    /// Sites of services by their names, which are none of the above.
    #[serde(flatten)]
    pub(crate) sites: BTreeMap<String, String>,
}
