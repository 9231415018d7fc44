//! `payments-pay`: the payment link in a chat, and the page after paying.

use std::{sync::Arc, time::Duration};

use confab_contracts::payments::Offer;
use confab_core::{Clock, Error, OrderId, Result, before};
use confab_lambda::OsEntropy;
use confab_testkit::{
    Enumeration, Fault, Faults, Scenario, TestRequest, TestResponse, enumerate, send,
};
use payments::{State, routes::payments_pay};
use serde_json::json;

use crate::{invariants, world::World};

const HOUR: Duration = Duration::from_secs(3600);
const UNSAFE: &str = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";

impl World {
    async fn open_link(&self, request: &TestRequest) -> TestResponse {
        let state = self.warm("payments-pay", payments_pay::PARTS).await;
        send(&payments_pay::routes(), &state, &self.clock, request).await
    }

    async fn show(&self, path: &str) -> TestResponse {
        self.open_link(&TestRequest::get(path)).await
    }

    /// Stores an offer, and returns its short link.
    async fn short_link(&self, offer: &Offer) -> String {
        let body = json!({ "offer": self.seal(offer) });
        let request = TestRequest::post("/api/payments/offers/", body);
        assert_eq!(self.checkout(&request).await.status, 201);
        link(&offer.order_id.to_string())
    }
}

fn link(offer: &str) -> String {
    format!("/api/payments/pay/{offer}")
}

/// Asserts what every page has, and returns its status and heading.
fn shown(page: &TestResponse) -> (u16, &str) {
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-robots-tag"), "noindex");
    let policy = page.header("content-security-policy");
    let starts = "default-src 'none'; style-src 'sha256-";
    assert!(policy.starts_with(starts), "{policy}");
    assert!(!page.text.contains("<script"), "{page:?}");
    let rest = page.text.split_once("<h1>").map(|(_, rest)| rest);
    let heading = rest.and_then(|rest| rest.split_once("</h1>"));
    (page.status, heading.map_or("", |(heading, _)| heading))
}

#[tokio::test]
async fn links_of_both_kinds_lead_to_one_page() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let short = world.short_link(&offer).await;
    let sealed = link(&world.seal(&offer));
    let first = world.show(&short).await;
    assert_eq!((first.status, first.text.as_str()), (303, ""));
    assert_eq!(first.header("cache-control"), "no-store");
    assert_eq!(first.header("referrer-policy"), "no-referrer");
    let page = world.take(&offer).await;
    let address = first.header("location").to_owned();
    assert!(address.ends_with(&page), "{address}");
    for request in [
        TestRequest::get(&short),
        TestRequest::head(&short),
        TestRequest::get(&sealed),
        TestRequest::head(&sealed),
    ] {
        let again = world.open_link(&request).await;
        assert_eq!(
            (again.status, again.header("location")),
            (303, address.as_str())
        );
    }
    invariants::check(&world, "opened").await;
}

#[tokio::test]
async fn links_show_what_became_of_the_order() {
    let world = World::open().await;
    let (offer, page) = world.sell("usr_1").await;
    let link_to = link(&world.seal(&offer));
    let shows = async |heading: &'static str, status: u16| {
        assert_eq!(shown(&world.show(&link_to).await), (status, heading));
    };
    shows("This is already paid", 200).await;
    world.at_stripe(&page, "refund", json!({})).await;
    world.deliver_new().await;
    world.drain().await;
    shows("Your payment was returned", 410).await;
    let debit = world.offer("studio.lite", "usr_1");
    let page = world.take(&debit).await;
    world.pay(&page, "async_failure").await;
    world.deliver_new().await;
    world.drain().await;
    let link_to = link(&world.seal(&debit));
    let pending = world.show(&link_to).await;
    assert_eq!(shown(&pending), (200, "Your payment is on its way"));
    world.pass(HOUR);
    world.deliver_new().await;
    world.drain().await;
    let failed = world.show(&link_to).await;
    assert_eq!(shown(&failed), (410, "This link has expired"));
}

#[tokio::test]
async fn broken_links_are_explained_and_change_nothing() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let sealed = world.seal(&offer);
    let expired = world.seal_until(&offer, before(world.clock.now(), HOUR));
    let unsold = world.seal(&world.offer("studio.unheard_of", "usr_1"));
    let unknown = world.new_order_id().to_string();
    let yesterday = before(world.clock.now(), 25 * HOUR);
    let ancient = OrderId::new(yesterday, &OsEntropy).to_string();
    let cut_off = sealed[..sealed.len() - 9].to_owned();
    for (offer, status, heading) in [
        (expired, 410, "This link has expired"),
        (ancient, 410, "This link has expired"),
        (unknown.clone(), 404, "This link is incomplete"),
        (unknown[..20].to_owned(), 401, "This link is incomplete"),
        (cut_off, 401, "This link is incomplete"),
        ("e30.e30".to_owned(), 401, "This link is incomplete"),
        ("x".repeat(8_000), 401, "This link is incomplete"),
        (UNSAFE.to_owned(), 401, "This link is incomplete"),
        (unsold, 422, "This is not for sale"),
    ] {
        let page = world.show(&link(&offer)).await;
        assert_eq!(shown(&page), (status, heading), "{offer}");
    }
    assert!(world.rows().await.is_empty());
    assert!(world.payments().await.is_empty());
}

#[tokio::test]
async fn short_links_expire_and_still_show_payments() {
    let world = World::open().await;
    let [paid, taken, untouched] =
        ["usr_1", "usr_2", "usr_3"].map(|payer| world.offer("studio.lite", payer));
    let mut links = Vec::new();
    for offer in [&paid, &taken, &untouched] {
        links.push(world.short_link(offer).await);
    }
    for link in &links[..2] {
        assert_eq!(world.show(link).await.status, 303);
    }
    let page = world.take(&paid).await;
    world.pay(&page, "success").await;
    world.deliver_new().await;
    world.drain().await;
    world.clock.advance(24 * HOUR);
    for (link, page) in links.iter().zip([
        (200, "This is already paid"),
        (410, "This link has expired"),
        (410, "This link has expired"),
    ]) {
        assert_eq!(shown(&world.show(link).await), page);
    }
    let again = world.short_link(&untouched).await;
    assert_eq!(world.show(&again).await.status, 303, "it is offered again");
}

#[tokio::test]
async fn short_links_end_when_their_offer_says_so() {
    let world = World::open().await;
    let offer = Offer {
        expires_at: Some(confab_core::after(world.clock.now(), HOUR)),
        ..world.offer("rooms.pin_100", "usr_1")
    };
    let link = world.short_link(&offer).await;
    world.clock.advance(HOUR - Duration::from_secs(1));
    assert_eq!(world.show(&link).await.status, 303);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(
        shown(&world.show(&link).await),
        (410, "This link has expired")
    );
}

#[tokio::test]
async fn links_ask_for_patience_while_stripe_or_the_table_is_away() {
    let world = World::open().await;
    let link = link(&world.seal(&world.offer("studio.lite", "usr_1")));
    world.fail_at_stripe(json!({ "http": 500 })).await;
    let page = world.show(&link).await;
    assert_eq!(shown(&page), (503, "One moment, please"));
    assert_eq!(
        (page.header("refresh"), page.header("retry-after")),
        ("60", "60")
    );
    let state = world.state("payments-pay", payments_pay::PARTS).await;
    world.cloud.faults().plan(0, Fault::Throttled);
    let request = TestRequest::get(&link);
    let page = send(&payments_pay::routes(), &state, &world.clock, &request).await;
    assert_eq!(shown(&page), (503, "One moment, please"));
    world.cloud.faults().clear();
    assert_eq!(world.show(&link).await.status, 303, "both are back");
}

#[tokio::test]
async fn returning_payers_are_thanked_or_told_that_nothing_was_paid() {
    let world = World::open().await;
    for (path, language, heading, direction) in [
        ("", "en", "Thank you", "ltr"),
        ("", "fr", "Thank you", "ltr"),
        ("?cancelled=1", "en", "Nothing was paid", "ltr"),
        (
            "?cancelled=1",
            "he-IL,he;q=0.9,en;q=0.8",
            "לא בוצע תשלום",
            "rtl",
        ),
        ("?cancelled=%3Cscript", "en", "Nothing was paid", "ltr"),
    ] {
        let request = TestRequest::get(format!("/api/payments/back{path}"));
        let page = world
            .open_link(&request.header("accept-language", language))
            .await;
        assert_eq!(shown(&page), (200, heading), "{path} {language}");
        assert!(
            page.text.contains(&format!("dir=\"{direction}\"")),
            "{page:?}"
        );
    }
    assert!(world.rows().await.is_empty());
}

/// A payer opens a short link until it leads to the page.
struct Opening {
    world: World,
    state: Arc<State>,
    request: TestRequest,
}

impl Scenario for Opening {
    async fn arrange() -> Self {
        let world = World::open().await;
        let link = world.short_link(&world.offer("studio.lite", "usr_1")).await;
        let state = world.state("payments-pay", payments_pay::PARTS).await;
        Self {
            world,
            state,
            request: TestRequest::get(link),
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let (routes, clock) = (payments_pay::routes(), &self.world.clock);
        match send(&routes, &self.state, clock, &self.request)
            .await
            .status
        {
            303 => Ok(()),
            status => Err(Error::unavailable("not_led", status.to_string())),
        }
    }

    async fn check(&self, story: &str) {
        let payments = self.world.payments().await;
        assert_eq!(payments.len(), 1, "{story}");
        let page = payments[0]["session"].as_str().unwrap();
        self.world.pay(page, "success").await;
        self.world.deliver_new().await;
        self.world.drain().await;
        assert_eq!(self.world.credits("usr_1").await, 1, "{story}");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn links_lead_to_one_page_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Opening>().await;
    assert!(calls >= 4, "{calls}");
}
