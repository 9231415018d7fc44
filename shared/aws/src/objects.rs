//! Objects of one bucket, and links and forms with which browsers read and upload them directly.

use std::time::Duration;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::{Engine, engine::general_purpose::STANDARD};
use confab_core::{Error, Result};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::json;

use crate::{Aws, aws::describe, signed::real_time};

/// Characters that S3 does not encode in a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

#[derive(Debug, Clone)]
pub struct Objects {
    /// Its S3 client is created by the first call: most functions only sign links.
    aws: Aws,
    bucket: String,
}

/// A presigned POST form that uploads one file within fixed bounds.
#[derive(Serialize)]
pub struct UploadForm {
    pub url: String,
    pub fields: Vec<(&'static str, String)>,
}

/// Hides the fields, which grant access to the bucket.
impl std::fmt::Debug for UploadForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadForm")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Objects {
    pub fn new(aws: &Aws, bucket: impl Into<String>) -> Self {
        Self {
            aws: aws.clone(),
            bucket: bucket.into(),
        }
    }

    pub async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<()> {
        let put = self.aws.s3().put_object().bucket(&self.bucket).key(key);
        let put = put.content_type(content_type).body(bytes.into());
        Box::pin(put.send()).await.map_err(failed).map(drop)
    }

    /// Returns `None` when there is no such object.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let get = self.aws.s3().get_object().bucket(&self.bucket).key(key);
        let object = match Box::pin(get.send()).await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => {
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        };
        let lost = |error| Error::unavailable("objects_failed", error);
        let bytes = object.body.collect().await.map_err(lost)?;
        Ok(Some(bytes.to_vec()))
    }

    pub async fn exists(&self, key: &str) -> Result<bool> {
        let head = self.aws.s3().head_object().bucket(&self.bucket).key(key);
        match Box::pin(head.send()).await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_not_found()) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// Lists up to a thousand keys with a prefix, in their order, after a given one.
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<String>> {
        let list = self
            .aws
            .s3()
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix);
        let list = list.set_start_after(after.map(str::to_owned));
        let found = Box::pin(list.send()).await.map_err(failed)?;
        let keys = found.contents.unwrap_or_default().into_iter();
        Ok(keys.filter_map(|object| object.key).collect())
    }

    /// Deletes an object. Also `Ok` when there was no such object.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let delete = self.aws.s3().delete_object().bucket(&self.bucket).key(key);
        Box::pin(delete.send()).await.map_err(failed).map(drop)
    }

    /// Returns a link to an object that is valid for a while without credentials.
    pub fn link(&self, key: &str, valid: Duration) -> Result<String> {
        self.aws.presigned("s3", self.uri(key), valid)
    }

    /// Returns an upload form. S3 refuses a file that is too large, of another type, late, or for another key.
    pub fn upload_form(
        &self,
        key: &str,
        content_type: &str,
        max_bytes: u64,
        valid: Duration,
    ) -> Result<UploadForm> {
        let config = &self.aws.config;
        let now =
            Timestamp::try_from(real_time()).map_err(|e| Error::internal("clock_failed", e))?;
        let until = now
            .checked_add(valid)
            .map_err(|e| Error::internal("clock_failed", e))?;
        let (day, time) = (
            now.strftime("%Y%m%d").to_string(),
            now.strftime("%Y%m%dT%H%M%SZ").to_string(),
        );
        let access_key = config.credentials.access_key_id();
        let credential = format!("{access_key}/{day}/{}/s3/aws4_request", config.region);
        let token = config.credentials.session_token();
        let mut conditions = vec![
            json!({ "bucket": self.bucket }),
            json!({ "key": key }),
            json!({ "Content-Type": content_type }),
            json!(["content-length-range", 1, max_bytes]),
            json!({ "x-amz-algorithm": "AWS4-HMAC-SHA256" }),
            json!({ "x-amz-credential": credential }),
            json!({ "x-amz-date": time }),
        ];
        conditions.extend(token.map(|token| json!({ "x-amz-security-token": token })));
        let expiration = until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let policy = STANDARD
            .encode(json!({ "expiration": expiration, "conditions": conditions }).to_string());
        let signing_key = generate_signing_key(
            config.credentials.secret_access_key(),
            real_time(),
            &config.region,
            "s3",
        );
        let signature = calculate_signature(signing_key, policy.as_bytes());
        let mut fields = vec![
            ("key", key.to_owned()),
            ("Content-Type", content_type.to_owned()),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("x-amz-credential", credential),
            ("x-amz-date", time),
            ("policy", policy),
            ("x-amz-signature", signature),
        ];
        fields.extend(token.map(|token| ("x-amz-security-token", token.to_owned())));
        Ok(UploadForm {
            url: self.url(),
            fields,
        })
    }

    /// Returns the address of the bucket: forms are posted to it, and links are below it.
    pub fn url(&self) -> String {
        format!("{}/{}", self.aws.endpoint("s3"), self.bucket)
    }

    fn uri(&self, key: &str) -> String {
        format!("{}/{}", self.url(), utf8_percent_encode(key, IN_PATH))
    }
}

fn failed<E>(error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    Error::unavailable("objects_failed", describe(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::tests::{answers_once, aws_at};

    #[tokio::test]
    async fn put_encodes_the_key_and_hashes_the_body() {
        let (url, asked) = answers_once(200, "").await;
        let objects = Objects::new(&aws_at(url), "photos");
        objects
            .put("rooms/a b+c.jpg", "image/jpeg", b"hello".to_vec())
            .await
            .unwrap();
        let asked = asked.await.unwrap();
        assert!(
            asked.starts_with("PUT /photos/rooms/a%20b%2Bc.jpg?x-id=PutObject "),
            "{asked}"
        );
        let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert!(
            asked.contains(&format!("x-amz-content-sha256: {hash}")),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn list_returns_decoded_keys() {
        let list = "<ListBucketResult><Contents><Key>people/a &amp;amp; b/1.jpg</Key><Size>1</Size></Contents>\
                    <Contents><Key>people/c&lt;d</Key></Contents></ListBucketResult>";
        let (url, asked) = answers_once(200, list).await;
        let found = Objects::new(&aws_at(url), "photos")
            .list("people/", Some("people/a b"))
            .await
            .unwrap();
        assert_eq!(found, ["people/a &amp; b/1.jpg", "people/c<d"]);
        let asked = asked.await.unwrap();
        assert!(
            asked.starts_with(
                "GET /photos/?list-type=2&prefix=people%2F&start-after=people%2Fa%20b "
            ),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn get_returns_none_for_missing_objects() {
        let (url, _asked) = answers_once(404, "<Error><Code>NoSuchKey</Code></Error>").await;
        assert_eq!(
            Objects::new(&aws_at(url), "photos")
                .get("gone")
                .await
                .unwrap(),
            None
        );
    }

    #[test]
    fn links_and_forms_expire_and_hide_their_signature() {
        let objects = Objects::new(&aws_at("http://127.0.0.1:9".into()), "photos");
        let link = objects.link("a.jpg", Duration::from_secs(300)).unwrap();
        assert!(
            link.contains("X-Amz-Expires=300") && link.contains("X-Amz-Signature="),
            "{link}"
        );
        let form = objects
            .upload_form("in/a.jpg", "image/jpeg", 10, Duration::from_secs(60))
            .unwrap();
        let policy = form
            .fields
            .iter()
            .find(|(name, _)| *name == "policy")
            .unwrap();
        let policy = String::from_utf8(STANDARD.decode(&policy.1).unwrap()).unwrap();
        assert!(
            policy.contains(r#"["content-length-range",1,10]"#),
            "{policy}"
        );
        let signature = form
            .fields
            .iter()
            .find(|(name, _)| *name == "x-amz-signature")
            .unwrap();
        assert!(!format!("{form:?}").contains(&signature.1));
    }
}
