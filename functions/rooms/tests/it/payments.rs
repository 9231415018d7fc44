//! A stand-in for payments: it stores offers, and tells rooms what became of their orders.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use confab_contracts::{
    Event,
    payments::{Offer, OfferStored, PaymentReceived, PaymentRefunded, ReturnReason},
};
use confab_core::{
    Clock, CorrelationId, Currency, EventId, Money, OrderId, Result, UserId, after, unseal,
};
use confab_lambda::OsEntropy;
use confab_testkit::{Cloud, TestClock};
use rooms::workers::rooms_paid;
use rooms_domain::{Goods, PurchaseJob, RoomCode, Tier};
use serde_json::{Value, json};

use crate::world::{PAID_QUEUE, User, World, lock};

/// The queue of what products request of payments.
const REQUEST_QUEUE: &str = "confab-payments-requests";
const SEAL_SECRET: &[u8] = b"seal-secret";
const LINK_TTL: Duration = Duration::from_secs(24 * 3600);

/// The API of payments that stores offers.
pub(crate) struct PayApi {
    clock: TestClock,
    offers: Mutex<Vec<Offer>>,
    status: AtomicU16,
}

impl PayApi {
    /// Serves the API to all functions of a cloud.
    pub(crate) async fn serve(cloud: &mut Cloud) -> Arc<Self> {
        let api = Arc::new(Self {
            clock: cloud.clock(),
            offers: Mutex::default(),
            status: AtomicU16::new(201),
        });
        let routes = Router::new()
            .route("/api/payments/offers/", post(store_offer))
            .with_state(api.clone());
        let address = cloud.serve(|_| routes).await;
        cloud.set_variable("PAY_BASE_URL", address);
        api
    }

    pub(crate) fn offers(&self) -> Vec<Offer> {
        lock(&self.offers).clone()
    }

    /// Answers all requests with a status from now on.
    pub(crate) fn fail_with(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }
}

async fn store_offer(
    State(api): State<Arc<PayApi>>,
    Json(new): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let status = StatusCode::from_u16(api.status.load(Ordering::Relaxed)).unwrap();
    if !status.is_success() {
        return (status, Json(json!({})));
    }
    let (token, now) = (new["offer"].as_str().unwrap(), api.clock.now());
    let offer: Offer = unseal(&[SEAL_SECRET], token, now).unwrap();
    let stored = OfferStored {
        order_id: offer.order_id,
        expires_at: offer.expires_at.unwrap_or_else(|| after(now, LINK_TTL)),
    };
    lock(&api.offers).push(offer);
    (status, Json(serde_json::to_value(stored).unwrap()))
}

/// An order that was taken at payments.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) room: RoomCode,
    pub(crate) payer: UserId,
    pub(crate) goods: Goods,
    /// All of its money went back to the payer.
    pub(crate) is_refunded: bool,
}

impl Order {
    fn price(&self) -> Money {
        let minor = match self.goods {
            Goods::Pin { tier, .. } => tier.number(),
            Goods::Tip { amount } => amount,
            Goods::BackRoom => 500,
        };
        Money::new(minor.into(), Currency::Usd)
    }

    fn row_key(&self) -> (String, String) {
        (format!("PAID#{}", self.room), self.id.to_string())
    }
}

pub(crate) fn pin(seq: u64, tier: u32) -> Goods {
    let tier = Tier::parse(tier).unwrap();
    Goods::Pin { seq, tier }
}

pub(crate) fn tip(amount: u32) -> Goods {
    Goods::Tip { amount }
}

impl World {
    /// Lets a user order something in the room.
    pub(crate) fn order(&self, payer: &User, goods: Goods) -> Order {
        Order {
            id: OrderId::new(self.now(), &OsEntropy),
            room: self.room,
            payer: payer.id,
            goods,
            is_refunded: false,
        }
    }

    fn event<D: confab_contracts::Contract>(&self, order: &Order, data: D) -> Event<D> {
        let cause = format!("{}#{}", D::TYPE, order.id);
        let correlation_id = CorrelationId::of_event(&cause);
        let id = EventId::of_event(&cause);
        Event::new(id, self.now(), "payments", correlation_id, cause, data)
    }

    /// The job that an order was paid.
    pub(crate) fn received(&self, order: &Order) -> Value {
        let data = PaymentReceived {
            order_id: order.id,
            purchase: order.goods.purchase(order.room, order.payer),
            amount: order.price(),
            credits: 0,
        };
        let job = PurchaseJob::PaymentReceived(self.event(order, data));
        serde_json::to_value(job).unwrap()
    }

    /// The job that the money of an order was refunded, all of it or a part.
    pub(crate) fn refunded(&self, order: &Order, is_all: bool) -> Value {
        let data = PaymentRefunded {
            order_id: order.id,
            purchase: order.goods.purchase(order.room, order.payer),
            returned: order.price(),
            is_all,
            reason: ReturnReason::Refund,
        };
        let job = PurchaseJob::PaymentRefunded(self.event(order, data));
        serde_json::to_value(job).unwrap()
    }

    pub(crate) async fn paid_job(&self, job: &Value) -> Result<()> {
        let state = self.state("rooms-paid").await;
        rooms_paid::handle(state, self.message(job)).await
    }

    /// Tells rooms that an order was paid.
    pub(crate) async fn tell_received(&self, order: &Order) -> Result<()> {
        self.paid_job(&self.received(order)).await?;
        let mut orders = lock(&self.orders);
        if !orders.iter().any(|known| known.id == order.id) {
            orders.push(order.clone());
        }
        Ok(())
    }

    /// Tells rooms that the money of an order was refunded.
    pub(crate) async fn tell_refunded(&self, order: &Order) -> Result<()> {
        self.paid_job(&self.refunded(order, true)).await?;
        let mut orders = lock(&self.orders);
        orders.retain(|known| known.id != order.id);
        orders.push(Order {
            is_refunded: true,
            ..order.clone()
        });
        Ok(())
    }

    /// Lets a user buy something in the room.
    pub(crate) async fn buy(&self, payer: &User, goods: Goods) -> Order {
        let order = self.order(payer, goods);
        self.tell_received(&order).await.unwrap();
        order
    }

    /// Reads the row of a purchase; null when there is none.
    pub(crate) async fn purchase(&self, order: &Order) -> Value {
        let (pk, sk) = order.row_key();
        self.row(&pk, &sk).await
    }

    /// Reads the status of a purchase: `given`, `not_given` or `returned`, and why it was not given.
    pub(crate) async fn status(&self, order: &Order) -> (String, String) {
        let row = self.purchase(order).await;
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        (text("became"), text("why"))
    }

    /// Returns the events that request refunds, oldest first.
    pub(crate) fn refund_requests(&self) -> Vec<Value> {
        let jobs = self.cloud.queued(REQUEST_QUEUE).into_iter();
        jobs.filter(|job| job["detail-type"] == "refund_requested")
            .map(|mut job| job["detail"].take())
            .collect()
    }

    /// Returns the reasons of the refunds that were requested for an order.
    pub(crate) fn refund_reasons(&self, order: &Order) -> Vec<String> {
        let requests = self.refund_requests().into_iter();
        requests
            .filter(|event| event["data"]["order_id"] == json!(order.id))
            .map(|event| event["data"]["reason"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Returns the jobs that closed rooms have queued.
    pub(crate) fn closings(&self) -> Vec<Value> {
        let jobs = self.cloud.queued(PAID_QUEUE).into_iter();
        jobs.filter(|job| job["detail-type"] == "room_closed")
            .collect()
    }
}
