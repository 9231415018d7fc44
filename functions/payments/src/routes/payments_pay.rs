//! `GET /api/payments/pay/{offer}`: the payment link in a chat. `{offer}` is an order's id, or a
//! sealed offer. Redirects to the checkout page, or shows why there is none.
//! `GET /api/payments/back`: the page after paying, or with `?cancelled=1` after leaving the
//! checkout.

mod page;

use std::sync::Arc;

use confab_core::{Error, Kind, OrderId, Private, Result};
use confab_lambda::{
    Response, Router,
    extract::{Path, Whole},
    response,
};
use http::{HeaderValue, StatusCode, header};
use payments_domain::OrderState;

use self::page::{Language, Message, page};
use crate::{
    services::checkout::{CANCELLED, start_from_sealed_offer, start_from_stored_offer},
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Stripe,
    Part::Seal,
    Part::Prices,
    Part::DynamoDbConnection,
];

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /api/payments/pay/{offer}", open_link)
        .route("HEAD /api/payments/pay/{offer}", open_link)
        .route("GET /api/payments/back", show_return_page)
}

/// Messengers open a link for its preview, before the payer does. That starts the checkout early,
/// and the payer gets the same order and page.
async fn open_link(
    state: Arc<State>,
    Path(offer): Path<String>,
    language: Language,
    Whole(request): Whole,
) -> Result<Response> {
    let correlation_id = request.correlation_id;
    let started = match offer.parse::<OrderId>() {
        Ok(id) => start_from_stored_offer(&state, id, correlation_id).await,
        Err(_) => start_from_sealed_offer(&state, &offer, correlation_id).await,
    };
    let (status, message) = match started {
        Ok(checkout) => match checkout.url {
            Some(url) => return redirect(&url).map(private),
            None => message_for_state(checkout.order.state),
        },
        Err(error) => message_for_error(request.error_status(&error), &error),
    };
    page(status, message, language).map(private)
}

async fn show_return_page(language: Language, Whole(request): Whole) -> Result<Response> {
    let message = if request.query_value(CANCELLED).is_some() {
        Message::Cancelled
    } else {
        Message::Returned
    };
    page(StatusCode::OK, message, language).map(private)
}

/// Forbids caching, since a link's answer changes, and referrers, since its address may hold an
/// offer.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}

fn redirect(url: &Private<String>) -> Result<Response> {
    let unreadable = |e| Error::unavailable("stripe_unreadable", e);
    let url = HeaderValue::try_from(url.as_str()).map_err(unreadable)?;
    let mut response = response::empty(StatusCode::SEE_OTHER);
    response.headers_mut().insert(header::LOCATION, url);
    Ok(response)
}

fn message_for_state(state: OrderState) -> (StatusCode, Message) {
    match state {
        OrderState::Paid => (StatusCode::OK, Message::Paid),
        OrderState::Created | OrderState::Pending => (StatusCode::OK, Message::Pending),
        OrderState::Refunded | OrderState::Disputed => (StatusCode::GONE, Message::Refunded),
        OrderState::Failed | OrderState::Expired => (StatusCode::GONE, Message::Expired),
    }
}

fn message_for_error(status: StatusCode, error: &Error) -> (StatusCode, Message) {
    match (error.code(), error.kind()) {
        // An expired seal, an order past its deadline and a changed offer look alike to a payer.
        ("expired", _) | (_, Kind::Conflict) => (StatusCode::GONE, Message::Expired),
        (_, Kind::Unauthenticated | Kind::NotFound) => (status, Message::Broken),
        (_, Kind::Unprocessable) => (status, Message::NotForSale),
        (_, Kind::Unavailable) => (status, Message::Unavailable),
        _ => (status, Message::ServerError),
    }
}

#[cfg(test)]
mod tests {
    use confab_contracts::payments::Offer;
    use confab_core::{Timestamp, unseal};
    use confab_testkit::{request, sample};

    use super::*;

    #[test]
    fn sample_link_holds_a_sealed_offer() {
        let request = request(&sample("payments", "payments-pay.offer"));
        let offer = request.uri().path().rsplit('/').next().unwrap();
        let offer: Offer = unseal(&[b"seal-secret"], offer, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(offer.purchase.item, "studio.standard");
    }

    #[test]
    fn states_and_errors_have_their_page_and_status() {
        for (state, status, expected_message) in [
            (OrderState::Paid, 200, Message::Paid),
            (OrderState::Pending, 200, Message::Pending),
            (OrderState::Refunded, 410, Message::Refunded),
            (OrderState::Disputed, 410, Message::Refunded),
            (OrderState::Expired, 410, Message::Expired),
            (OrderState::Failed, 410, Message::Expired),
        ] {
            let (found, message) = message_for_state(state);
            assert_eq!(
                (found.as_u16(), message),
                (status, expected_message),
                "{state:?}"
            );
        }
        let forged = Error::unauthenticated("This was not made by us.");
        let expired = Error::new(Kind::Unauthenticated, "expired", "This has expired.");
        let unsold = Error::new(Kind::Unprocessable, "not_for_sale", "This is not for sale.");
        for (error, status, expected, expected_message) in [
            (forged, 401, 401, Message::Broken),
            (expired, 401, 410, Message::Expired),
            (Error::not_found("offer"), 404, 404, Message::Broken),
            (
                Error::conflict("offer_over", "It is too late."),
                409,
                410,
                Message::Expired,
            ),
            (unsold, 422, 422, Message::NotForSale),
            (
                Error::unavailable("stripe_busy", "simulated"),
                503,
                503,
                Message::Unavailable,
            ),
            (
                Error::internal("stripe_refused", "simulated"),
                500,
                500,
                Message::ServerError,
            ),
        ] {
            let (found, message) = message_for_error(StatusCode::from_u16(status).unwrap(), &error);
            assert_eq!(
                (found.as_u16(), message),
                (expected, expected_message),
                "{error}"
            );
        }
    }

    #[test]
    fn redirect_refuses_a_malformed_address() {
        let page = "https://checkout.stripe.com/c/pay/cs_1#fid";
        let response = redirect(&page.into()).unwrap();
        assert_eq!(response.status().as_u16(), 303);
        assert_eq!(response.headers()["location"], page);
        assert!(redirect(&"https://a.example/\r\nset-cookie: a=b".into()).is_err());
    }
}
