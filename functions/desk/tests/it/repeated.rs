//! Clients that repeat a request until it is answered.

use std::sync::atomic::{AtomicBool, Ordering};

use confab_core::{Error, Result};
use confab_testkit::{Enumeration, Faults, Scenario, TestRequest, enumerate};

use crate::world::World;

/// Longer than an attempt holds an `Idempotency-Key`.
pub(crate) const ATTEMPT_SECONDS: u64 = 61;

/// A request of a client, and what holds once it is answered.
pub(crate) trait Repeated: Sized {
    const FUNCTION: &'static str;
    /// Statuses of success. A repeated request may get another one than the first.
    const SUCCESS: &'static [u16];
    /// Time between two attempts.
    const RETRY_SECONDS: u64 = 0;

    /// Opens a new world in which the request may be sent.
    fn arrange() -> impl Future<Output = (Self, World, TestRequest)>;
    fn check(&self, world: &World, story: &str) -> impl Future<Output = ()>;
}

struct Client<R> {
    world: World,
    request: TestRequest,
    is_answered: AtomicBool,
    is_first: AtomicBool,
    repeated: R,
}

impl<R: Repeated> Scenario for Client<R> {
    async fn arrange() -> Self {
        let (repeated, world, request) = R::arrange().await;
        world.state(R::FUNCTION).await;
        Self {
            world,
            request,
            is_answered: AtomicBool::new(false),
            is_first: AtomicBool::new(true),
            repeated,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        if self.is_answered.load(Ordering::Relaxed) {
            return Ok(());
        }
        if !self.is_first.swap(false, Ordering::Relaxed) {
            self.world.advance(R::RETRY_SECONDS);
        }
        let response = self.world.send(R::FUNCTION, &self.request).await;
        if !R::SUCCESS.contains(&response.status) {
            return Err(Error::unavailable("not_answered", format!("{response:?}")));
        }
        self.is_answered.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn check(&self, story: &str) {
        self.repeated.check(&self.world, story).await;
    }
}

/// Lets each call of a request meet each fault.
pub(crate) async fn enumerate_repeated<R: Repeated>() -> Enumeration {
    enumerate::<Client<R>>().await
}
