use confab_lambda::{StartError, queue};
use rooms::{State, workers::rooms_paid};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    queue(
        "rooms-paid",
        State::start(rooms_paid::PARTS),
        rooms_paid::handle,
    )
    .await
}
