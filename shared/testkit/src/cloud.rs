//! AWS in the test's process: the emulator behind the SDK's connector. No port, no process, no sleep.
//!
//! A function's calls carry its own access key, so that its statements in the template are enforced here, too.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use axum::{Router, body::Body};
use confab_aws::{Aws, AwsConfig};
use confab_core::{Clock, Env, Timestamp};
use confab_emulator::{
    AttachedConnection, CodeFolders, Emulator, EmulatorConfig, StoredMail, TenantViolation,
    template::{Places, Template},
};
use confab_lambda::Platform;
use http::{HeaderValue, header};
use tower::ServiceExt;

use crate::{
    faults::{Call, Faults, Refusal},
    invocation,
};

/// 2026-11-29T12:00:00Z. Tests move it.
const START_MS: i64 = 1_795_953_600_000;

/// The address of AWS that nothing listens on: calls of functions are answered in the process.
const ADDRESS: &str = "http://127.0.0.1:7072";

/// All services that the root template and its nested stacks need, empty and in memory, with a clock of their own.
pub struct Cloud {
    emulator: Emulator,
    router: Router,
    clock: TestClock,
    faults: Arc<Faults>,
    events: Arc<Mutex<Vec<serde_json::Value>>>,
    address: String,
    variables: Vec<(String, String)>,
    _data: tempfile::TempDir,
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cloud").finish_non_exhaustive()
    }
}

/// A clock that stands still until a test moves it. Clones share the time.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn advance(&self, by: std::time::Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Cloud {
    /// Opens an empty cloud from the repository's templates. SSM holds the secrets of all `service.toml` files.
    pub async fn open() -> Self {
        Self::open_with(&[], &[]).await
    }

    /// Opens a cloud with values of its own for parameters of the root template, and for secrets by their names in SSM.
    #[expect(
        clippy::unwrap_used,
        reason = "a template that cannot be read fails the test"
    )]
    pub async fn open_with(parameters: &[(&str, &str)], own_secrets: &[(&str, &str)]) -> Self {
        let data = memory_folder();
        let clock = TestClock(Arc::new(AtomicI64::new(START_MS)));
        let mut secrets = secrets();
        for (name, value) in own_secrets {
            let mut secret = secrets.iter_mut().filter(|secret| secret.name == *name);
            secret.next().unwrap().local = (*value).to_owned();
        }
        let mut places = Places {
            parameters: optional_parameters(&secrets),
            ..Places::default()
        };
        for (name, value) in parameters {
            let value = (*value).to_owned();
            places.parameters.insert((*name).to_owned(), value);
        }
        let source = clock.clone();
        let emulator = Emulator::open(EmulatorConfig {
            template: if parameters.is_empty() {
                template(&places)
            } else {
                load_template(&places)
            },
            places,
            data: data.path().to_owned(),
            code: CodeFolders {
                binaries: root().join("target/debug"),
                tools: root().join(".tools/lambda"),
            },
            parameters: secrets
                .into_iter()
                .map(|secret| (secret.name, secret.local))
                .collect(),
            clock: Arc::new(confab_emulator::Clock::with_source(move || source.now_ms())),
        })
        .await
        .unwrap();
        Self {
            router: emulator.aws_router(),
            emulator,
            clock,
            faults: Arc::default(),
            events: Arc::default(),
            address: ADDRESS.to_owned(),
            variables: Vec::new(),
            _data: data,
        }
    }

    pub fn clock(&self) -> TestClock {
        self.clock.clone()
    }

    /// Calls of functions, and the faults that they meet.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Serves providers on a loopback port. Their requests are calls that can meet faults. Returns the address.
    pub async fn serve(&self, make: impl FnOnce(&str) -> Router) -> String {
        crate::providers::serve(self.faults.clone(), make).await
    }

    /// Lets providers fetch presigned links, which lead to a loopback port from now on. Their requests are no calls.
    pub async fn serve_links(&mut self) {
        let router = self.router.clone();
        self.address = crate::providers::serve(Arc::default(), |_| router).await;
    }

    /// Returns the events that the bus accepted, oldest first.
    pub fn events(&self) -> Vec<serde_json::Value> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.clone()
    }

    /// Sets a variable of all functions, such as the address of a provider.
    pub fn set_variable(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    /// Returns the mails that functions have sent, the oldest first.
    #[expect(
        clippy::unwrap_used,
        reason = "a mailbox that cannot be read fails the test"
    )]
    pub fn mails(&self) -> Vec<StoredMail> {
        let mailbox = &self.emulator.mails;
        let mails = mailbox.list(usize::MAX).unwrap().into_iter().rev();
        mails
            .filter_map(|mail| mailbox.get(&mail.id).unwrap())
            .collect()
    }

    /// Returns the invocations that touched keys of several tenants, and forgets them. Those that remain fail the test.
    pub fn take_tenant_violations(&self) -> Vec<TenantViolation> {
        self.emulator.tenants.take_violations()
    }

    /// Opens a connection to the WebSocket API at a path, such as `/live`, without calling a route.
    pub fn connect(&self, path: &str) -> Option<AttachedConnection> {
        self.emulator.websockets.attach(path)
    }

    /// Returns the environment that the template gives a function.
    #[expect(clippy::panic, reason = "an unknown function is a mistake in the test")]
    pub fn env(&self, function: &str) -> Env {
        let mut functions = self.emulator.template.functions.iter();
        let Some(function) = functions.find(|spec| spec.name == function) else {
            panic!("there is no function {function}");
        };
        Env::from_iter(
            function
                .environment
                .clone()
                .into_iter()
                .chain(self.variables.clone()),
        )
    }

    /// Returns the bodies of the messages on the queue with this URL, oldest first. They stay there.
    #[expect(
        clippy::unwrap_used,
        reason = "an unknown queue is a mistake in the test"
    )]
    pub fn queued(&self, url: &str) -> Vec<serde_json::Value> {
        let name = url.rsplit('/').next().unwrap_or_default();
        let queue = self.emulator.queues.queue(name).unwrap();
        let messages = self.emulator.queues.peek(queue, usize::MAX >> 1).unwrap();
        let bodies = messages
            .iter()
            .map(|message| serde_json::from_str(&message.body));
        bodies.map(Result::unwrap_or_default).collect()
    }

    /// Returns what a function starts from: the environment that the template gives it, its own permissions, and the
    /// cloud's clock.
    pub fn platform(&self, function: &str) -> Platform {
        Platform {
            env: self.env(function),
            aws: self.aws(function),
            clock: Arc::new(self.clock()),
        }
    }

    /// Returns AWS as a function sees it: with its permissions, and without retries.
    #[expect(clippy::unwrap_used, reason = "the environment is written here")]
    pub fn aws(&self, function: &str) -> Aws {
        let env = Env::from_iter([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", function),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_ENDPOINT_URL", &self.address),
        ]);
        let connector = InProcess {
            router: self.router.clone(),
            faults: self.faults.clone(),
            events: self.events.clone(),
        };
        let config = AwsConfig::from_env(&env).unwrap().without_retries();
        Aws::with_connector(config, SharedHttpConnector::new(connector))
    }
}

/// Fails the test in which an invocation touched keys of several tenants.
impl Drop for Cloud {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let violations = self.take_tenant_violations();
        assert!(violations.is_empty(), "tenant keys mixed: {violations:#?}");
        let calls = self.emulator.tenants.take_unattributed_calls();
        assert!(
            calls.is_empty(),
            "a handler that touches keys of tenants runs in `confab_testkit::invocation`: {calls:#?}"
        );
    }
}

/// The root template and its nested stacks, read once in a process.
fn template(places: &Places) -> Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| load_template(places)).clone()
}

#[expect(
    clippy::unwrap_used,
    reason = "a template that cannot be read fails the test"
)]
fn load_template(places: &Places) -> Template {
    Template::load(&root().join("template.yaml"), places).unwrap()
}

/// A secret that a service has on a laptop.
#[derive(serde::Deserialize)]
struct Secret {
    parameter: String,
    name: String,
    local: String,
    #[serde(default)]
    optional: bool,
}

#[expect(clippy::unwrap_used, reason = "a broken service.toml fails the test")]
fn secrets() -> Vec<Secret> {
    #[derive(serde::Deserialize)]
    struct Service {
        #[serde(default)]
        secrets: Vec<Secret>,
    }
    let mut secrets = Vec::new();
    for service in std::fs::read_dir(root().join("functions"))
        .unwrap()
        .flatten()
    {
        let text = std::fs::read_to_string(service.path().join("service.toml"));
        let service: Service = toml::from_str(&text.unwrap_or_default()).unwrap();
        secrets.extend(service.secrets);
    }
    secrets
}

/// Parameters that name the secrets of optional providers, as a laptop has all of them.
fn optional_parameters(secrets: &[Secret]) -> BTreeMap<String, String> {
    let optional = secrets.iter().filter(|secret| secret.optional);
    optional
        .map(|secret| (secret.parameter.clone(), secret.name.clone()))
        .collect()
}

/// A folder in memory where the machine has one.
#[expect(clippy::unwrap_used, reason = "a test without a folder cannot run")]
pub fn memory_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// A connector that answers from the emulator's routes.
#[derive(Clone)]
struct InProcess {
    router: Router,
    faults: Arc<Faults>,
    events: Arc<Mutex<Vec<serde_json::Value>>>,
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        let trace = invocation::trace();
        HttpConnectorFuture::new(async move { this.answer(request, trace).await })
    }
}

impl InProcess {
    async fn answer(
        &self,
        request: HttpRequest,
        trace: Option<HeaderValue>,
    ) -> Result<HttpResponse, ConnectorError> {
        let mut request = request.try_into_http1x().map_err(user_error)?;
        if let Some(trace) = trace {
            request.headers_mut().insert(invocation::TRACE, trace);
        }
        // Connections that are opened ahead of the first call are no calls.
        if !request.headers().contains_key(header::AUTHORIZATION) {
            return self.perform(request).await;
        }
        let call = Call::of(&request);
        let is_json = request.headers().contains_key(TARGET);
        let items = transaction_items(&request);
        let refuse = |refusal| match refusal {
            Refusal::Lost => Err(ConnectorError::io("the connection was lost".into())),
            Refusal::Throttled => Ok(throttled(is_json)),
            Refusal::Conflict => Ok(conflict(items)),
        };
        self.faults
            .perform(call, refuse, self.perform(request))
            .await
    }

    async fn perform(
        &self,
        mut request: http::Request<SdkBody>,
    ) -> Result<HttpResponse, ConnectorError> {
        let authority = request.uri().authority().map(http::uri::Authority::as_str);
        let host = HeaderValue::from_str(authority.unwrap_or_default());
        let host = host.map_err(user_error)?;
        request.headers_mut().entry(header::HOST).or_insert(host);
        let events = events(&request);
        let response = match self.router.clone().oneshot(request.map(Body::new)).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if response.status().is_success() {
            let mut accepted = self.events.lock().unwrap_or_else(PoisonError::into_inner);
            accepted.extend(events);
        }
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let body = body.map_err(user_error)?;
        let response = http::Response::from_parts(head, SdkBody::from(body));
        HttpResponse::try_from(response).map_err(user_error)
    }
}

/// The header that names the action of a call whose body is JSON.
const TARGET: &str = "x-amz-target";

fn user_error(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ConnectorError {
    ConnectorError::user(error.into())
}

fn json_body(request: &http::Request<SdkBody>) -> serde_json::Value {
    let body = request.body().bytes().unwrap_or_default();
    serde_json::from_slice(body).unwrap_or_default()
}

/// Tells whether a request calls this action, such as `AWSEvents.PutEvents`.
fn calls(request: &http::Request<SdkBody>, action: &str) -> bool {
    let target = request.headers().get(TARGET);
    target.is_some_and(|target| target == action)
}

/// Returns the events in a call of `PutEvents`.
fn events(request: &http::Request<SdkBody>) -> Vec<serde_json::Value> {
    if !calls(request, "AWSEvents.PutEvents") {
        return Vec::new();
    }
    let body = json_body(request);
    let entries = body["Entries"].as_array().into_iter().flatten();
    let details = entries.filter_map(|entry| serde_json::from_str(entry["Detail"].as_str()?).ok());
    details.collect()
}

/// Returns the number of items in a call of `TransactWriteItems`, and 0 for other calls.
fn transaction_items(request: &http::Request<SdkBody>) -> usize {
    if !calls(request, "DynamoDB_20120810.TransactWriteItems") {
        return 0;
    }
    json_body(request)["TransactItems"]
        .as_array()
        .map_or(0, Vec::len)
}

/// Returns DynamoDB's answer when another transaction holds a row: one reason for each item of a transaction.
fn conflict(transaction_items: usize) -> HttpResponse {
    let reasons = vec![serde_json::json!({ "Code": "TransactionConflict" }); transaction_items];
    let kind = if transaction_items == 0 {
        "TransactionConflictException"
    } else {
        "TransactionCanceledException"
    };
    let body = serde_json::json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"),
        "message": "Transaction is ongoing for the item",
        "CancellationReasons": reasons,
    });
    response(400, body.to_string())
}

/// Returns the throttling of a service that speaks JSON, or a plain 503.
fn throttled(is_json: bool) -> HttpResponse {
    if !is_json {
        return response(503, String::new());
    }
    let body = r#"{"__type":"com.amazonaws#ThrottlingException","message":"Rate exceeded"}"#;
    response(400, body.to_owned())
}

fn response(status: u16, body: String) -> HttpResponse {
    let status = aws_smithy_runtime_api::http::StatusCode::try_from(status);
    let status = status.unwrap_or_else(|_| unreachable!("it is a status"));
    HttpResponse::new(status, SdkBody::from(body))
}

#[cfg(test)]
mod tests {
    use confab_aws::{Condition, Table, text};

    use super::*;
    use crate::Fault;

    fn rooms(cloud: &Cloud, function: &str) -> Table {
        let env = cloud.env(function);
        Table::new(
            cloud.aws(function).dynamodb(),
            env.required("CONFAB_TABLE").unwrap(),
        )
    }

    #[tokio::test]
    async fn functions_call_the_emulator_with_their_own_permissions() {
        let cloud = Cloud::open().await;
        let row = || {
            let mut row = Table::key("p", "s");
            row.insert("name".into(), text("x"));
            row
        };
        let refused = rooms(&cloud, "rooms-sessions")
            .put(row(), Condition::not_exists())
            .await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("AccessDenied"), "{refused}");
        let written = rooms(&cloud, "chats")
            .put(row(), Condition::not_exists())
            .await;
        assert!(written.unwrap(), "chats may put rows");
    }

    #[tokio::test]
    async fn faults_lose_calls_and_replies() {
        let cloud = Cloud::open().await;
        let table = rooms(&cloud, "chats");
        let read = || {
            table.query_consistent(
                Condition::expression("pk = :pk").value(":pk", text("p")),
                10,
            )
        };
        read().await.unwrap();
        for fault in Fault::ALL {
            cloud.faults().plan(0, fault);
            let outcome = cloud.faults().run(read()).await;
            let dies = matches!(fault, Fault::DiesBefore | Fault::DiesAfter);
            assert_eq!(outcome.is_none(), dies, "{fault:?}");
            assert!(outcome.is_none_or(|outcome| outcome.is_err()), "{fault:?}");
            read().await.unwrap();
        }
        cloud.faults().clear();
        read().await.unwrap();
        assert_eq!(cloud.faults().calls().len(), 1);
    }
}
