//! One change: objects and the events that report them, saved in one transaction.

use std::sync::Arc;

use confab_simulator_base::{NewWebhook, OrderingKey, Transaction, WebhookKind, WebhookQueue};
use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    ids,
    objects::{BalanceTransaction, Charge, Dispute, Intent, Object, ObjectKind, Refund, Session},
    settings::StripeSettings,
    stripe::Stripe,
    tables,
    version::Version,
    webhook::{self, PROVIDER},
};

pub(crate) struct UnitOfWork<'w, 'db> {
    pub(crate) tx: &'w mut Transaction<'db>,
    pub(crate) settings: StripeSettings,
    webhooks: &'w Arc<WebhookQueue>,
    pub(crate) now: i64,
    /// The address of pages.
    pub(crate) base_url: &'w str,
    /// The API request that causes the events.
    pub(crate) request: Value,
    /// The version that replies are rendered in.
    pub(crate) version: Version,
}

impl<'w, 'db> UnitOfWork<'w, 'db> {
    pub(crate) fn new(tx: &'w mut Transaction<'db>, stripe: &'w Stripe) -> Self {
        let no_request = json!({"id": null, "idempotency_key": null});
        let settings = stripe.settings.get();
        let version = settings.api_version;
        Self {
            tx,
            settings,
            webhooks: &stripe.webhooks,
            now: stripe.context.now(),
            base_url: stripe.context.base_url(),
            request: no_request,
            version,
        }
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.now.div_euclid(1_000)
    }

    pub(crate) fn get(&self, kind: ObjectKind, id: &str) -> Result<Object, ApiError> {
        let found = tables::get(self.tx.db, id)?.filter(|object| object.kind() == kind);
        found.ok_or_else(|| ApiError::missing(kind.name(), id))
    }

    pub(crate) fn session(&self, id: &str) -> Result<Session, ApiError> {
        match self.get(ObjectKind::Session, id)? {
            Object::Session(session) => Ok(*session),
            _ => Err(ApiError::internal()),
        }
    }

    pub(crate) fn intent(&self, id: &str) -> Result<Intent, ApiError> {
        match self.get(ObjectKind::Intent, id)? {
            Object::Intent(intent) => Ok(*intent),
            _ => Err(ApiError::internal()),
        }
    }

    pub(crate) fn charge(&self, id: &str) -> Result<Charge, ApiError> {
        match self.get(ObjectKind::Charge, id)? {
            Object::Charge(charge) => Ok(*charge),
            _ => Err(ApiError::internal()),
        }
    }

    pub(crate) fn dispute(&self, id: &str) -> Result<Dispute, ApiError> {
        match self.get(ObjectKind::Dispute, id)? {
            Object::Dispute(dispute) => Ok(dispute),
            _ => Err(ApiError::internal()),
        }
    }

    pub(crate) fn refund(&self, id: &str) -> Result<Refund, ApiError> {
        match self.get(ObjectKind::Refund, id)? {
            Object::Refund(refund) => Ok(refund),
            _ => Err(ApiError::internal()),
        }
    }

    pub(crate) fn wire(&self, object: impl Into<Object>) -> Result<Value, ApiError> {
        Ok(object.into().wire(self.version)?)
    }

    pub(crate) fn save(&mut self, object: impl Into<Object>) -> Result<(), ApiError> {
        Ok(tables::put(self.tx.db, &object.into())?)
    }

    /// Saves an event about the object, and enqueues it unless the settings drop it.
    pub(crate) fn emit(
        &mut self,
        kind: &str,
        object: impl Into<Object>,
        before: Option<Value>,
    ) -> Result<(), ApiError> {
        let object = object.into();
        let correlation_id = self.correlation(&object)?;
        let version = self.settings.api_version;
        let mut data = json!({"object": object.wire(version)?});
        if let Some(before) = before {
            data["previous_attributes"] = before;
        }
        let id = ids::new_id("evt", 24);
        let event = json!({
            "id": id, "object": "event", "api_version": version, "created": self.seconds(), "data": data,
            "livemode": false, "pending_webhooks": 1, "request": self.request, "type": kind,
        });
        tables::add_event(self.tx.db, &id, kind, self.seconds(), &event)?;
        if fastrand::u32(0..100) < self.settings.drop_percent {
            Ok(())
        } else {
            self.enqueue_event(&id, &event, correlation_id.as_deref())
        }
    }

    pub(crate) fn enqueue_event(
        &mut self,
        id: &str,
        event: &Value,
        correlation_id: Option<&str>,
    ) -> Result<(), ApiError> {
        let webhook = NewWebhook {
            ordering_key: OrderingKey {
                owner: id.to_owned(),
                kind: WebhookKind::Event,
            },
            provider: PROVIDER,
            message_id: id.to_owned(),
            payload: webhook::payload(event, correlation_id),
        };
        Ok(self.tx.enqueue(self.webhooks, &webhook, self.now)?)
    }

    /// Returns the correlation id in the metadata of the object or its payment.
    pub(crate) fn correlation(&self, object: &Object) -> Result<Option<String>, ApiError> {
        let own = |object: &Object| object.metadata().get("correlation_id").cloned();
        if let Some(own) = own(object) {
            return Ok(Some(own));
        }
        let Some(payment) = object.payment() else {
            return Ok(None);
        };
        Ok(tables::get(self.tx.db, payment)?.as_ref().and_then(own))
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
