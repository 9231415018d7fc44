//! Delivery of an order's photos, and how an order ends.

use confab_core::{OrderId, Timestamp};
use confab_messaging::Body;

use super::{Action, Image, Turn};
use crate::{Model, OrderStatus, Photos, Source, Stage, replies};

impl Turn<'_> {
    pub(super) fn generation_started(&mut self, id: OrderId, tune: i64, eta: Option<Timestamp>) {
        let now = self.now();
        let Some(order) = self.conversation().order_mut(id) else {
            return;
        };
        if let OrderStatus::Requested { paid_at } = order.status {
            order.set_status(OrderStatus::Generating { paid_at, tune }, now, eta);
        }
    }

    pub(super) fn deliver_images(&mut self, id: OrderId, images: &[Image], is_last: bool) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self
            .conversation()
            .order_mut(id)
            .filter(|order| order.is_in_progress())
        else {
            return;
        };
        let new_images: Vec<_> = images
            .iter()
            .filter(|image| order.delivered.insert(image.name.clone()))
            .cloned()
            .collect();
        let is_first = order.delivered.len() == new_images.len();
        order.schedule_next_check(now);
        if is_first && !new_images.is_empty() {
            self.send_text(texts.images_ready);
        }
        for image in new_images {
            self.send(Body::Image {
                url: replies::object_url(&image.object),
                caption: None,
            });
        }
        if is_last {
            self.finish_order(id);
        }
    }

    /// Ends an order that will get no more photos: completes it with at least half of them, and
    /// refunds it with fewer.
    pub(super) fn finish_order(&mut self, id: OrderId) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self
            .conversation()
            .order_mut(id)
            .filter(|order| order.is_in_progress())
        else {
            return;
        };
        if !order.is_mostly_delivered() {
            return self.refund_order(id);
        }
        let (count, images) = (order.delivered.len(), order.images);
        let model = match (&order.source, &order.status) {
            (Source::Photos { .. }, OrderStatus::Generating { tune, .. }) => Some(Model {
                tune: *tune,
                class: order.class,
                trained_at: now,
            }),
            _ => None,
        };
        order.set_status(OrderStatus::Delivered, now, None);
        self.actions.push(Action::UseCredit { order: id });
        if model.is_some() {
            self.conversation().model = model;
            // Later orders use the model until the user sends new selfies.
            self.conversation().photos = Photos::default();
        }
        if count < usize::try_from(images).unwrap_or(usize::MAX) {
            self.send(replies::some_failed(texts, count, images));
        }
        self.reset_stage();
        self.wake_waiting_orders();
        self.send(replies::ask_stars(texts));
    }

    /// Sends an undelivered photo once more, or holds it while the messaging window is closed.
    pub(super) fn resend_image(&mut self, object: &str, is_window_closed: bool) {
        let is_first_resend = self.conversation().resent_images.insert(object.to_owned());
        if !is_first_resend {
            return;
        }
        let body = Body::Image {
            url: replies::object_url(object),
            caption: None,
        };
        if is_window_closed {
            self.hold_message(body);
        } else {
            self.send(body);
        }
    }

    pub(super) fn refund_order(&mut self, id: OrderId) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self
            .conversation()
            .order_mut(id)
            .filter(|order| order.is_in_progress())
        else {
            return;
        };
        order.set_status(OrderStatus::RefundRequested, now, None);
        self.actions.push(Action::Refund { order: id });
        self.reset_stage();
        self.wake_waiting_orders();
        self.send_text(texts.order_failed);
    }

    /// Derives the stage from the orders and photos that the user has.
    pub(super) fn reset_stage(&mut self) {
        let conversation = self.conversation();
        conversation.stage = if conversation.order_in_progress().is_some() {
            Stage::Training
        } else if conversation.pending_order().is_some() {
            Stage::PaymentPending
        } else if conversation.photos.has_enough() {
            Stage::Choosing
        } else if !conversation.photos.0.is_empty() {
            Stage::Collecting
        } else if conversation.last_delivered_order().is_some() {
            Stage::Ready
        } else {
            Stage::New
        };
    }
}
