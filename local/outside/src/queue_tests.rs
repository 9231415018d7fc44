use super::*;
use crate::settings::Settings;

fn job(id: i64, group: i64, person: &str) -> Job {
    Job {
        id,
        group,
        lane: Lane {
            person: person.into(),
            kind: Kind::Message,
        },
        provider: Provider::Meta,
        message_id: format!("wamid.{group}"),
        payload: Value::Null,
        made_at: 0,
        due_at: 0,
        attempts: 0,
    }
}

fn queue(jobs: &[(i64, i64, &str)]) -> Queue {
    let mut queue = Queue::default();
    for (id, group, person) in jobs {
        queue.push(job(*id, *group, person));
    }
    queue
}

fn take(queue: &mut Queue, settings: &Settings) -> Vec<i64> {
    queue
        .take(10, &settings.pace())
        .iter()
        .map(|job| job.id)
        .collect()
}

#[test]
fn a_person_waits_for_the_first_message_and_others_do_not() {
    let mut queue = queue(&[(1, 1, "a"), (2, 2, "a"), (3, 3, "b")]);
    let settings = Settings::default();
    assert_eq!(take(&mut queue, &settings), [1]);
    assert_eq!(take(&mut queue, &settings), [3]);
    assert!(take(&mut queue, &settings).is_empty());
    queue.again(1, 20);
    assert!(
        take(&mut queue, &settings).is_empty(),
        "it is not due, and nobody overtakes it"
    );
    assert_eq!(queue.take(20, &settings.pace())[0].attempts, 1);
    queue.done(1);
    assert_eq!(take(&mut queue, &settings), [2]);
}

#[test]
fn copies_go_side_by_side_and_hold_the_next_back() {
    let mut queue = queue(&[(1, 1, "a"), (2, 1, "a"), (3, 3, "a")]);
    let settings = Settings::default();
    assert_eq!(take(&mut queue, &settings), [1]);
    assert_eq!(take(&mut queue, &settings), [2]);
    queue.done(1);
    assert!(take(&mut queue, &settings).is_empty());
    queue.done(2);
    assert_eq!(take(&mut queue, &settings), [3]);
}

#[test]
fn a_batch_holds_several_in_order_and_no_copies() {
    let settings = Settings {
        batch: 3,
        ..Settings::default()
    };
    let mut all = queue(&[(1, 1, "a"), (2, 2, "a"), (3, 3, "b"), (4, 4, "c")]);
    assert_eq!(take(&mut all, &settings), [1, 2, 3]);
    assert_eq!(take(&mut all, &settings), [4]);

    let mut copies = queue(&[(1, 1, "a"), (2, 1, "a"), (3, 3, "a"), (4, 4, "b")]);
    assert_eq!(take(&mut copies, &settings), [1, 4]);
    assert_eq!(take(&mut copies, &settings), [2]);
}

#[test]
fn twilio_never_batches() {
    let settings = Settings {
        batch: 3,
        ..Settings::default()
    };
    let mut queue = Queue::default();
    for id in 1..3 {
        let mut job = job(id, id, &id.to_string());
        job.provider = Provider::Twilio;
        queue.push(job);
    }
    assert_eq!(take(&mut queue, &settings), [1]);
    assert_eq!(take(&mut queue, &settings), [2]);
}

#[test]
fn a_shuffle_lets_everything_out_in_any_order() {
    let jobs: Vec<_> = (1..=50).map(|id| (id, id, "a")).collect();
    let mut queue = queue(&jobs);
    let settings = Settings {
        reorder: true,
        ..Settings::default()
    };
    let order: Vec<i64> = (0..50).flat_map(|_| take(&mut queue, &settings)).collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_ne!(order, sorted);
    assert_eq!(sorted, (1..=50).collect::<Vec<_>>());
}
