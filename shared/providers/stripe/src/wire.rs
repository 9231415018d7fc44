//! What we ask of Stripe -> the fields of its forms.

use confab_core::{CorrelationId, Money, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCheckout {
    pub order_id: String,
    pub correlation_id: CorrelationId,
    /// What is paid for, as the person reads it.
    pub title: String,
    pub amount: Money,
    /// `{CHECKOUT_SESSION_ID}` in it becomes the id.
    pub success_url: String,
    pub cancel_url: String,
    /// Between half an hour and a day from now; a day when not said.
    pub expires_at: Option<Timestamp>,
    /// Beside ours, which are `order_id` and `correlation_id`.
    pub metadata: Vec<(String, String)>,
}

pub(super) type Fields = Vec<(String, String)>;

impl NewCheckout {
    pub(super) fn fields(&self) -> Fields {
        let price = "line_items[0][price_data]";
        let mut fields: Fields = [
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
            // The charge gets the payment's: what happens to it later can be told from its order.
            fields.push((format!("payment_intent_data[metadata][{name}]"), value));
        }
        fields
    }

    fn metadata(&self) -> Fields {
        let own = [
            ("order_id", self.order_id.clone()),
            ("correlation_id", self.correlation_id.to_string()),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        let others = self
            .metadata
            .iter()
            .filter(|(name, _)| own.iter().all(|(ours, _)| ours != name));
        own.iter().chain(others).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_core::Currency;

    #[test]
    fn a_checkout_is_a_form_and_the_charge_will_know_its_order() {
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
