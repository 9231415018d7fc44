//! The WhatsApp photo studio. A webhook function verifies and queues; a worker decides and answers.
//! What each function needs is put together here, from its environment, once at start.

mod senders;
pub mod sms_received;
mod store;
pub mod studio_conversation;
pub mod studio_health;

use std::sync::Arc;

use confab_aws::{Aws, AwsConfig, Queue, Secrets, Table};
use confab_kernel::{Clock, Env, EnvError};
use confab_lambda::{OsEntropy, StartError, SystemClock, environment};
use confab_providers::{
    http_client,
    meta::{Meta, MetaConfig},
    twilio::{Twilio, TwilioConfig},
};

use crate::{senders::Senders, store::Store};

/// What `sms-received` needs.
#[derive(Debug)]
pub struct Webhook {
    pub(crate) queue: Queue,
    pub(crate) secrets: Secrets,
    pub(crate) names: SecretNames,
    /// What Twilio was told to call; without it the request's own domain is believed.
    pub(crate) public_base_url: Option<String>,
    pub(crate) clock: SystemClock,
}

#[derive(Debug)]
pub(crate) struct SecretNames {
    pub(crate) meta_app_secret: String,
    pub(crate) meta_verify_token: String,
    pub(crate) twilio_auth_token: String,
}

impl Webhook {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let names = SecretNames {
            meta_app_secret: env.required("META_APP_SECRET_PARAM")?.to_owned(),
            meta_verify_token: env.required("META_VERIFY_TOKEN_PARAM")?.to_owned(),
            twilio_auth_token: env.required("TWILIO_AUTH_TOKEN_PARAM")?.to_owned(),
        };
        let all = [&names.meta_app_secret, &names.meta_verify_token, &names.twilio_auth_token];
        let read = Secrets::read(&aws, all.map(String::clone));
        let (secrets, ()) = tokio::join!(read, aws.connect("sqs"));
        Ok(Self {
            queue: Queue::new(aws.sqs(), env.required("CONFAB_INBOUND_QUEUE_URL")?),
            secrets: secrets?,
            names,
            public_base_url: env.optional("PUBLIC_BASE_URL").map(str::to_owned),
            clock: SystemClock::from_env(&env)?,
        })
    }
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

/// A channel without its account in the template is not configured, and its secret is not asked for.
async fn senders(env: &Env, aws: &Aws, clock: SystemClock) -> Result<Senders, StartError> {
    let meta = env.optional("META_PHONE_NUMBER_ID").map(|_| secret_name(env, "META_ACCESS_TOKEN_PARAM"));
    let twilio = env.optional("TWILIO_ACCOUNT_SID").map(|_| secret_name(env, "TWILIO_AUTH_TOKEN_PARAM"));
    let (meta, twilio) = (meta.transpose()?, twilio.transpose()?);
    let secrets = Secrets::read(aws, meta.iter().chain(&twilio).cloned()).await?;
    let http = http_client()?;
    let mut senders = Senders::new(Arc::new(clock) as Arc<dyn Clock>);
    if let Some(name) = meta {
        let config = MetaConfig {
            api_url: env.required("META_API_URL")?.to_owned(),
            version: env.required("META_API_VERSION")?.to_owned(),
            phone_number_id: env.required("META_PHONE_NUMBER_ID")?.to_owned(),
            token: secrets.get(&name).await?,
            media_origins: Vec::new(),
        };
        senders.meta = Some(Meta::new(http.clone(), config));
    }
    if let Some(name) = twilio {
        let config = TwilioConfig {
            api_url: env.required("TWILIO_API_URL")?.to_owned(),
            account_sid: env.required("TWILIO_ACCOUNT_SID")?.to_owned(),
            auth_token: secrets.get(&name).await?,
            from: env.required("TWILIO_FROM")?.to_owned(),
            status_callback: env.optional("PUBLIC_BASE_URL").map(|base| format!("{base}/SmsReceived")),
            media_origins: Vec::new(),
        };
        senders.twilio = Some(Twilio::new(http, config));
    }
    Ok(senders)
}

fn secret_name(env: &Env, variable: &str) -> Result<String, EnvError> {
    env.required(variable).map(str::to_owned)
}

/// What `studio-health` needs.
#[derive(Debug)]
pub struct Health {
    pub(crate) table: Table,
    pub(crate) queue: Queue,
}

impl Health {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        Ok(Self {
            table: Table::new(aws.dynamodb(), env.required("CONFAB_TABLE")?),
            queue: Queue::new(aws.sqs(), env.required("CONFAB_INBOUND_QUEUE_URL")?),
        })
    }
}
