//! `desk-files` and the routes of attachments: from the form to the message.

use confab_aws::Objects;
use confab_core::Result;
use confab_testkit::{Faults, Scenario, TestRequest, TestResponse, enumerate, invocation};
use desk::workers::desk_files;
use serde_json::{Value, json};

use crate::{
    talk::{Talk, Visitor, message_body, note_body, path},
    world::{FILE_QUEUE, text},
};

/// Signs the forms by which clients upload, and the links by which they read.
const SIGNER: &str = "desk-conversations";

impl Talk {
    fn objects(&self) -> Objects {
        let env = self.world.cloud.env("desk-files");
        let bucket = env.required("CONFAB_BUCKET").unwrap().to_owned();
        Objects::new(&self.world.cloud.aws(SIGNER), bucket)
    }

    async fn announce(&self, token: &str, id: &str, file: Value) -> TestResponse {
        let request = TestRequest::post(path(id, "/attachments"), file);
        self.conversations(token, request).await
    }

    /// Announces a file, and puts its content where the form uploads it.
    async fn upload(&self, token: &str, id: &str, mime: &str, bytes: &[u8]) -> String {
        let file = json!({ "name": "bill", "mime": mime, "bytes": bytes.len() });
        let announced = self.announce(token, id, file).await;
        assert_eq!(announced.status, 201, "{announced:?}");
        let key = text(&announced.body["fields"], "key").to_owned();
        let put = self.objects().put(&key, mime, bytes.to_vec()).await;
        put.unwrap();
        text(&announced.body, "upload_id").to_owned()
    }

    async fn file(&self, token: &str, id: &str, upload: &str) -> TestResponse {
        let request = TestRequest::get(path(id, &format!("/attachments/{upload}")));
        self.conversations(token, request).await
    }

    async fn ask_for_check(&self, token: &str, id: &str, upload: &str) -> TestResponse {
        let check = format!("/attachments/{upload}");
        let request = TestRequest::post(path(id, &check), json!({}));
        self.conversations(token, request).await
    }

    async fn run_checks(&self) -> Result<()> {
        for job in self.world.take(FILE_QUEUE) {
            let state = self.world.state("desk-files").await;
            invocation(desk_files::handle(state, self.world.message(&job))).await?;
        }
        Ok(())
    }

    /// Uploads a text and has it checked.
    async fn checked(&self, token: &str, id: &str) -> String {
        let upload = self.upload(token, id, "text/plain", b"two roses").await;
        let asked = self.ask_for_check(token, id, &upload).await;
        assert_eq!(asked.status, 202, "{asked:?}");
        self.run_checks().await.unwrap();
        upload
    }

    async fn opened() -> (Self, Visitor, String) {
        let talk = Self::open().await;
        let visitor = talk.visitor().await;
        let id = talk.start_with_people(&visitor).await;
        (talk, visitor, id)
    }
}

fn with_files(body: Value, files: &[&str]) -> Value {
    let mut body = body;
    body["attachments"] = json!(files);
    body
}

#[tokio::test]
async fn checked_file_is_attached_to_one_message() {
    let (talk, visitor, id) = Talk::opened().await;
    let agent = talk.agent().await;
    let upload = talk.checked(&visitor.token, &id).await;
    let hidden = talk.file(&agent.token, &id, &upload).await;
    assert_eq!(hidden.status, 404, "only its author sees it: {hidden:?}");
    let body = || with_files(message_body("message-0001", "here"), &[&upload]);
    let posted = talk.post(&visitor.token, &id, body()).await;
    assert_eq!(posted.status, 201, "{posted:?}");
    assert_eq!(posted.body["attachments"][0]["name"], "bill");
    let again = talk.post(&visitor.token, &id, body()).await;
    assert_eq!((again.status, &again.body), (200, &posted.body));
    let seen = talk.file(&agent.token, &id, &upload).await;
    assert_eq!((seen.status, &seen.body["state"]), (200, &json!("ready")));
    assert!(text(&seen.body, "url").contains(&upload), "{seen:?}");
    let twice = with_files(message_body("message-0002", "again"), &[&upload]);
    let twice = talk.post(&visitor.token, &id, twice).await;
    assert_eq!((twice.status, twice.code()), (409, "file_used"));
    talk.check(&id, "a file").await;
}

#[tokio::test]
async fn files_are_attached_after_the_check_alone() {
    let (talk, visitor, id) = Talk::opened().await;
    let upload = talk.upload(&visitor.token, &id, "text/plain", b"x").await;
    let body = |files: &[&str]| with_files(message_body("message-0001", "here"), files);
    let early = talk.post(&visitor.token, &id, body(&[&upload])).await;
    assert_eq!((early.status, early.code()), (409, "file_not_ready"));
    let html = talk
        .upload(&visitor.token, &id, "application/pdf", b"<html>")
        .await;
    talk.ask_for_check(&visitor.token, &id, &html).await;
    talk.run_checks().await.unwrap();
    let refused = talk.file(&visitor.token, &id, &html).await;
    assert_eq!(
        (&refused.body["state"], &refused.body["code"]),
        (&json!("refused"), &json!("wrong_type"))
    );
    let refused = talk.post(&visitor.token, &id, body(&[&html])).await;
    assert_eq!((refused.status, refused.code()), (422, "file_refused"));
    let same = talk
        .post(&visitor.token, &id, body(&[&upload, &upload]))
        .await;
    assert_eq!((same.status, same.code()), (400, "same_file"));
    let agent = talk.agent().await;
    let theirs = talk.post(&agent.token, &id, body(&[&upload])).await;
    assert_eq!((theirs.status, theirs.code()), (404, "file_not_found"));
}

#[tokio::test]
async fn announcements_are_refused_with_a_reason() {
    let (talk, visitor, id) = Talk::opened().await;
    let other = talk.visitor().await;
    let request = |file: Value| TestRequest::post(path(&id, "/attachments"), file);
    let file = |mime: &str, bytes: u64| json!({ "name": "a", "mime": mime, "bytes": bytes });
    let own = |mime: &str, bytes: u64| request(file(mime, bytes)).token(&visitor.token);
    let most = 10 * 1024 * 1024;
    let unknown = path(&id, "/attachments/upl_00000000000000000000000000");
    let cases = [
        (own("image/svg+xml", 9), 422, "bad_media_type"),
        (own("text/html", 9), 422, "bad_media_type"),
        (own("image/png", 0), 400, "empty_file"),
        (own("image/png", most + 1), 413, "too_large"),
        (
            request(file("image/png", 9)).token(&other.token),
            404,
            "conversation_not_found",
        ),
        (
            TestRequest::get(&unknown).token(&visitor.token),
            404,
            "file_not_found",
        ),
        (
            TestRequest::post(&unknown, json!({})).token(&visitor.token),
            404,
            "file_not_found",
        ),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
}

#[tokio::test]
async fn files_of_notes_are_hidden_from_visitors() {
    let (talk, visitor, id) = Talk::opened().await;
    let agent = talk.agent().await;
    let upload = talk.checked(&agent.token, &id).await;
    let note = with_files(note_body("message-0001", "look"), &[&upload]);
    let noted = talk.post(&agent.token, &id, note).await;
    assert_eq!(noted.status, 201, "{noted:?}");
    let other = talk.agent().await;
    assert_eq!(talk.file(&other.token, &id, &upload).await.status, 200);
    let hidden = talk.file(&visitor.token, &id, &upload).await;
    assert_eq!((hidden.status, hidden.code()), (404, "file_not_found"));
}

#[tokio::test]
async fn files_are_deleted_with_their_message_or_without_one() {
    let (talk, visitor, id) = Talk::opened().await;
    let upload = talk.checked(&visitor.token, &id).await;
    let body = with_files(message_body("message-0001", "here"), &[&upload]);
    let posted = talk.post(&visitor.token, &id, body).await;
    let unused = talk.checked(&visitor.token, &id).await;
    let prefix = format!("t/{}/files/", talk.workspace.id);
    let objects = talk.objects();
    let count = async || {
        let files = invocation(objects.list(&prefix, None)).await;
        files.unwrap().len()
    };
    assert_eq!(count().await, 2);
    let delete = path(&id, &format!("/messages/{}", posted.body["seq"]));
    let deleted = talk
        .messages(&visitor.token, TestRequest::delete(delete))
        .await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    let gone = talk.file(&visitor.token, &id, &upload).await;
    assert_eq!(gone.status, 404, "{gone:?}");
    let mut job = json!({
        "tenant": talk.workspace.id,
        "subject": { "kind": "upload", "conversation": id, "id": unused },
        "due_at": talk.world.now(),
    });
    talk.run_due(&job).await.unwrap();
    assert_eq!(talk.file(&visitor.token, &id, &unused).await.status, 200);
    talk.world.advance(2 * 86_400);
    job["due_at"] = json!(talk.world.now());
    talk.run_due(&job).await.unwrap();
    assert_eq!(talk.file(&visitor.token, &id, &unused).await.status, 404);
    assert_eq!(count().await, 0);
}

struct Check(Talk, Visitor, String, String, Value);

impl Scenario for Check {
    async fn arrange() -> Self {
        let (talk, visitor, id) = Talk::opened().await;
        let upload = talk
            .upload(&visitor.token, &id, "text/plain", b"two roses")
            .await;
        talk.ask_for_check(&visitor.token, &id, &upload).await;
        let job = talk.world.take(FILE_QUEUE).pop().unwrap();
        talk.world.state("desk-files").await;
        Self(talk, visitor, id, upload, job)
    }

    fn faults(&self) -> &Faults {
        self.0.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let state = self.0.world.state("desk-files").await;
        invocation(desk_files::handle(state, self.0.world.message(&self.4))).await
    }

    async fn check(&self, story: &str) {
        let Self(talk, visitor, id, upload, _) = self;
        let file = talk.file(&visitor.token, id, upload).await;
        assert_eq!(file.body["state"], "ready", "{story}: {file:?}");
        let objects = talk.objects();
        let left = objects.list("quarantine/", None).await.unwrap();
        assert!(left.is_empty(), "{story}: {left:?}");
    }
}

#[tokio::test]
async fn file_is_checked_whatever_call_fails() {
    enumerate::<Check>().await;
}
