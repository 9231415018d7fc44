//! Encodes requests as Stripe's form fields.

use confab_core::{CorrelationId, Money, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCheckout {
    pub order_id: String,
    pub correlation_id: CorrelationId,
    /// The product name on the payment page.
    pub title: String,
    pub amount: Money,
    /// Stripe replaces `{CHECKOUT_SESSION_ID}` with the session's id.
    pub success_url: String,
    pub cancel_url: String,
    /// From 30 minutes to 24 hours from now; 24 hours by default.
    pub expires_at: Option<Timestamp>,
    /// Additional metadata; `order_id` and `correlation_id` are always set and cannot be
    /// overridden.
    pub metadata: Vec<(String, String)>,
}

pub(super) type FormFields = Vec<(String, String)>;

impl NewCheckout {
    pub(super) fn fields(&self) -> FormFields {
        let price = "line_items[0][price_data]";
        let mut fields: FormFields = [
            ("mode", "payment".to_owned()),
            ("line_items[0][quantity]", "1".to_owned()),
            (
                &format!("{price}[currency]"),
                self.amount.currency.code().to_ascii_lowercase(),
            ),
            (
                &format!("{price}[unit_amount]"),
                self.amount.minor.to_string(),
            ),
            (&format!("{price}[product_data][name]"), self.title.clone()),
            ("success_url", self.success_url.clone()),
            ("cancel_url", self.cancel_url.clone()),
            ("client_reference_id", self.order_id.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Some(expires_at) = self.expires_at {
            fields.push(("expires_at".into(), expires_at.as_second().to_string()));
        }
        for (name, value) in self.metadata() {
            fields.push((format!("metadata[{name}]"), value.clone()));
            // Charges inherit the payment's metadata, so that later events can be matched to the
            // order.
            fields.push((format!("payment_intent_data[metadata][{name}]"), value));
        }
        fields
    }

    fn metadata(&self) -> FormFields {
        let reserved = [
            ("order_id", self.order_id.clone()),
            ("correlation_id", self.correlation_id.to_string()),
        ];
        let reserved = reserved.map(|(name, value)| (name.to_owned(), value));
        let is_reserved = |name: &str| reserved.iter().any(|(reserved, _)| reserved == name);
        let additional = self.metadata.iter().filter(|(name, _)| !is_reserved(name));
        reserved.iter().chain(additional).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use confab_core::Currency;

    use super::*;

    #[test]
    fn checkout_form_puts_the_order_into_the_charges_metadata() {
        let correlation_id = CorrelationId::of_digest([7; 16]);
        let checkout = NewCheckout {
            order_id: "ord_1".into(),
            correlation_id,
            title: "Portraits & more".into(),
            amount: Money::new(4_900, Currency::Ils),
            success_url: "https://a.example/paid?session={CHECKOUT_SESSION_ID}".into(),
            cancel_url: "https://a.example/".into(),
            expires_at: Some(Timestamp::from_second(1_800_000_000).unwrap()),
            metadata: vec![
                ("pack".into(), "12".into()),
                ("order_id".into(), "forged".into()),
            ],
        };
        let fields = checkout.fields();
        let values = |name: &str| -> Vec<&str> {
            fields
                .iter()
                .filter(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
                .collect()
        };
        for (name, value) in [
            ("mode", "payment"),
            ("line_items[0][price_data][currency]", "ils"),
            ("line_items[0][price_data][unit_amount]", "4900"),
            (
                "line_items[0][price_data][product_data][name]",
                "Portraits & more",
            ),
            ("line_items[0][quantity]", "1"),
            ("client_reference_id", "ord_1"),
            ("expires_at", "1800000000"),
            ("metadata[order_id]", "ord_1"),
            ("metadata[pack]", "12"),
            ("payment_intent_data[metadata][order_id]", "ord_1"),
            (
                "payment_intent_data[metadata][correlation_id]",
                &correlation_id.to_string(),
            ),
        ] {
            assert_eq!(values(name), [value], "{name}");
        }
    }
}
