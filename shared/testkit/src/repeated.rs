//! Clients that repeat a request until it is answered.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use confab_core::{Error, Result};

use crate::{Cloud, Enumeration, Faults, Scenario, TestRequest, TestResponse, enumerate};

/// The functions of a service in a cloud.
pub trait TestService {
    fn cloud(&self) -> &Cloud;

    /// Starts a function, so that its first request makes no calls of a start.
    fn start_function(&self, function: &'static str) -> impl Future<Output = ()>;

    fn answer(
        &self,
        function: &'static str,
        request: &TestRequest,
    ) -> impl Future<Output = TestResponse>;
}

/// A request of a client, and what holds once it is answered.
pub trait Repeated: Sized {
    type World: TestService;

    const FUNCTION: &'static str;
    /// Statuses of success. A repeated request may get another one than the first.
    const SUCCESS: &'static [u16];
    /// Time between two attempts.
    const RETRY_SECONDS: u64 = 0;

    /// Opens a new world in which the request may be sent.
    fn arrange() -> impl Future<Output = (Self, Self::World, TestRequest)>;
    fn check(&self, world: &Self::World, story: &str) -> impl Future<Output = ()>;
}

/// A client that sends a request again until it is answered, and not once more.
struct Client<R: Repeated> {
    world: R::World,
    request: TestRequest,
    is_answered: AtomicBool,
    is_first: AtomicBool,
    repeated: R,
}

impl<R: Repeated> Scenario for Client<R> {
    async fn arrange() -> Self {
        let (repeated, world, request) = R::arrange().await;
        world.start_function(R::FUNCTION).await;
        Self {
            world,
            request,
            is_answered: AtomicBool::new(false),
            is_first: AtomicBool::new(true),
            repeated,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud().faults()
    }

    async fn act(&self) -> Result<()> {
        if self.is_answered.load(Ordering::Relaxed) {
            return Ok(());
        }
        if !self.is_first.swap(false, Ordering::Relaxed) {
            let delay = Duration::from_secs(R::RETRY_SECONDS);
            self.world.cloud().clock().advance(delay);
        }
        let response = self.world.answer(R::FUNCTION, &self.request).await;
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
pub async fn enumerate_repeated<R: Repeated>() -> Enumeration {
    enumerate::<Client<R>>().await
}
