//! One WebSocket API of the template.

use super::counts::Counts;
use crate::template::SocketApi;

#[derive(Debug)]
pub(super) struct Api {
    pub(super) spec: SocketApi,
    pub(super) counts: Counts,
}
