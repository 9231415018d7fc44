//! Secrets by the name of their SSM parameter: read at start, and again when they are five minutes old.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use confab_kernel::{Error, Result};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::{sync::Mutex, time::timeout};

use crate::Aws;

const FRESH: Duration = Duration::from_secs(300);
/// A request that waits for fresh values has somebody waiting for it.
const REFRESH: Duration = Duration::from_secs(1);

type Values = Arc<HashMap<String, SecretString>>;

#[derive(Debug)]
pub struct Secrets {
    aws: Aws,
    names: Vec<String>,
    cached: Mutex<(Instant, Values)>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameters<'a> {
    names: &'a [String],
    with_decryption: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    parameters: Vec<Parameter>,
    #[serde(default)]
    invalid_parameters: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    name: String,
    value: String,
}

impl Secrets {
    /// Fails when one of the named parameters is missing.
    pub async fn read(aws: &Aws, names: impl IntoIterator<Item = String>) -> Result<Self> {
        let names: Vec<_> = names.into_iter().collect();
        let values = fetch(aws, &names).await?;
        Ok(Self { aws: aws.clone(), names, cached: Mutex::new((Instant::now(), values)) })
    }

    /// All of them, by name. A parameter store that does not answer leaves the old values in use.
    pub async fn current(&self) -> Values {
        let mut cached = self.cached.lock().await;
        if cached.0.elapsed() >= FRESH {
            if let Ok(Ok(values)) = timeout(REFRESH, fetch(&self.aws, &self.names)).await {
                cached.1 = values;
            }
            cached.0 = Instant::now();
        }
        cached.1.clone()
    }

    pub async fn get(&self, name: &str) -> Result<SecretString> {
        let missing = || Error::internal("secret_not_read", format!("{name} was not among the names read at start"));
        self.current().await.get(name).cloned().ok_or_else(missing)
    }
}

async fn fetch(aws: &Aws, names: &[String]) -> Result<Values> {
    let ask = GetParameters { names, with_decryption: true };
    let found: Found = aws.json("ssm", "AmazonSSM.GetParameters", &ask).await?;
    if let Some(name) = found.invalid_parameters.first() {
        return Err(Error::unavailable("secrets_unavailable", format!("there is no SSM parameter {name}")));
    }
    Ok(Arc::new(found.parameters.into_iter().map(|p| (p.name, p.value.into())).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::tests::{answers_once, aws_at};
    use secrecy::ExposeSecret;

    #[tokio::test]
    async fn reads_by_name_with_a_signature() {
        let (url, asked) =
            answers_once(200, r#"{"Parameters":[{"Name":"/a","Value":"s3cret"}],"InvalidParameters":[]}"#).await;
        let secrets = Secrets::read(&aws_at(url), ["/a".to_owned()]).await.unwrap();
        assert_eq!(secrets.get("/a").await.unwrap().expose_secret(), "s3cret");
        assert!(secrets.get("/b").await.is_err());
        assert!(!format!("{secrets:?}").contains("s3cret"));
        let asked = asked.await.unwrap().to_lowercase();
        assert!(asked.contains("authorization: aws4-hmac-sha256 credential=test/"), "{asked}");
        assert!(asked.contains(r#""withdecryption":true"#), "{asked}");
    }

    #[tokio::test]
    async fn a_missing_parameter_is_named() {
        let (url, _asked) = answers_once(200, r#"{"Parameters":[],"InvalidParameters":["/a"]}"#).await;
        let error = Secrets::read(&aws_at(url), ["/a".to_owned()]).await.unwrap_err();
        assert!(error.to_string().contains("no SSM parameter /a"), "{error}");
    }
}
