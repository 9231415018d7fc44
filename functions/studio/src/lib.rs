//! The WhatsApp photo studio. A webhook function verifies and queues; a worker decides and answers.
//! What each function needs is put together here, from its environment, once at start.

mod senders;
pub mod sms_received;
mod store;
pub mod studio_conversation;
pub mod studio_health;
pub mod studio_status;

use std::sync::Arc;

use confab_aws::{Aws, AwsConfig, Queue, Secrets, Table};
use confab_kernel::{Env, EnvError};
use confab_lambda::{OsEntropy, Readiness, StartError, SystemClock, environment};
use confab_providers::{http_client, meta::MetaConfig, twilio::TwilioConfig};

use secrecy::SecretString;

use crate::{senders::Senders, store::Store};

/// What `sms-received` needs.
#[derive(Debug)]
pub struct Webhook {
    pub(crate) messages: Queue,
    pub(crate) statuses: Queue,
    pub(crate) secrets: Secrets,
    pub(crate) names: SecretNames,
    /// What Twilio was told to call; without it the request's own domain is believed.
    pub(crate) public_base_url: Option<String>,
    pub(crate) clock: SystemClock,
}

/// A channel that the template has no account for has no secret either, and its requests are nobody's.
#[derive(Debug)]
pub(crate) struct SecretNames {
    pub(crate) meta: Option<MetaSecretNames>,
    pub(crate) twilio_auth_token: Option<String>,
}

#[derive(Debug)]
pub(crate) struct MetaSecretNames {
    pub(crate) app_secret: String,
    pub(crate) verify_token: String,
}

impl SecretNames {
    fn from_env(env: &Env) -> Result<Self, EnvError> {
        let name = |variable: &str| env.required(variable).map(str::to_owned);
        let meta = |_| {
            let (app_secret, verify_token) = (name("META_APP_SECRET_PARAM")?, name("META_VERIFY_TOKEN_PARAM")?);
            Ok(MetaSecretNames { app_secret, verify_token })
        };
        Ok(Self {
            meta: env.optional("META_PHONE_NUMBER_ID").map(meta).transpose()?,
            twilio_auth_token: env
                .optional("TWILIO_ACCOUNT_SID")
                .map(|_| name("TWILIO_AUTH_TOKEN_PARAM"))
                .transpose()?,
        })
    }

    fn all(&self) -> Vec<String> {
        let meta = self.meta.iter().flat_map(|names| [names.app_secret.clone(), names.verify_token.clone()]);
        meta.chain(self.twilio_auth_token.clone()).collect()
    }
}

impl Webhook {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let names = SecretNames::from_env(&env)?;
        let (secrets, ()) = tokio::join!(Secrets::read(&aws, names.all()), aws.connect("sqs"));
        Ok(Self {
            messages: Queue::new(aws.sqs(), env.required("CONFAB_INBOUND_QUEUE_URL")?),
            statuses: Queue::new(aws.sqs(), env.required("CONFAB_STATUS_QUEUE_URL")?),
            secrets: secrets?,
            names,
            public_base_url: public_base_url(&env),
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// As providers were told it, without the slash that people type at its end.
fn public_base_url(env: &Env) -> Option<String> {
    env.optional("PUBLIC_BASE_URL").map(|url| url.trim_end_matches('/').to_owned())
}

/// What `studio-conversation` needs.
#[derive(Debug)]
pub struct Worker {
    pub(crate) store: Store,
    pub(crate) senders: Senders,
    pub(crate) clock: SystemClock,
    pub(crate) entropy: OsEntropy,
}

impl Worker {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let clock = SystemClock::from_env(&env)?;
        let (senders, ()) = tokio::join!(senders(&env, &aws, clock), aws.connect("dynamodb"));
        let table = Table::new(aws.dynamodb(), env.required("CONFAB_TABLE")?);
        Ok(Self {
            store: Store::new(table, Arc::new(clock), Arc::new(OsEntropy)),
            senders: senders?,
            clock,
            entropy: OsEntropy,
        })
    }
}

async fn senders(env: &Env, aws: &Aws, clock: SystemClock) -> Result<Senders, StartError> {
    let meta = env.optional("META_PHONE_NUMBER_ID").map(|id| {
        let config = MetaConfig {
            api_url: env.required("META_API_URL")?.to_owned(),
            version: env.required("META_API_VERSION")?.to_owned(),
            phone_number_id: id.to_owned(),
            token: SecretString::default(),
            media_origins: Vec::new(),
        };
        Ok::<_, EnvError>((config, env.required("META_ACCESS_TOKEN_PARAM")?.to_owned()))
    });
    let twilio = env.optional("TWILIO_ACCOUNT_SID").map(|sid| {
        let config = TwilioConfig {
            api_url: env.required("TWILIO_API_URL")?.to_owned(),
            account_sid: sid.to_owned(),
            auth_token: SecretString::default(),
            from: env.required("TWILIO_FROM")?.to_owned(),
            status_callback: public_base_url(env).map(|base| format!("{base}/SmsReceived")),
            media_origins: Vec::new(),
        };
        Ok::<_, EnvError>((config, env.required("TWILIO_AUTH_TOKEN_PARAM")?.to_owned()))
    });
    let (meta, twilio) = (meta.transpose()?, twilio.transpose()?);
    let names = meta.iter().map(|(_, name)| name).chain(twilio.iter().map(|(_, name)| name)).cloned();
    let secrets = Secrets::read(aws, names).await?;
    Ok(Senders { http: http_client()?, secrets, meta, twilio, clock: Arc::new(clock) })
}

/// What `studio-status` needs.
#[derive(Debug)]
pub struct Follower {
    pub(crate) store: Store,
}

impl Follower {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let clock = SystemClock::from_env(&env)?;
        aws.connect("dynamodb").await;
        let table = Table::new(aws.dynamodb(), env.required("CONFAB_TABLE")?);
        Ok(Self { store: Store::new(table, Arc::new(clock), Arc::new(OsEntropy)) })
    }
}

/// What `studio-health` needs.
#[derive(Debug)]
pub struct Health {
    pub(crate) table: Table,
    pub(crate) queues: [Queue; 2],
    pub(crate) readiness: Readiness,
}

impl Health {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        Ok(Self {
            table: Table::new(aws.dynamodb(), env.required("CONFAB_TABLE")?),
            queues: [
                Queue::new(aws.sqs(), env.required("CONFAB_INBOUND_QUEUE_URL")?),
                Queue::new(aws.sqs(), env.required("CONFAB_STATUS_QUEUE_URL")?),
            ],
            readiness: Readiness::default(),
        })
    }
}
