//! S3 on the points that the products will use, through the SDK and through signed addresses as browsers use them.
//! What AWS documents decides; `local` and MiniStack are asked the same.

use std::time::{Duration, SystemTime};

use anyhow::Result;
use aws_sdk_s3::{
    presigning::PresigningConfig,
    primitives::ByteStream,
    types::{Delete, ObjectIdentifier},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use confab_e2e::{Cloud, MiniStack, refused};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

const PHOTO: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 74, 70, 73, 70];

struct Bucket {
    cloud: Cloud,
    name: String,
}

impl Bucket {
    async fn new() -> Result<Self> {
        let cloud = Cloud::start().await?;
        Ok(Self {
            name: cloud.named("bucket"),
            cloud,
        })
    }

    fn client(&self) -> &aws_sdk_s3::Client {
        &self.cloud.s3
    }

    async fn put(&self, key: &str, body: &'static [u8]) -> Result<()> {
        let put = self
            .client()
            .put_object()
            .bucket(&self.name)
            .key(key)
            .body(ByteStream::from_static(body));
        put.content_type("image/jpeg")
            .metadata("owner", "usr_1")
            .send()
            .await?;
        Ok(())
    }

    async fn is_there(&self, key: &str) -> bool {
        self.client()
            .head_object()
            .bucket(&self.name)
            .key(key)
            .send()
            .await
            .is_ok()
    }
}

#[tokio::test]
async fn objects_are_returned_unchanged() -> Result<()> {
    let bucket = Bucket::new().await?;
    bucket.put("photos/a b/ש.jpg", PHOTO).await?;
    let head = bucket
        .client()
        .head_object()
        .bucket(&bucket.name)
        .key("photos/a b/ש.jpg")
        .send()
        .await?;
    assert_eq!(head.content_length(), Some(10));
    assert_eq!(head.content_type(), Some("image/jpeg"));
    assert_eq!(
        head.metadata()
            .and_then(|all| all.get("owner"))
            .map(String::as_str),
        Some("usr_1")
    );
    let get = || {
        bucket
            .client()
            .get_object()
            .bucket(&bucket.name)
            .key("photos/a b/ש.jpg")
    };
    let found = get().send().await?;
    assert_eq!(
        (found.e_tag(), found.content_type()),
        (head.e_tag(), Some("image/jpeg"))
    );
    assert_eq!(found.body.collect().await?.into_bytes(), PHOTO);
    let part = get().range("bytes=2-3").send().await?;
    assert_eq!(part.content_range(), Some("bytes 2-3/10"));
    assert_eq!(part.body.collect().await?.into_bytes(), &PHOTO[2..4]);
    assert_eq!(
        refused(
            bucket
                .client()
                .get_object()
                .bucket(&bucket.name)
                .key("none")
                .send()
                .await
        )?,
        "NoSuchKey"
    );
    let missing = bucket
        .client()
        .head_object()
        .bucket(&bucket.name)
        .key("none")
        .send()
        .await;
    assert!(missing.is_err_and(|error| error.into_service_error().is_not_found()));
    let nowhere = bucket
        .client()
        .put_object()
        .bucket("unknown")
        .key("a")
        .body(ByteStream::from_static(PHOTO));
    assert_eq!(refused(nowhere.send().await)?, "NoSuchBucket");
    Ok(())
}

#[tokio::test]
async fn puts_can_require_that_the_object_is_new() -> Result<()> {
    let bucket = Bucket::new().await?;
    let put = || {
        let put = bucket
            .client()
            .put_object()
            .bucket(&bucket.name)
            .key("a")
            .body(ByteStream::from_static(PHOTO));
        put.if_none_match("*").send()
    };
    put().await?;
    assert_eq!(refused(put().await)?, "PreconditionFailed");
    Ok(())
}

#[tokio::test]
async fn lists_support_prefix_pages_and_delimiter() -> Result<()> {
    let bucket = Bucket::new().await?;
    for key in ["a/1", "a/2", "a/3", "b/1", "c"] {
        bucket.put(key, PHOTO).await?;
    }
    let list = || bucket.client().list_objects_v2().bucket(&bucket.name);
    let page = list().prefix("a/").max_keys(2).send().await?;
    assert_eq!(
        page.contents()
            .iter()
            .filter_map(|object| object.key())
            .collect::<Vec<_>>(),
        ["a/1", "a/2"]
    );
    assert_eq!(page.is_truncated(), Some(true));
    let rest = list()
        .prefix("a/")
        .set_continuation_token(page.next_continuation_token)
        .send()
        .await?;
    assert_eq!(
        rest.contents()
            .iter()
            .filter_map(|object| object.key())
            .collect::<Vec<_>>(),
        ["a/3"]
    );
    assert_eq!(rest.contents()[0].size(), Some(10));
    let folders = list().delimiter("/").send().await?;
    assert_eq!(
        folders
            .common_prefixes()
            .iter()
            .filter_map(|prefix| prefix.prefix())
            .collect::<Vec<_>>(),
        ["a/", "b/"]
    );
    assert_eq!(
        folders
            .contents()
            .iter()
            .filter_map(|object| object.key())
            .collect::<Vec<_>>(),
        ["c"]
    );
    Ok(())
}

#[tokio::test]
async fn deletes_are_idempotent() -> Result<()> {
    let bucket = Bucket::new().await?;
    for key in ["a", "b", "c"] {
        bucket.put(key, PHOTO).await?;
    }
    for _ in 0..2 {
        bucket
            .client()
            .delete_object()
            .bucket(&bucket.name)
            .key("a")
            .send()
            .await?;
    }
    let objects: Result<Vec<_>, _> = ["b", "c", "none"]
        .iter()
        .map(|key| ObjectIdentifier::builder().key(*key).build())
        .collect();
    let all = Delete::builder().set_objects(Some(objects?)).build()?;
    let deleted = bucket
        .client()
        .delete_objects()
        .bucket(&bucket.name)
        .delete(all)
        .send()
        .await?;
    assert!(deleted.errors().is_empty(), "{deleted:?}");
    for key in ["a", "b", "c"] {
        assert!(!bucket.is_there(key).await, "{key}");
    }
    Ok(())
}

#[tokio::test]
async fn objects_can_be_copied() -> Result<()> {
    let bucket = Bucket::new().await?;
    bucket.put("quarantine/a", PHOTO).await?;
    let copy = bucket
        .client()
        .copy_object()
        .bucket(&bucket.name)
        .key("photos/a");
    copy.copy_source(format!("{}/quarantine/a", bucket.name))
        .send()
        .await?;
    let head = bucket
        .client()
        .head_object()
        .bucket(&bucket.name)
        .key("photos/a")
        .send()
        .await?;
    assert_eq!(head.content_type(), Some("image/jpeg"));
    assert_eq!(
        head.metadata()
            .and_then(|all| all.get("owner"))
            .map(String::as_str),
        Some("usr_1")
    );
    Ok(())
}

// ---- Signed addresses

#[tokio::test]
async fn presigned_gets_return_one_object_until_they_expire() -> Result<()> {
    let bucket = Bucket::new().await?;
    bucket.put("a.jpg", PHOTO).await?;
    bucket.put("b.jpg", PHOTO).await?;
    let signed = async |config: PresigningConfig| {
        let get = bucket
            .client()
            .get_object()
            .bucket(&bucket.name)
            .key("a.jpg");
        anyhow::Ok(get.presigned(config).await?.uri().to_owned())
    };
    let good = signed(PresigningConfig::expires_in(Duration::from_secs(60))?).await?;
    let answer = bucket.cloud.http.get(&good).send().await?;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert_eq!(answer.bytes().await?, PHOTO);
    let status =
        async |url: &str| anyhow::Ok(bucket.cloud.http.get(url).send().await?.status().as_u16());
    let yesterday = now() - Duration::from_secs(3600);
    let config = PresigningConfig::builder()
        .start_time(yesterday)
        .expires_in(Duration::from_secs(60))
        .build()?;
    let expired = status(&signed(config).await?).await?;
    let tampered = status(&good.replace("a.jpg", "b.jpg")).await?;
    assert_eq!((expired, tampered), (403, 403));
    Ok(())
}

#[tokio::test]
async fn presigned_puts_take_one_object() -> Result<()> {
    let bucket = Bucket::new().await?;
    let put = bucket
        .client()
        .put_object()
        .bucket(&bucket.name)
        .key("up.jpg")
        .content_type("image/jpeg");
    let signed = put
        .presigned(PresigningConfig::expires_in(Duration::from_secs(60))?)
        .await?;
    let upload = async |kind: &str| {
        let request = bucket
            .cloud
            .http
            .put(signed.uri())
            .header("content-type", kind)
            .body(PHOTO);
        anyhow::Ok(request.send().await?.status().as_u16())
    };
    assert_eq!(upload("text/html").await?, 403, "the type was signed");
    assert!(!bucket.is_there("up.jpg").await);
    assert_eq!(upload("image/jpeg").await?, 200);
    assert!(bucket.is_there("up.jpg").await);
    Ok(())
}

// ---- Forms

/// A form as a browser posts it: what the policy allows is signed, not the request.
struct Form {
    fields: Vec<(&'static str, String)>,
}

impl Form {
    /// The policy allows JPEG below `quarantine/`, of at most a hundred bytes, for a minute from `now`.
    fn new(bucket: &str, now: SystemTime) -> Result<Self> {
        let at = |time: SystemTime| -> Result<String> {
            let seconds = i64::try_from(time.duration_since(SystemTime::UNIX_EPOCH)?.as_secs())?;
            Ok(aws_sdk_s3::primitives::DateTime::from_secs(seconds)
                .fmt(aws_sdk_s3::primitives::DateTimeFormat::DateTime)?)
        };
        let stamp = at(now)?.replace(['-', ':'], "");
        let scope = format!("{}/us-east-1/s3/aws4_request", &stamp[..8]);
        let credential = format!("test/{scope}");
        let policy = json!({
            "expiration": at(now + Duration::from_secs(60))?,
            "conditions": [
                { "bucket": bucket },
                ["starts-with", "$key", "quarantine/"],
                { "Content-Type": "image/jpeg" },
                ["content-length-range", 1, 100],
                { "x-amz-algorithm": "AWS4-HMAC-SHA256" },
                { "x-amz-credential": credential },
                { "x-amz-date": stamp },
            ],
        });
        let policy = STANDARD.encode(policy.to_string());
        let mut signing = b"AWS4test".to_vec();
        for part in [&stamp[..8], "us-east-1", "s3", "aws4_request", &policy] {
            signing = hmac(&signing, part)?;
        }
        let signature = confab_core::hex(&signing);
        Ok(Self {
            fields: vec![
                ("key", "quarantine/a.jpg".to_owned()),
                ("Content-Type", "image/jpeg".to_owned()),
                ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
                ("x-amz-credential", credential),
                ("x-amz-date", stamp),
                ("policy", policy),
                ("x-amz-signature", signature),
            ],
        })
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        for (field, was) in &mut self.fields {
            if *field == name {
                value.clone_into(was);
            }
        }
        self
    }

    fn unsigned(mut self) -> Self {
        self.fields.truncate(2);
        self
    }

    async fn post(&self, bucket: &Bucket, file: &[u8]) -> Result<u16> {
        let boundary = "----confab";
        let mut body = Vec::new();
        for (name, value) in &self.fields {
            let part = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(part.as_bytes());
        }
        let file_head = "Content-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg";
        body.extend_from_slice(format!("--{boundary}\r\n{file_head}\r\n\r\n").as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let request = bucket
            .cloud
            .http
            .post(format!("{}/{}", bucket.cloud.aws, bucket.name));
        let request = request
            .header(
                "content-type",
                format!("multipart/form-data; boundary={boundary}"),
            )
            .body(body);
        Ok(request.send().await?.status().as_u16())
    }
}

/// The servers' time: `local` moves its own, but signatures are by the real one, as the functions' are.
#[expect(
    clippy::disallowed_methods,
    reason = "what is signed is signed at a real time"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

fn hmac(key: &[u8], data: &str) -> Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(data.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

#[tokio::test]
async fn upload_forms_enforce_their_policy() -> Result<()> {
    let bucket = Bucket::new().await?;
    let now = now();
    let form = || Form::new(&bucket.name, now);
    assert_eq!(form()?.post(&bucket, PHOTO).await?, 204);
    let head = bucket
        .client()
        .head_object()
        .bucket(&bucket.name)
        .key("quarantine/a.jpg")
        .send()
        .await?;
    assert_eq!(
        (head.content_length(), head.content_type()),
        (Some(10), Some("image/jpeg"))
    );
    let long_ago = Form::new(&bucket.name, now - Duration::from_secs(3600))?;
    let refusals: [(&str, Form, &[u8], u16); 4] = [
        (
            "another place",
            form()?.with("key", "photos/b.jpg"),
            PHOTO,
            403,
        ),
        (
            "another type",
            form()?.with("Content-Type", "text/html"),
            PHOTO,
            403,
        ),
        ("expired", long_ago, PHOTO, 403),
        (
            "too large",
            form()?.with("key", "quarantine/large.jpg"),
            &[0; 101],
            400,
        ),
    ];
    for (what, form, file, status) in refusals {
        assert_eq!(form.post(&bucket, file).await?, status, "{what}");
    }
    for key in ["photos/b.jpg", "quarantine/large.jpg"] {
        assert!(!bucket.is_there(key).await, "{key}");
    }
    Ok(())
}

#[tokio::test]
async fn unsigned_forms_upload_nothing() -> Result<()> {
    let bucket = Bucket::new().await?;
    let form = || Form::new(&bucket.name, now());
    let forms = [
        form()?.unsigned(),
        form()?.with("x-amz-signature", &"0".repeat(64)),
    ];
    for form in forms {
        let status = form.post(&bucket, PHOTO).await?;
        if bucket.cloud.differs(MiniStack::BelievesForms) {
            assert_eq!(status, 204);
        } else {
            assert_eq!(status, 403);
            assert!(!bucket.is_there("quarantine/a.jpg").await);
        }
    }
    Ok(())
}
