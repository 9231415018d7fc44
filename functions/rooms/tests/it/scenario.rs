//! Scenarios of clients that repeat a request until it is answered.

use std::marker::PhantomData;

use confab_testkit::{Enumeration, Repeated, TestRequest, enumerate_repeated};

use crate::{invariants, world::World};

/// A request of a client, and what holds once it is answered.
pub(crate) trait Story {
    const FUNCTION: &'static str;
    /// Statuses of success. A repeated request may get another one than the first.
    const SUCCESS: &'static [u16];

    /// Opens a new world in which the request may be sent.
    fn arrange() -> impl Future<Output = (World, TestRequest)>;
    fn check(world: &World, story: &str) -> impl Future<Output = ()>;
}

/// After each story the invariants hold, too.
struct Client<S>(PhantomData<S>);

impl<S: Story> Repeated for Client<S> {
    type World = World;

    const FUNCTION: &'static str = S::FUNCTION;
    const SUCCESS: &'static [u16] = S::SUCCESS;

    async fn arrange() -> (Self, World, TestRequest) {
        let (world, request) = S::arrange().await;
        (Self(PhantomData), world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        S::check(world, story).await;
        invariants::check(world, story).await;
    }
}

/// Lets each call of a request meet each fault.
pub(crate) async fn enumerate_requests<S: Story>() -> Enumeration {
    enumerate_repeated::<Client<S>>().await
}
