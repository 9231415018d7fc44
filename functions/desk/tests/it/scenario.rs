//! Scenarios of clients that repeat a request until it is answered.

use std::{
    marker::PhantomData,
    sync::atomic::{AtomicBool, Ordering},
};

use confab_core::{Error, Result};
use confab_testkit::{Enumeration, Faults, Scenario, TestRequest, enumerate};

use crate::world::World;

/// A request of a client, and what holds once it is answered.
pub(crate) trait Story {
    const FUNCTION: &'static str;
    /// Statuses of success. A repeated request may get another one than the first.
    const SUCCESS: &'static [u16];

    /// Opens a new world in which the request may be sent.
    fn arrange() -> impl Future<Output = (World, TestRequest)>;
    fn check(world: &World, story: &str) -> impl Future<Output = ()>;
}

/// A client that sends a request again until it is answered, and not once more.
struct Client<S> {
    world: World,
    request: TestRequest,
    is_answered: AtomicBool,
    story: PhantomData<S>,
}

impl<S: Story> Scenario for Client<S> {
    async fn arrange() -> Self {
        let (world, request) = S::arrange().await;
        world.state(S::FUNCTION).await;
        Self {
            world,
            request,
            is_answered: AtomicBool::new(false),
            story: PhantomData,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        if self.is_answered.load(Ordering::Relaxed) {
            return Ok(());
        }
        let response = self.world.send(S::FUNCTION, &self.request).await;
        if !S::SUCCESS.contains(&response.status) {
            return Err(Error::unavailable("not_answered", format!("{response:?}")));
        }
        self.is_answered.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn check(&self, story: &str) {
        S::check(&self.world, story).await;
    }
}

/// Lets each call of a request meet each fault.
pub(crate) async fn enumerate_requests<S: Story>() -> Enumeration {
    enumerate::<Client<S>>().await
}
