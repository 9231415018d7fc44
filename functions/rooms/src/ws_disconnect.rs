//! `$disconnect`: a socket is gone. API Gateway tells it as well as it can; what it does not tell is found by posting.

use std::sync::Arc;

use confab_kernel::Result;
use confab_lambda::Frame;

use crate::{Door, speaking::connection};

pub async fn handle(deps: Arc<Door>, frame: Frame) -> Result<()> {
    let ticket = connection(&frame)?;
    deps.store.disconnected(ticket.room, ticket.id, &frame.connection_id).await
}
