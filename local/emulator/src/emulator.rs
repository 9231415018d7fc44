//! All services, wired together.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;
use axum::Router;

use crate::{
    account::Account,
    clock::Clock,
    dynamodb::Tables,
    endpoint::{self, Endpoint},
    eventbridge::EventBuses,
    http_api::HttpApis,
    lambda::{AsyncInvoker, CodeFolders, EventSourceMapping, Functions, queues_of, start_pollers},
    latency::Latency,
    loopback,
    recorder::Recorder,
    s3::Objects,
    scheduler::Scheduler,
    ses::Mailbox,
    sqs::Queues,
    ssm::ParameterStore,
    template::{Places, Template},
    tenants::TenantIsolation,
    websocket::{self, WebSocketGateway},
};

const IDLE_CHECK_INTERVAL: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct EmulatorConfig {
    pub template: Template,
    /// The addresses, account and region that the template was read with.
    pub places: Places,
    /// The folder of tables, queues, objects and schedules. It must exist, and belong to one emulator at a time.
    pub data: PathBuf,
    pub code: CodeFolders,
    /// Values of the parameter store by name. Those of the template take precedence.
    pub parameters: BTreeMap<String, String>,
    pub clock: Arc<Clock>,
}

/// The services that a template needs. Nothing runs before `start_loops`, and nothing listens: callers serve the routers.
#[derive(Debug, Clone)]
pub struct Emulator {
    pub template: Arc<Template>,
    pub clock: Arc<Clock>,
    pub recorder: Arc<Recorder>,
    pub latency: Arc<Latency>,
    pub functions: Arc<Functions>,
    pub queues: Arc<Queues>,
    pub tables: Arc<Tables>,
    pub objects: Arc<Objects>,
    pub mails: Arc<Mailbox>,
    pub events: Arc<EventBuses>,
    pub scheduler: Arc<Scheduler>,
    pub tenants: Arc<TenantIsolation>,
    pub websockets: Arc<WebSocketGateway>,
    /// By the emulator's clock, in milliseconds since 1970.
    pub started_at: i64,
    account: Account,
    invoker: Arc<AsyncInvoker>,
    parameters: Arc<ParameterStore>,
}

impl Emulator {
    /// Opens the data of all services, and creates the tables and buckets that are missing.
    pub async fn open(config: EmulatorConfig) -> Result<Self> {
        let EmulatorConfig {
            template,
            places,
            data,
            code,
            mut parameters,
            clock,
        } = config;
        let account = Account {
            id: places.account,
            region: places.region,
        };
        let recorder = Recorder::new(clock.clone());
        let internal_queues = template.functions.iter().flat_map(queues_of);
        let queues: Vec<_> = template
            .queues
            .iter()
            .cloned()
            .chain(internal_queues)
            .collect();
        let queues = Arc::new(Queues::open(&data, &queues, clock.clone())?);
        let functions = Arc::new(Functions::new(
            &template.functions,
            &code,
            &places.aws_url,
            &account.region,
            &clock,
            &recorder,
        ));
        let invoker = Arc::new(AsyncInvoker::new(queues.clone(), recorder.clone()));
        let latency = Arc::new(Latency::default());
        let events = EventBuses::new(
            &template,
            account.clone(),
            clock.clone(),
            functions.clone(),
            invoker.clone(),
            queues.clone(),
            recorder.clone(),
        )?;
        let scheduler = Scheduler::open(
            &data,
            &template.schedules,
            account.clone(),
            clock.clone(),
            functions.clone(),
            invoker.clone(),
            recorder.clone(),
        )?;
        let websockets = WebSocketGateway::new(
            &template.sockets,
            account.clone(),
            clock.clone(),
            functions.clone(),
            latency.clone(),
            recorder.clone(),
        );
        parameters.extend(template.stored_parameters.clone());
        let tenants = TenantIsolation::new(&template, clock.clone(), recorder.clone());
        Ok(Self {
            tables: Arc::new(Tables::open(&data, &template.tables).await?),
            objects: Arc::new(Objects::open(&data, &template, recorder.clone())?),
            mails: Arc::new(Mailbox::open(&data, &template.identities, clock.clone())?),
            parameters: Arc::new(ParameterStore(parameters)),
            started_at: clock.now(),
            events: Arc::new(events),
            scheduler: Arc::new(scheduler),
            tenants: Arc::new(tenants),
            websockets: Arc::new(websockets),
            template: Arc::new(template),
            clock,
            recorder,
            latency,
            functions,
            queues,
            account,
            invoker,
        })
    }

    /// Returns the routes of the AWS endpoint. Requests of other sites' pages are refused.
    pub fn aws_router(&self) -> Router {
        let endpoint = Endpoint {
            account: self.account.clone(),
            events: self.events.clone(),
            functions: self.functions.clone(),
            invoker: self.invoker.clone(),
            latency: self.latency.clone(),
            mails: self.mails.clone(),
            objects: self.objects.clone(),
            parameters: self.parameters.clone(),
            queues: self.queues.clone(),
            recorder: self.recorder.clone(),
            tables: self.tables.clone(),
            tenants: self.tenants.clone(),
            websockets: self.websockets.clone(),
        };
        loopback::guard(endpoint::router(endpoint))
    }

    /// Returns the routes of all HTTP APIs.
    pub fn http_router(&self) -> Router {
        let apis = HttpApis {
            apis: self.template.http_apis.clone(),
            account: self.account.clone(),
            clock: self.clock.clone(),
            functions: self.functions.clone(),
            recorder: self.recorder.clone(),
        };
        apis.router()
    }

    /// Returns the routes of all WebSocket APIs and of `@connections`.
    pub fn websocket_router(&self) -> Router {
        websocket::router(self.websockets.clone())
    }

    /// Starts pollers, asynchronous invocations, schedules and sweepers. They run until the runtime stops.
    pub fn start_loops(&self) {
        for function in self.functions.all() {
            tokio::spawn(self.invoker.clone().run(function.clone()));
            for consumer in &function.spec.consumers {
                if let Some(queue) = self.template.queue_by_arn(&consumer.queue_arn) {
                    start_pollers(EventSourceMapping {
                        queues: self.queues.clone(),
                        queue: queue.clone(),
                        function: function.clone(),
                        consumer: consumer.clone(),
                        recorder: self.recorder.clone(),
                        region: self.account.region.clone(),
                    });
                }
            }
        }
        tokio::spawn(self.scheduler.clone().run());
        let (clock, recorder) = (self.clock.clone(), self.recorder.clone());
        tokio::spawn(self.tables.clone().run_sweeper(clock, recorder));
        tokio::spawn(self.websockets.clone().run_sweeper());
        let functions = self.functions.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(IDLE_CHECK_INTERVAL).await;
                for function in functions.all() {
                    function.end_idle();
                }
            }
        });
    }

    /// Moves the clock, and with it queues, processes and connections.
    pub async fn advance_clock(&self, by_ms: i64) -> Result<()> {
        let quiesced = self.functions.quiesce().await;
        self.queues.advance(by_ms)?;
        for function in self.functions.all() {
            function.renew();
        }
        drop(quiesced);
        self.websockets.sweep();
        self.recorder.mark_changed();
        Ok(())
    }

    /// Sends SIGKILL to the processes of all functions.
    pub fn kill_functions(&self) {
        for function in self.functions.all() {
            function.kill_all();
        }
    }
}
