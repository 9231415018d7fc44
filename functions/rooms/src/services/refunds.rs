//! Refund requests to payments.

use confab_aws::Bus;
use confab_contracts::{Event, payments::RefundRequested};
use confab_core::{CorrelationId, EventId, OrderId, Result, Timestamp};
use rooms_domain::{PRODUCT, RefundReason};

/// Requests a refund. Payments refunds an order once, however often it is requested.
pub(crate) async fn request_refund(
    bus: &Bus,
    order: OrderId,
    reason: RefundReason,
    at: Timestamp,
    correlation_id: CorrelationId,
) -> Result<()> {
    bus.publish(&[refund_requested(order, reason, at, correlation_id)])
        .await
}

/// The event of a refund request; all requests for one order have the same id.
pub(crate) fn refund_requested(
    order: OrderId,
    reason: RefundReason,
    at: Timestamp,
    correlation_id: CorrelationId,
) -> Event<RefundRequested> {
    let cause = format!("not_given#{order}");
    let data = RefundRequested {
        order_id: order,
        product: PRODUCT.to_owned(),
        reason: reason.reason().to_owned(),
    };
    Event::new(
        EventId::of_event(&cause),
        at,
        PRODUCT,
        correlation_id,
        cause,
        data,
    )
}
