pub mod payment_received;
pub mod payments_checkout;
pub mod payments_health;
pub mod payments_ledger;
pub mod payments_orders;
pub mod payments_pay;
pub mod payments_spend;

#[cfg(test)]
mod tests {
    use confab_lambda::Router;
    use confab_testkit::sample;

    use super::*;
    use crate::State;

    #[test]
    fn samples_reach_a_route_of_their_function() {
        let functions: [(Router<State>, &[&str]); 7] = [
            (
                payment_received::routes(),
                &[
                    "payment-received.stripe-paid",
                    "payment-received.stripe-refunded",
                    "payment-received.sumit",
                ],
            ),
            (
                payments_checkout::routes(),
                &["payments-checkout.offer", "payments-checkout.keep"],
            ),
            (payments_health::routes(), &["payments-health.ready"]),
            (payments_ledger::routes(), &["payments-ledger.orders"]),
            (payments_orders::routes(), &["payments-orders.unknown"]),
            (
                payments_pay::routes(),
                &[
                    "payments-pay.back",
                    "payments-pay.offer",
                    "payments-pay.order",
                ],
            ),
            (
                payments_spend::routes(),
                &["payments-spend.too-few-credits"],
            ),
        ];
        for (routes, samples) in functions {
            for name in samples {
                let event = sample("payments", name);
                let http = &event["requestContext"]["http"];
                let (method, path) = (&http["method"], &event["rawPath"]);
                let found = routes.find(method.as_str().unwrap(), path.as_str().unwrap());
                assert_eq!(found, event["routeKey"].as_str(), "{name}");
            }
        }
    }
}
