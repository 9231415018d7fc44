//! What the endpoint dispatches to.

use std::sync::Arc;

use crate::{
    account::Account,
    dynamodb::Tables,
    eventbridge::EventBuses,
    lambda::{AsyncInvoker, Functions},
    latency::Latency,
    recorder::Recorder,
    s3::Objects,
    ses::Mailbox,
    sqs::Queues,
    ssm::ParameterStore,
    tenants::TenantIsolation,
    websocket::WebSocketGateway,
};

#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) account: Account,
    pub(crate) events: Arc<EventBuses>,
    pub(crate) functions: Arc<Functions>,
    pub(crate) invoker: Arc<AsyncInvoker>,
    pub(crate) latency: Arc<Latency>,
    pub(crate) mails: Arc<Mailbox>,
    pub(crate) objects: Arc<Objects>,
    pub(crate) parameters: Arc<ParameterStore>,
    pub(crate) queues: Arc<Queues>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) tables: Arc<Tables>,
    pub(crate) tenants: Arc<TenantIsolation>,
    pub(crate) websockets: Arc<WebSocketGateway>,
}
