//! `GET /api/payments/pay/{offer}`: the link in a chat that leads to where an offer is paid, or to a page that says why
//! it does not. `{offer}` is the order's id, or the sealed offer itself. `GET /api/payments/back`: where the person lands
//! after paying, or with `?cancelled=1` without it.

mod page;

use std::sync::Arc;

use confab_core::{Error, Kind, OrderId, Private, Result};
use confab_lambda::{ApiRequest, Response, response};
use http::{HeaderValue, Method, StatusCode, header};
use payments_domain::State;

use self::page::{Language, Said, page};
use crate::{
    Checkout,
    services::checkout::{CANCELLED, Taken, take_kept, take_sealed},
};

/// Messengers open a link before its person does, to show what is behind it. That makes the order and its page, which
/// the person then comes to as well: the same offer is the same order. All it takes is time, since the day in which
/// the page can be paid has begun.
pub async fn handle(deps: Arc<Checkout>, call: ApiRequest) -> Result<Response> {
    let language = Language::preferred(call.header("accept-language").unwrap_or_default());
    let mut response = if call.path().ends_with("/payments/back") {
        let is_cancelled = call.query_value(CANCELLED).is_some();
        page(
            StatusCode::OK,
            if is_cancelled {
                Said::Cancelled
            } else {
                Said::Back
            },
            language,
        )?
    } else {
        match take(&deps, &call).await {
            Ok(Taken {
                page: Some(url), ..
            }) => see_other(&url)?,
            Ok(Taken { order, page: None }) => {
                let (status, said) = nothing_to_pay(order.state);
                page(status, said, language)?
            }
            Err(error) => {
                let (status, said) = instead(call.error_status(&error), &error);
                page(status, said, language)?
            }
        }
    };
    if call.request.method() == Method::HEAD {
        *response.body_mut() = Default::default();
    }
    // An address that holds an offer is nobody else's to know, and what it leads to changes.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    Ok(response)
}

async fn take(deps: &Checkout, call: &ApiRequest) -> Result<Taken> {
    match call.last_segment().parse::<OrderId>() {
        Ok(id) => take_kept(deps, id, call.correlation_id).await,
        Err(_) => take_sealed(deps, call.last_segment(), call.correlation_id).await,
    }
}

fn see_other(url: &Private<String>) -> Result<Response> {
    let unreadable = |e| Error::unavailable("stripe_unreadable", e);
    let url = HeaderValue::try_from(url.as_str()).map_err(unreadable)?;
    let mut response = response::empty(StatusCode::SEE_OTHER);
    response.headers_mut().insert(header::LOCATION, url);
    Ok(response)
}

fn nothing_to_pay(state: State) -> (StatusCode, Said) {
    match state {
        State::Paid => (StatusCode::OK, Said::Paid),
        State::Created | State::Pending => (StatusCode::OK, Said::UnderWay),
        State::Refunded | State::Disputed => (StatusCode::GONE, Said::Returned),
        State::Failed | State::Expired => (StatusCode::GONE, Said::Over),
    }
}

fn instead(status: StatusCode, error: &Error) -> (StatusCode, Said) {
    match (error.code(), error.kind()) {
        // To a person it is one thing whether the seal, the order or its words are from another time.
        ("expired", _) | (_, Kind::Conflict) => (StatusCode::GONE, Said::Over),
        (_, Kind::Unauthenticated | Kind::NotFound) => (status, Said::Broken),
        (_, Kind::Unprocessable) => (status, Said::NotForSale),
        (_, Kind::Unavailable) => (status, Said::Later),
        _ => (status, Said::OurFault),
    }
}

#[cfg(test)]
mod tests {
    use confab_contracts::payments::Offer;
    use confab_core::{Timestamp, unseal};
    use confab_testkit::{request, sample};

    use super::*;

    #[test]
    fn the_sample_is_an_offer_in_a_link() {
        let request = request(&sample("payments", "payments-pay.offer"));
        let offer = request.uri().path().rsplit('/').next().unwrap();
        let offer: Offer = unseal(&[b"seal-secret"], offer, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(offer.purchase.item, "studio.standard");
    }

    #[test]
    fn what_is_the_case_is_said_with_its_status() {
        for (state, status, said) in [
            (State::Paid, 200, Said::Paid),
            (State::Pending, 200, Said::UnderWay),
            (State::Refunded, 410, Said::Returned),
            (State::Disputed, 410, Said::Returned),
            (State::Expired, 410, Said::Over),
            (State::Failed, 410, Said::Over),
        ] {
            let (found, what) = nothing_to_pay(state);
            assert_eq!((found.as_u16(), what), (status, said), "{state:?}");
        }
        let forged = Error::unauthenticated("This was not made by us.");
        let expired = Error::new(Kind::Unauthenticated, "expired", "This has expired.");
        let unsold = Error::new(Kind::Unprocessable, "not_for_sale", "This is not for sale.");
        for (error, status, expected, said) in [
            (forged, 401, 401, Said::Broken),
            (expired, 401, 410, Said::Over),
            (Error::not_found("offer"), 404, 404, Said::Broken),
            (
                Error::conflict("offer_over", "It is too late."),
                409,
                410,
                Said::Over,
            ),
            (unsold, 422, 422, Said::NotForSale),
            (
                Error::unavailable("stripe_busy", "on purpose"),
                503,
                503,
                Said::Later,
            ),
            (
                Error::internal("stripe_refused", "on purpose"),
                500,
                500,
                Said::OurFault,
            ),
        ] {
            let (found, what) = instead(StatusCode::from_u16(status).unwrap(), &error);
            assert_eq!((found.as_u16(), what), (expected, said), "{error}");
        }
    }

    #[test]
    fn an_address_that_is_none_leads_nowhere() {
        let page = "https://checkout.stripe.com/c/pay/cs_1#fid";
        let response = see_other(&page.into()).unwrap();
        assert_eq!(response.status().as_u16(), 303);
        assert_eq!(response.headers()["location"], page);
        assert!(see_other(&"https://a.example/\r\nset-cookie: a=b".into()).is_err());
    }
}
