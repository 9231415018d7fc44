//! Objects in one bucket, and links by which browsers put and get them without passing through a function.

use std::time::Duration;

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::{Engine, engine::general_purpose::STANDARD};
use confab_core::{Error, Result};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::json;

use crate::{Aws, signed::real_time};

/// What S3 leaves as it is in a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

#[derive(Debug, Clone)]
pub struct Objects {
    aws: Aws,
    bucket: String,
}

/// A form that a browser posts to upload one file, within the bounds that it was made for.
#[derive(Serialize)]
pub struct UploadForm {
    pub url: String,
    pub fields: Vec<(&'static str, String)>,
}

/// Its fields are as good as a key to the bucket.
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
        let request = http::Request::put(self.uri(key))
            .header("content-type", content_type)
            .body(bytes);
        self.call(request).await.map(drop)
    }

    /// None when there is no such object.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.call(http::Request::get(self.uri(key)).body(Vec::new()))
            .await
    }

    pub async fn exists(&self, key: &str) -> Result<bool> {
        Ok(self
            .call(http::Request::head(self.uri(key)).body(Vec::new()))
            .await?
            .is_some())
    }

    /// Up to a thousand keys that begin so, in their order, after a given one.
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<String>> {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let after = after
            .map(|key| format!("&start-after={}", encoded(key)))
            .unwrap_or_default();
        let bucket = format!("{}/{}", self.aws.endpoint("s3"), self.bucket);
        let uri = format!("{bucket}?list-type=2&prefix={}{after}", encoded(prefix));
        let missing = || Error::unavailable("objects_failed", "there is no such bucket");
        let answer = self
            .call(http::Request::get(uri).body(Vec::new()))
            .await?
            .ok_or_else(missing)?;
        Ok(keys(&String::from_utf8_lossy(&answer)))
    }

    /// Also Ok when there was no such object.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.call(http::Request::delete(self.uri(key)).body(Vec::new()))
            .await
            .map(drop)
    }

    pub fn link(&self, key: &str, valid: Duration) -> Result<String> {
        self.aws.presigned("s3", self.uri(key), valid)
    }

    /// S3 itself refuses a file that is larger, of another type, late, or for another key.
    pub fn upload_form(
        &self,
        key: &str,
        content_type: &str,
        largest: u64,
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
            json!(["content-length-range", 1, largest]),
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
            url: format!("{}/{}", self.aws.endpoint("s3"), self.bucket),
            fields,
        })
    }

    fn uri(&self, key: &str) -> String {
        format!(
            "{}/{}/{}",
            self.aws.endpoint("s3"),
            self.bucket,
            utf8_percent_encode(key, IN_PATH)
        )
    }

    async fn call(&self, request: http::Result<http::Request<Vec<u8>>>) -> Result<Option<Vec<u8>>> {
        let request = request.map_err(|e| Error::internal("render_failed", e))?;
        let answer = self.aws.signed("s3", request).await?;
        match answer.status {
            200..=299 => Ok(Some(answer.body)),
            404 => Ok(None),
            _ => Err(Error::unavailable(
                "objects_failed",
                format!("S3 answered {}", answer.told()),
            )),
        }
    }
}

/// Of a list in XML.
fn keys(list: &str) -> Vec<String> {
    let key = |part: &str| part.split_once("</Key>").map(|(key, _)| unescaped(key));
    list.split("<Key>").skip(1).filter_map(key).collect()
}

fn unescaped(text: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(text.to_owned(), |text, (entity, is)| {
        text.replace(entity, is)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::tests::{answers_once, aws_at};

    #[tokio::test]
    async fn a_key_is_encoded_and_the_body_is_hashed() {
        let (url, asked) = answers_once(200, "").await;
        let objects = Objects::new(&aws_at(url), "photos");
        objects
            .put("rooms/a b+c.jpg", "image/jpeg", b"hello".to_vec())
            .await
            .unwrap();
        let asked = asked.await.unwrap();
        assert!(
            asked.starts_with("PUT /photos/rooms/a%20b%2Bc.jpg "),
            "{asked}"
        );
        let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert!(
            asked.contains(&format!("x-amz-content-sha256: {hash}")),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn keys_are_listed_as_they_are() {
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
                "GET /photos?list-type=2&prefix=people%2F&start-after=people%2Fa%20b "
            ),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn what_is_not_there_is_none() {
        let (url, _asked) = answers_once(404, "<Error/>").await;
        assert_eq!(
            Objects::new(&aws_at(url), "photos")
                .get("gone")
                .await
                .unwrap(),
            None
        );
    }

    #[test]
    fn a_link_and_a_form_say_until_when_they_hold() {
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
