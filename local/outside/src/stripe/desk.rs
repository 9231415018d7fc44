//! One change of Stripe's books: what is saved, and the events that tell of it, in one transaction.

use serde_json::{Value, json};

use super::{
    objects::{BalanceTransaction, Charge, Dispute, Intent, Object, Refund, Session, Sort},
    refusal::Refusal,
    version::Version,
    webhook,
};
use crate::{
    Outside, ids,
    queue::{Kind, Lane, Provider},
    store::{Writer, stripe, webhooks::Notice},
};

pub(super) struct Desk<'w, 'db> {
    pub(super) writer: &'w mut Writer<'db>,
    pub(super) now: i64,
    /// Where pages are.
    pub(super) base_url: &'w str,
    /// The call of the API that it comes from.
    pub(super) request: Value,
    /// What is answered is written in it.
    pub(super) version: Version,
}

impl<'w, 'db> Desk<'w, 'db> {
    pub(super) fn new(writer: &'w mut Writer<'db>, outside: &'w Outside) -> Self {
        let nobody = json!({"id": null, "idempotency_key": null});
        let version = writer.stripe.api_version;
        Self {
            writer,
            now: outside.now(),
            base_url: &outside.options.base_url,
            request: nobody,
            version,
        }
    }

    pub(super) fn seconds(&self) -> i64 {
        self.now.div_euclid(1_000)
    }

    pub(super) fn get(&self, sort: Sort, id: &str) -> Result<Object, Refusal> {
        let found = stripe::get(self.writer.db, id)?.filter(|object| object.sort() == sort);
        found.ok_or_else(|| Refusal::missing(sort.name(), id))
    }

    pub(super) fn session(&self, id: &str) -> Result<Session, Refusal> {
        match self.get(Sort::Session, id)? {
            Object::Session(session) => Ok(*session),
            _ => Err(Refusal::internal()),
        }
    }

    pub(super) fn intent(&self, id: &str) -> Result<Intent, Refusal> {
        match self.get(Sort::Intent, id)? {
            Object::Intent(intent) => Ok(*intent),
            _ => Err(Refusal::internal()),
        }
    }

    pub(super) fn charge(&self, id: &str) -> Result<Charge, Refusal> {
        match self.get(Sort::Charge, id)? {
            Object::Charge(charge) => Ok(*charge),
            _ => Err(Refusal::internal()),
        }
    }

    pub(super) fn dispute(&self, id: &str) -> Result<Dispute, Refusal> {
        match self.get(Sort::Dispute, id)? {
            Object::Dispute(dispute) => Ok(dispute),
            _ => Err(Refusal::internal()),
        }
    }

    pub(super) fn refund(&self, id: &str) -> Result<Refund, Refusal> {
        match self.get(Sort::Refund, id)? {
            Object::Refund(refund) => Ok(refund),
            _ => Err(Refusal::internal()),
        }
    }

    pub(super) fn wire(&self, object: impl Into<Object>) -> Result<Value, Refusal> {
        Ok(object.into().wire(self.version)?)
    }

    pub(super) fn save(&mut self, object: impl Into<Object>) -> Result<(), Refusal> {
        Ok(stripe::put(self.writer.db, &object.into())?)
    }

    /// An event about the object as it is now, owed to the app unless it is one of those that get lost.
    pub(super) fn tell(
        &mut self,
        kind: &str,
        object: impl Into<Object>,
        before: Option<Value>,
    ) -> Result<(), Refusal> {
        let object = object.into();
        let correlation_id = self.correlation(&object)?;
        let version = self.writer.stripe.api_version;
        let mut data = json!({"object": object.wire(version)?});
        if let Some(before) = before {
            data["previous_attributes"] = before;
        }
        let id = ids::stripe("evt", 24);
        let event = json!({
            "id": id, "object": "event", "api_version": version, "created": self.seconds(), "data": data,
            "livemode": false, "pending_webhooks": 1, "request": self.request, "type": kind,
        });
        stripe::add_event(self.writer.db, &id, kind, self.seconds(), &event)?;
        match fastrand::u32(0..100) < self.writer.stripe.drop_percent {
            true => Ok(()),
            false => self.owe(&id, &event, correlation_id.as_deref()),
        }
    }

    pub(super) fn owe(
        &mut self,
        id: &str,
        event: &Value,
        correlation_id: Option<&str>,
    ) -> Result<(), Refusal> {
        let notice = Notice {
            lane: Lane {
                person: id.to_owned(),
                kind: Kind::Event,
            },
            provider: Provider::Stripe,
            message_id: id.to_owned(),
            payload: webhook::payload(event, correlation_id),
        };
        Ok(self.writer.owe(&notice, self.now)?)
    }

    /// What the app attached when it asked for the payment.
    pub(super) fn correlation(&self, object: &Object) -> Result<Option<String>, Refusal> {
        let own = |object: &Object| object.metadata().get("correlation_id").cloned();
        if let Some(own) = own(object) {
            return Ok(Some(own));
        }
        let Some(payment) = object.payment() else {
            return Ok(None);
        };
        Ok(stripe::get(self.writer.db, payment)?.as_ref().and_then(own))
    }
}

impl From<Session> for Object {
    fn from(session: Session) -> Self {
        Self::Session(Box::new(session))
    }
}

impl From<&Session> for Object {
    fn from(session: &Session) -> Self {
        session.clone().into()
    }
}

impl From<&Intent> for Object {
    fn from(intent: &Intent) -> Self {
        Self::Intent(Box::new(intent.clone()))
    }
}

impl From<&Charge> for Object {
    fn from(charge: &Charge) -> Self {
        Self::Charge(Box::new(charge.clone()))
    }
}

impl From<&Refund> for Object {
    fn from(refund: &Refund) -> Self {
        Self::Refund(refund.clone())
    }
}

impl From<&BalanceTransaction> for Object {
    fn from(transaction: &BalanceTransaction) -> Self {
        Self::Balance(transaction.clone())
    }
}

impl From<&Dispute> for Object {
    fn from(dispute: &Dispute) -> Self {
        Self::Dispute(dispute.clone())
    }
}
