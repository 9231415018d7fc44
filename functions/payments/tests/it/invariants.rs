//! What always holds of payments at rest: of the ledger, the outbox, the bus, and Stripe.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::world::World;

/// All that payments has written and said, and all payments at Stripe.
struct Books {
    rows: Vec<Value>,
    events: Vec<Value>,
    /// Rows of Stripe's dashboard, each with its payment intent under `intent`.
    payments: Vec<Value>,
    violations: Vec<String>,
}

/// Fails with the list of all broken invariants. The queues must be empty.
pub(crate) async fn check(world: &World, story: &str) {
    let mut books = Books::read(world).await;
    books.balances_are_sums_of_their_entries();
    for order in books.of_kind("ORDER#", "ORDER") {
        books.money_of_an_order_adds_up(&order);
        books.credits_of_an_order_are_booked_once(&order);
        books.state_follows_the_totals(&order);
        books.order_has_its_events(&order);
        books.order_agrees_with_stripe(&order);
        books.flags_stand_on_payments(&order);
    }
    books.outbox_is_on_the_bus();
    books.inbox_names_its_effects();
    books.pointers_lead_to_their_order();
    books.money_at_stripe_is_booked_or_flagged();
    let violations = books.violations;
    assert!(violations.is_empty(), "{story}: {violations:#?}");
}

impl Books {
    async fn read(world: &World) -> Self {
        let mut payments = world.payments().await;
        for payment in &mut payments {
            if let Some(id) = payment["payment_intent"].as_str() {
                let expand = "expand[]=latest_charge.balance_transaction";
                let path = format!("payment_intents/{id}?{expand}");
                payment["intent"] = world.get_stripe(&path).await;
            }
        }
        Self {
            rows: world.rows().await,
            events: world.bus_events(),
            payments,
            violations: Vec::new(),
        }
    }

    fn require(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(violation());
        }
    }

    /// Returns the rows whose keys begin so.
    fn of_kind(&self, pk: &str, sk: &str) -> Vec<Value> {
        let rows = self.rows.iter();
        rows.filter(|row| text(row, "pk").starts_with(pk) && text(row, "sk").starts_with(sk))
            .cloned()
            .collect()
    }

    /// Returns the ledger entries of an order, with these kinds.
    fn entries(&self, order: &Value, kinds: &[&str]) -> Vec<Value> {
        let rows = self.of_kind("", "ROW#").into_iter();
        rows.filter(|row| row["order_id"] == order["id"] && kinds.contains(&text(row, "kind")))
            .collect()
    }

    fn balances_are_sums_of_their_entries(&mut self) {
        let accounts: BTreeSet<String> = self
            .of_kind("CREDITS#", "")
            .iter()
            .map(|row| text(row, "pk").to_owned())
            .collect();
        for pk in accounts {
            let account = self.of_kind(&pk, "").into_iter();
            let account: Vec<_> = account.filter(|row| row["pk"] == pk.as_str()).collect();
            let of_kind = |prefix: &str| -> Vec<Value> {
                let rows = account.iter();
                let rows = rows.filter(|row| text(row, "sk").starts_with(prefix));
                rows.cloned().collect()
            };
            let balance = amounts(&of_kind("BALANCE"), "credits");
            let entries = of_kind("ROW#");
            let sum = amounts(&entries, "amount");
            self.require(balance == sum, || {
                format!("{pk}: the balance is {balance}, its entries add up to {sum}")
            });
            let spends: Vec<_> = entries
                .into_iter()
                .filter(|row| row["kind"] == "spend")
                .collect();
            let made = of_kind("SPEND#");
            let (taken, booked) = (amounts(&made, "taken"), -amounts(&spends, "amount"));
            self.require(made.len() == spends.len() && taken == booked, || {
                format!("{pk}: {taken} credits were spent and {booked} booked")
            });
        }
    }

    fn money_of_an_order_adds_up(&mut self, order: &Value) {
        let pk = text(order, "pk");
        let entries = self.of_kind(pk, "ROW#");
        let of_account = |account: &str| -> Vec<Value> {
            let rows = entries.iter().filter(|row| row["account"] == account);
            rows.cloned().collect()
        };
        let sum = amounts(&of_account("order"), "amount");
        let [received, refunded, disputed, fees] = totals(order);
        self.require(sum == received - refunded - disputed, || {
            format!(
                "{pk}: entries add up to {sum}, the order has {received}, {refunded}, {disputed}"
            )
        });
        let booked = amounts(&of_account("fees"), "amount");
        self.require(booked == -fees, || {
            format!("{pk}: fees of {booked} are booked, the order has {fees}")
        });
        let charges = self.entries(order, &["charge"]);
        let is_once = charges.len() == usize::from(received > 0);
        self.require(is_once && amounts(&charges, "amount") == received, || {
            format!("{pk}: a payment is not booked exactly once: {charges:?}")
        });
        self.require((0..=received).contains(&refunded), || {
            format!("{pk}: {refunded} of {received} are refunded")
        });
    }

    fn credits_of_an_order_are_booked_once(&mut self, order: &Value) {
        let pk = text(order, "pk");
        let credits = number(order, "credits");
        let granted = self.entries(order, &["credit"]);
        let expected = if order["granted"] == true { credits } else { 0 };
        let is_once = granted.len() == usize::from(expected != 0);
        self.require(is_once && amounts(&granted, "amount") == expected, || {
            format!("{pk}: {expected} credits are granted, and booked are {granted:?}")
        });
        let revoked = self.entries(order, &["reversal"]).into_iter();
        let revoked: Vec<_> = revoked.filter(|row| row["account"] == "credits").collect();
        let expected = if order["taken_back"] == true {
            -credits
        } else {
            0
        };
        let is_once = revoked.len() == usize::from(expected != 0);
        self.require(is_once && amounts(&revoked, "amount") == expected, || {
            format!("{pk}: {expected} credits are taken back, and booked are {revoked:?}")
        });
        let spent = self.entries(order, &["spend"]);
        let may_be_spent = usize::from(order["used"] == true);
        self.require(spent.len() <= may_be_spent, || {
            format!(
                "{pk}: credits of the order were spent {} times",
                spent.len()
            )
        });
    }

    fn state_follows_the_totals(&mut self, order: &Value) {
        let (pk, state) = (text(order, "pk"), text(order, "state"));
        let [received, refunded, disputed, _] = totals(order);
        let expected: &[&str] = if disputed > 0 {
            &["disputed"]
        } else if received > 0 && refunded >= received {
            &["refunded"]
        } else if received > 0 {
            &["paid"]
        } else {
            &["created", "pending", "failed", "expired"]
        };
        self.require(expected.contains(&state), || {
            format!("{pk}: is {state} with {received}, {refunded}, {disputed}")
        });
        let is_open = ["created", "pending"].contains(&state);
        self.require((order["open"] == "open") == is_open, || {
            format!(
                "{pk}: is {state}, and its place in the index is {}",
                order["open"]
            )
        });
        let is_granted = order["granted"] == true;
        self.require(is_granted == (received > 0), || {
            format!("{pk}: granted is {is_granted}, received are {received}")
        });
    }

    fn order_has_its_events(&mut self, order: &Value) {
        let pk = text(order, "pk");
        let outbox = self.of_kind(pk, "TELL#");
        let count = |kind: &str| -> usize {
            let of_kind = outbox.iter().filter(|row| row["tell"]["type"] == kind);
            of_kind.count()
        };
        let [received, refunded, disputed, _] = totals(order);
        let announced = [
            ("received", received > 0),
            ("pending", order["told_pending"] == true),
            (
                "failed",
                ["failed", "expired"].contains(&text(order, "state")),
            ),
        ];
        for (kind, is_due) in announced {
            let events = count(kind);
            // An order that failed and was paid later has announced both.
            let is_right = if kind == "failed" && received > 0 {
                events <= 1
            } else {
                events == usize::from(is_due)
            };
            self.require(is_right, || {
                format!("{pk}: {events} events say {kind}, which is {is_due}")
            });
        }
        let returns = count("refunded");
        self.require(returns > 0 || refunded + disputed == 0, || {
            format!("{pk}: no event says that money was returned")
        });
        for row in &outbox {
            let amount = &row["tell"]["amount"];
            self.require(amount.is_null() || *amount == order["price"], || {
                format!("{pk}: an event says {amount}")
            });
        }
    }

    fn outbox_is_on_the_bus(&mut self) {
        let outbox = self.of_kind("ORDER#", "TELL#");
        for row in &outbox {
            let id = text(row, "id").replacen("eff_", "evt_", 1);
            let kind = event_type(text(&row["tell"], "type"));
            let is_seen = is_unseen(row, &kind)
                || self.events.iter().any(|event| {
                    event["id"] == id.as_str()
                        && event["type"] == kind.as_str()
                        && event["data"]["order_id"] == row["order_id"]
                });
            self.require(is_seen, || format!("{id}: {kind} is not on the bus"));
            self.require(row["settled"] == true, || {
                format!("{id}: {kind} is not marked as published")
            });
        }
        let known: BTreeSet<String> = outbox
            .iter()
            .map(|row| text(row, "id").replacen("eff_", "evt_", 1))
            .collect();
        let mut copies: BTreeMap<String, Value> = BTreeMap::new();
        for event in &self.events.clone() {
            let id = text(event, "id");
            self.require(known.contains(id), || {
                format!("{id}: {} is on the bus without its row", event["type"])
            });
            let first = copies.entry(id.to_owned()).or_insert_with(|| event.clone());
            let is_copy = first == event;
            self.require(is_copy, || format!("{id}: copies differ: {event}"));
        }
    }

    fn inbox_names_its_effects(&mut self) {
        let known: BTreeSet<String> = self
            .of_kind("ORDER#", "TELL#")
            .iter()
            .map(|row| format!("{} {}", text(row, "pk"), text(row, "id")))
            .collect();
        for row in self.of_kind("INBOX#", "INBOX") {
            for effect in row["effects"].as_array().into_iter().flatten() {
                let effect = effect.as_str().unwrap_or_default();
                let key = format!("ORDER#{} {effect}", text(&row, "owner"));
                self.require(known.contains(&key), || {
                    format!("{}: {effect} is not in the outbox", row["pk"])
                });
            }
        }
    }

    fn order_agrees_with_stripe(&mut self, order: &Value) {
        let pk = text(order, "pk");
        let own = order["payment"].as_str();
        if order["provider"] != "stripe" || own.is_none() {
            return;
        }
        let found = self
            .payments
            .iter()
            .find(|row| row["payment_intent"] == order["payment"]);
        let Some(payment) = found.cloned() else {
            let violation = format!("{pk}: Stripe has no payment {own:?}");
            return self.violations.push(violation);
        };
        let at_stripe = totals_at_stripe(&payment);
        let booked = totals(order);
        self.require(booked == at_stripe, || {
            format!("{pk}: booked are {booked:?}, at Stripe are {at_stripe:?}")
        });
        let refunds = payment["refunds"].as_array().into_iter().flatten();
        let succeeded = refunds.filter(|refund| refund["status"] != "failed");
        let returned: i64 = succeeded.map(|refund| number(refund, "amount")).sum();
        self.require(returned <= number(&payment, "amount"), || {
            format!("{pk}: refunds of {returned} exceed the payment")
        });
    }

    fn flags_stand_on_payments(&mut self, order: &Value) {
        let pk = text(order, "pk");
        let rows = self.of_kind("FLAGS#", "");
        for (payment, flag) in order["flags"].as_object().into_iter().flatten() {
            let is_listed = rows.iter().any(|row| {
                row["order_id"] == order["id"]
                    && row["payment"] == payment.as_str()
                    && row["flag"] == *flag
            });
            self.require(is_listed, || {
                format!("{pk}: {flag} of {payment} is not listed")
            });
            let is_of_stripe = payment.starts_with("pi_");
            let is_known = !payment.is_empty()
                && (!is_of_stripe
                    || self
                        .payments
                        .iter()
                        .any(|row| row["payment_intent"] == payment.as_str()));
            self.require(is_known, || {
                format!("{pk}: {flag} stands on {payment:?}, which is no payment")
            });
        }
        let orders: BTreeSet<String> = self
            .of_kind("ORDER#", "ORDER")
            .iter()
            .map(|order| text(order, "id").to_owned())
            .collect();
        for row in &rows {
            let is_sound = match row["order_id"].as_str() {
                Some(id) => orders.contains(id),
                None => row["flag"] == "unknown_order",
            };
            self.require(is_sound, || format!("the flag of {row} is of no order"));
        }
    }

    fn pointers_lead_to_their_order(&mut self) {
        let pointers = self.of_kind("PAYMENT#", "PAYMENT");
        for order in self.of_kind("ORDER#", "ORDER") {
            let Some(payment) = order["payment"].as_str() else {
                continue;
            };
            let pk = format!("PAYMENT#{}#{payment}", text(&order, "provider"));
            let leads_here = pointers
                .iter()
                .any(|row| row["pk"] == pk.as_str() && row["order_id"] == order["id"]);
            self.require(leads_here, || {
                format!("{pk} does not lead to {}", order["id"])
            });
        }
    }

    /// Money at Stripe that names an order of ours is the order's, returned, or flagged.
    fn money_at_stripe_is_booked_or_flagged(&mut self) {
        let orders = self.of_kind("ORDER#", "ORDER");
        let unknown = self.of_kind("FLAGS#", "").into_iter();
        let unknown = unknown.filter(|row| row["flag"] == "unknown_order").count();
        for payment in &self.payments.clone() {
            let [received, refunded, disputed, _] = totals_at_stripe(payment);
            let id = text(payment, "payment_intent");
            if received == 0 || payment["order_id"].is_null() {
                continue;
            }
            let order = orders
                .iter()
                .find(|order| order["id"] == payment["order_id"]);
            let is_settled = match order {
                Some(order) => {
                    order["payment"] == id
                        || !order["flags"][id].is_null()
                        || refunded + disputed == received
                }
                None => unknown > 0,
            };
            self.require(is_settled, || {
                format!("{id}: {received} are at Stripe, and neither booked nor flagged")
            });
        }
    }
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_default()
}

fn amounts(rows: &[Value], name: &str) -> i64 {
    rows.iter().map(|row| number(row, name)).sum()
}

/// Received, refunded, disputed and fees.
fn totals(order: &Value) -> [i64; 4] {
    ["received", "refunded", "disputed", "fees"].map(|name| number(order, name))
}

fn totals_at_stripe(payment: &Value) -> [i64; 4] {
    let (intent, charge) = (&payment["intent"], &payment["intent"]["latest_charge"]);
    let disputes = payment["disputes"].as_array().into_iter().flatten();
    let movements = disputes.flat_map(|dispute| dispute["balance_transactions"].as_array());
    let movements: Vec<Value> = movements.flatten().cloned().collect();
    let fee = number(&charge["balance_transaction"], "fee") + amounts(&movements, "fee");
    [
        number(intent, "amount_received"),
        number(charge, "amount_refunded"),
        -amounts(&movements, "amount"),
        fee,
    ]
}

fn event_type(outbox_type: &str) -> String {
    match outbox_type {
        "refund_requested" => outbox_type.to_owned(),
        _ => format!("payment_{outbox_type}"),
    }
}

/// Whether no queue of the template subscribes to an event, so that it cannot be seen.
fn is_unseen(row: &Value, kind: &str) -> bool {
    let product = text(&row["tell"], "product");
    let is_seen = matches!(
        (product, kind),
        (_, "refund_requested")
            | ("studio", _)
            | ("rooms", "payment_received" | "payment_refunded")
    );
    !is_seen
}
