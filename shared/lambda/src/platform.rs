//! The real clock, entropy and environment, and what every function starts from.

use std::sync::Arc;

use confab_aws::{Aws, AwsConfig};
use confab_core::{Clock, Entropy, Env, EnvError, Timestamp};
use jiff::SignedDuration;

use crate::StartError;

/// What the state of a function is built from. Tests bring their own.
#[derive(Debug)]
pub struct Platform {
    pub env: Env,
    pub aws: Aws,
    pub clock: Arc<dyn Clock>,
}

impl Platform {
    /// Reads the environment of the process.
    pub fn of_process() -> Result<Self, StartError> {
        let env = environment();
        Ok(Self {
            aws: Aws::new(AwsConfig::from_env(&env)?)?,
            clock: Arc::new(SystemClock::from_env(&env)?),
            env,
        })
    }
}

pub(crate) fn environment() -> Env {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The system clock, shifted by `CONFAB_CLOCK_OFFSET_MS`, which only `local` sets.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock {
    offset: SignedDuration,
}

impl SystemClock {
    pub fn from_env(env: &Env) -> Result<Self, EnvError> {
        let millis = env.parsed("CONFAB_CLOCK_OFFSET_MS")?.unwrap_or(0);
        Ok(Self {
            offset: SignedDuration::from_millis(millis),
        })
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.offset).unwrap_or(now)
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(
        clippy::expect_used,
        reason = "without randomness no id is safe, and Linux always has it"
    )]
    fn bytes(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }
}
