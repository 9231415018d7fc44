//! Values of SSM SecureString parameters: read at start, and again when they are five minutes old.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use confab_core::{Error, Result};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::{sync::Mutex, time::timeout};

use crate::Aws;

const MAX_AGE: Duration = Duration::from_secs(300);
/// A refresh delays the request that finds the values stale.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(1);

type Values = Arc<HashMap<String, SecretString>>;

#[derive(Debug)]
pub(crate) struct Secrets {
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
struct GetParametersOutput {
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
    pub(crate) async fn read(aws: &Aws, names: Vec<String>) -> Result<Self> {
        let values = fetch(aws, &names).await?;
        Ok(Self {
            aws: aws.clone(),
            names,
            cached: Mutex::new((Instant::now(), values)),
        })
    }

    pub(crate) async fn get(&self, name: &str) -> Result<SecretString> {
        let missing = || {
            Error::internal(
                "secret_not_read",
                format!("{name} was not among the names read at start"),
            )
        };
        self.current().await.get(name).cloned().ok_or_else(missing)
    }

    /// Values that cannot be refreshed stay in use, with a log line each time.
    async fn current(&self) -> Values {
        let mut cached = self.cached.lock().await;
        if cached.0.elapsed() >= MAX_AGE {
            match timeout(REFRESH_TIMEOUT, fetch(&self.aws, &self.names)).await {
                Ok(Ok(values)) => cached.1 = values,
                Ok(Err(error)) => stale(&error),
                Err(elapsed) => stale(&elapsed),
            }
            cached.0 = Instant::now();
        }
        cached.1.clone()
    }
}

fn stale(error: &dyn std::fmt::Display) {
    tracing::warn!(error = %error, "secrets cannot be refreshed, the values read before stay in use");
}

/// Reads parameters, ten names a call.
async fn fetch(aws: &Aws, names: &[String]) -> Result<Values> {
    let mut values = HashMap::new();
    for names in names.chunks(10) {
        let request = GetParameters {
            names,
            with_decryption: true,
        };
        let found: GetParametersOutput =
            aws.json("ssm", "AmazonSSM.GetParameters", &request).await?;
        if let Some(name) = found.invalid_parameters.first() {
            return Err(Error::unavailable(
                "secrets_unavailable",
                format!("there is no SSM parameter {name}"),
            ));
        }
        values.extend(
            found
                .parameters
                .into_iter()
                .map(|p| (p.name, p.value.into())),
        );
    }
    Ok(Arc::new(values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::tests::{answers_once, aws_at};
    use secrecy::ExposeSecret;

    #[tokio::test]
    async fn parameters_are_read_by_name_with_a_signed_call() {
        let (url, asked) = answers_once(
            200,
            r#"{"Parameters":[{"Name":"/a","Value":"s3cret"}],"InvalidParameters":[]}"#,
        )
        .await;
        let secrets = Secrets::read(&aws_at(url), vec!["/a".to_owned()])
            .await
            .unwrap();
        assert_eq!(secrets.get("/a").await.unwrap().expose_secret(), "s3cret");
        assert!(secrets.get("/b").await.is_err());
        assert!(!format!("{secrets:?}").contains("s3cret"));
        let asked = asked.await.unwrap().to_lowercase();
        assert!(
            asked.contains("authorization: aws4-hmac-sha256 credential=test/"),
            "{asked}"
        );
        assert!(asked.contains(r#""withdecryption":true"#), "{asked}");
    }

    #[tokio::test]
    async fn missing_parameters_are_named() {
        let (url, _asked) =
            answers_once(200, r#"{"Parameters":[],"InvalidParameters":["/a"]}"#).await;
        let error = Secrets::read(&aws_at(url), vec!["/a".to_owned()])
            .await
            .unwrap_err();
        assert!(error.to_string().contains("no SSM parameter /a"), "{error}");
    }

    #[derive(Clone, Default)]
    struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The server answers once, so that every refresh fails.
    #[tokio::test]
    async fn values_stay_in_use_and_the_failure_is_logged_when_a_refresh_fails() {
        let (url, _asked) =
            answers_once(200, r#"{"Parameters":[{"Name":"/a","Value":"s3cret"}]}"#).await;
        let secrets = Secrets::read(&aws_at(url), vec!["/a".to_owned()])
            .await
            .unwrap();
        secrets.cached.lock().await.0 = Instant::now() - MAX_AGE;
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .finish();
        let _logging = tracing::subscriber::set_default(subscriber);
        assert_eq!(secrets.get("/a").await.unwrap().expose_secret(), "s3cret");
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("secrets cannot be refreshed"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}
