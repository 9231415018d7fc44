use super::*;
use serde_json::Value;

const BATCHING: Provider = Provider {
    name: "batching",
    batches: true,
};
const SINGLE: Provider = Provider {
    name: "single",
    batches: false,
};

fn webhook(id: i64, first_copy: i64, owner: &str) -> Webhook {
    Webhook {
        id,
        first_copy,
        ordering_key: OrderingKey {
            owner: owner.into(),
            kind: WebhookKind::Message,
        },
        provider: BATCHING,
        message_id: format!("wamid.{first_copy}"),
        payload: Value::Null,
        created_at: 0,
        due_at: 0,
        attempts: 0,
    }
}

fn backlog(webhooks: &[(i64, i64, &str)]) -> WebhookBacklog {
    let mut backlog = WebhookBacklog::default();
    for (id, first_copy, owner) in webhooks {
        backlog.push(webhook(*id, *first_copy, owner));
    }
    backlog
}

fn take(backlog: &mut WebhookBacklog, settings: &DeliverySettings) -> Vec<i64> {
    backlog
        .take(10, settings)
        .iter()
        .map(|webhook| webhook.id)
        .collect()
}

#[test]
fn webhooks_wait_for_earlier_ones_of_their_ordering_key() {
    let mut backlog = backlog(&[(1, 1, "a"), (2, 2, "a"), (3, 3, "b")]);
    let settings = DeliverySettings::default();
    assert_eq!(take(&mut backlog, &settings), [1]);
    assert_eq!(take(&mut backlog, &settings), [3]);
    assert!(take(&mut backlog, &settings).is_empty());
    backlog.retry_at(1, 20);
    assert!(
        take(&mut backlog, &settings).is_empty(),
        "the next one waits until the retry is due"
    );
    assert_eq!(backlog.take(20, &settings)[0].attempts, 1);
    backlog.remove(1);
    assert_eq!(take(&mut backlog, &settings), [2]);
}

#[test]
fn copies_go_side_by_side_and_block_the_next_webhook() {
    let mut backlog = backlog(&[(1, 1, "a"), (2, 1, "a"), (3, 3, "a")]);
    let settings = DeliverySettings::default();
    assert_eq!(take(&mut backlog, &settings), [1]);
    assert_eq!(take(&mut backlog, &settings), [2]);
    backlog.remove(1);
    assert!(take(&mut backlog, &settings).is_empty());
    backlog.remove(2);
    assert_eq!(take(&mut backlog, &settings), [3]);
}

#[test]
fn batches_keep_the_order_and_hold_one_copy_each() {
    let settings = DeliverySettings {
        batch: 3,
        ..DeliverySettings::default()
    };
    let mut all = backlog(&[(1, 1, "a"), (2, 2, "a"), (3, 3, "b"), (4, 4, "c")]);
    assert_eq!(take(&mut all, &settings), [1, 2, 3]);
    assert_eq!(take(&mut all, &settings), [4]);

    let mut copies = backlog(&[(1, 1, "a"), (2, 1, "a"), (3, 3, "a"), (4, 4, "b")]);
    assert_eq!(take(&mut copies, &settings), [1, 4]);
    assert_eq!(take(&mut copies, &settings), [2]);
}

#[test]
fn providers_without_batches_get_one_update_a_webhook() {
    let settings = DeliverySettings {
        batch: 3,
        ..DeliverySettings::default()
    };
    let mut backlog = WebhookBacklog::default();
    for id in 1..3 {
        let mut webhook = webhook(id, id, &id.to_string());
        webhook.provider = SINGLE;
        backlog.push(webhook);
    }
    assert_eq!(take(&mut backlog, &settings), [1]);
    assert_eq!(take(&mut backlog, &settings), [2]);
}

#[test]
fn all_webhooks_go_out_in_random_order_when_reordering() {
    let webhooks: Vec<_> = (1..=50).map(|id| (id, id, "a")).collect();
    let mut backlog = backlog(&webhooks);
    let settings = DeliverySettings {
        reorder: true,
        ..DeliverySettings::default()
    };
    let order: Vec<i64> = (0..50)
        .flat_map(|_| take(&mut backlog, &settings))
        .collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_ne!(order, sorted);
    assert_eq!(sorted, (1..=50).collect::<Vec<_>>());
}
