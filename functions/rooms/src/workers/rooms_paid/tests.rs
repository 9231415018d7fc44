use confab_testkit::sample;

use super::*;

fn job(name: &str) -> PurchaseJob {
    let event = sample("rooms", &format!("rooms-paid.{name}"));
    serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap()
}

#[test]
fn the_sample_of_a_closed_room_decodes() {
    let job = job("closed");
    let PurchaseJob::RoomClosed(event) = job else {
        panic!("{job:?}")
    };
    let event = event.of_known_version().unwrap();
    assert_eq!(event.data.code.as_str(), "k7m2p9q4xw");
}

#[test]
fn the_samples_of_payments_are_of_a_pin() {
    for name in ["received", "refunded"] {
        let purchase = match job(name) {
            PurchaseJob::PaymentReceived(event) => event.of_known_version().unwrap().data.purchase,
            PurchaseJob::PaymentRefunded(event) => event.of_known_version().unwrap().data.purchase,
            PurchaseJob::RoomClosed(event) => panic!("{event:?}"),
        };
        let (room, _, goods) = Goods::from_purchase(&purchase).unwrap();
        assert_eq!(room.as_str(), "k7m2p9q4xw");
        assert!(matches!(goods, Goods::Pin { seq: 5, tier } if tier.number() == 500));
    }
}
