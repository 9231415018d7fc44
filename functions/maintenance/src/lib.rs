//! What is done for all services by the clock. Each service knows itself what nobody needs any more of what it has: here
//! it is only told that the time has come.

pub mod weekly_cleanup;

use confab_aws::{Aws, AwsConfig, Bus};
use confab_lambda::{StartError, environment};

/// What `weekly-cleanup` needs.
#[derive(Debug)]
pub struct Caretaker {
    pub(crate) bus: Bus,
}

impl Caretaker {
    // It reads no secret and opens nothing ahead of time, so there is nothing to wait for.
    #[expect(clippy::unused_async, reason = "functions start the same way")]
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        Ok(Self {
            bus: Bus::new(&aws, env.required("CONFAB_EVENT_BUS")?),
        })
    }
}
