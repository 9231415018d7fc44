//! Puts local together, and takes it down.

use std::{
    collections::BTreeMap,
    future::Future,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use axum::{
    Router,
    extract::{Request, State},
    http::header,
    middleware::{self, Next},
    response::Response,
};
use tokio::net::TcpListener;

use confab_emulator::{
    aws,
    clock::Clock,
    cloud::{Cloud, CloudConfig},
    dynamo, gateway, guard,
    lambda::{Consuming, Folders, consume},
    record::Record,
    schedule, sockets,
    template::{Places, Template},
};

use crate::{
    control::{self, Addresses, Control},
    services::{self, Services},
    simulators, watch,
};

#[derive(Debug, Clone)]
pub struct Settings {
    pub root: PathBuf,
    pub template: PathBuf,
    pub binaries: PathBuf,
    /// Where the runtime interface clients are installed.
    pub tools: PathBuf,
    pub data: PathBuf,
    pub pages: PathBuf,
    /// Values of the template's parameters; they win over those of services.
    pub parameters: BTreeMap<String, String>,
    /// The first of four ports: home, gateway, AWS and, when the template has a WebSocket API, sockets.
    pub port: u16,
    pub reset: bool,
    pub advance_ms: i64,
    pub watch: bool,
}

/// Runs until `stop`. Says where it is through `ready` when everything answers.
pub async fn run(
    settings: Settings,
    stop: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(&Addresses),
) -> Result<()> {
    let [home, gateway_, aws_] = listen(settings.port).await?;
    // Whether it is needed is not known yet: only then it matters that the port is free.
    let socket = bind(next_port(settings.port, 3)?).await;
    let mut addresses = Addresses {
        home: url(&home)?,
        gateway: url(&gateway_)?,
        aws: url(&aws_)?,
        socket: None,
    };
    let _lock = own(&settings.data, settings.reset)?;
    let clock = Arc::new(Clock::open(&settings.data)?);
    if settings.advance_ms > 0 {
        clock.advance(settings.advance_ms)?;
    }
    let services = Services::read(&services::folders(&settings.template)?)?;
    let mut placeholders = services::Addresses {
        home: &addresses.home,
        gateway: &addresses.gateway,
        parameters: BTreeMap::new(),
    };
    let mut parameters = services.root_parameters(&placeholders)?;
    parameters.extend(settings.parameters.clone());
    let places = Places {
        aws_url: addresses.aws.clone(),
        gateway: addresses.gateway.clone(),
        socket: socket
            .as_ref()
            .map_or_else(|_| Ok(String::new()), authority)?,
        parameters,
        ..Places::default()
    };
    let template = Template::load(&settings.template, &places)?;
    placeholders.parameters.clone_from(&template.parameters);
    let simulators = services.simulators(&placeholders)?;
    let socket = match template.sockets.first() {
        Some(api) => {
            addresses.socket = Some(format!("ws://{}/{}", places.socket, api.path));
            Some(socket?)
        }
        None => None,
    };
    let config = CloudConfig {
        data: settings.data.clone(),
        folders: Folders {
            binaries: settings.binaries.clone(),
            tools: settings.tools.clone(),
        },
        template,
        places,
        parameters: services.secrets(),
        clock: clock.clone(),
    };
    let cloud = Arc::new(Cloud::open(config).await?);
    cloud
        .functions
        .write_environments(&settings.data.join("env"))
        .context("Failed to write the functions' environments")?;
    let outside = simulators::open(
        &settings.data,
        &addresses.home,
        &simulators,
        clock,
        Some(cloud.record.clone()),
    )?;
    let control = Control {
        cloud: cloud.clone(),
        addresses: addresses.clone(),
        pages: settings.pages.clone(),
        services: Arc::new(watch::service_of_binaries(&settings.root)),
        service_pages: Arc::new(services.pages()),
        products: Arc::new(services.products()),
    };
    let pages = control::router(control).layer(middleware::from_fn(control::safe_headers));
    serve(aws_, guard::guarded(aws::router(cloud.clone())));
    serve(gateway_, gateway::router(cloud.clone()));
    if let Some(socket) = socket {
        serve(socket, sockets::router(cloud.clone()));
    }
    let counting = Counting {
        record: cloud.record.clone(),
        simulators: simulators.into_keys().collect(),
    };
    let providers = outside
        .as_ref()
        .map_or_else(Router::new, |outside| outside.router());
    let providers = providers.layer(middleware::from_fn_with_state(counting, count_asked));
    serve(home, guard::guarded(pages.merge(providers)));
    start_loops(&cloud);
    if settings.watch {
        tokio::spawn(watch::run(cloud.clone(), settings.root.clone()));
    }
    let (stop_outside, outside_stopped) = tokio::sync::oneshot::channel::<()>();
    let delivering = tokio::spawn(async move {
        let stopped = async {
            outside_stopped.await.ok();
        };
        match outside {
            Some(outside) => outside.run(stopped).await,
            None => stopped.await,
        }
    });
    ready(&addresses);
    stop.await;
    // Processes get no new work; what is on disk goes on at the next start.
    drop(stop_outside);
    tokio::time::timeout(Duration::from_secs(2), delivering)
        .await
        .ok();
    for function in cloud.functions.all() {
        function.kill_all();
    }
    Ok(())
}

#[derive(Debug, Clone)]
struct Counting {
    record: Arc<Record>,
    /// Names of simulators, which their paths begin with.
    simulators: Arc<[String]>,
}

/// Counts the calls of providers: they are part of what a message costs.
async fn count_asked(State(counting): State<Counting>, request: Request, next: Next) -> Response {
    // Who looks at a picture shows no key.
    let has_key = request.headers().contains_key(header::AUTHORIZATION);
    let place = request.uri().path().split('/').nth(1);
    let mut providers = counting.simulators.iter();
    let provider = providers
        .find(|provider| has_key && place == Some(provider.as_str()))
        .cloned();
    let response = next.run(request).await;
    if let Some(provider) = provider {
        counting
            .record
            .asked(&provider, response.status().is_success());
    }
    response
}

/// Only the providers and their phones: what a rehearsal elsewhere talks to, which has its APIs at `gateway`.
pub async fn outside(
    template: PathBuf,
    data: PathBuf,
    port: u16,
    gateway: String,
    stop: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(&str),
) -> Result<()> {
    let _lock = own(&data, false)?;
    let listener = bind(port).await?;
    let home = url(&listener)?;
    let clock = Arc::new(Clock::open(&data)?);
    let services = Services::read(&services::folders(&template)?)?;
    let placeholders = services::Addresses {
        home: &home,
        gateway: &gateway,
        ..services::Addresses::default()
    };
    let outside = simulators::open(
        &data,
        &home,
        &services.simulators(&placeholders)?,
        clock,
        None,
    )?;
    let outside = outside
        .context("no service.toml beside the template or below functions/ has a simulator")?;
    serve(listener, outside.router());
    ready(&home);
    outside.run(stop).await;
    Ok(())
}

fn start_loops(cloud: &Arc<Cloud>) {
    for function in cloud.functions.all() {
        tokio::spawn(cloud.clone().work_off(function.clone()));
        for consumer in &function.spec.consumers {
            if let Some(queue) = cloud.template.queue_by_arn(&consumer.queue_arn) {
                consume(Consuming {
                    engine: cloud.queues.clone(),
                    queue: queue.clone(),
                    function: function.clone(),
                    consumer: consumer.clone(),
                    record: cloud.record.clone(),
                    region: cloud.region.clone(),
                });
            }
        }
    }
    tokio::spawn(schedule::run(cloud.clone()));
    tokio::spawn(dynamo::sweep_forever(cloud.clone()));
    tokio::spawn(sockets::sweep_forever(cloud.clone()));
    let functions = cloud.functions.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(30)).await;
            for function in functions.all() {
                function.end_idle();
            }
        }
    });
}

async fn listen(port: u16) -> Result<[TcpListener; 3]> {
    Ok([
        bind(port).await?,
        bind(next_port(port, 1)?).await?,
        bind(next_port(port, 2)?).await?,
    ])
}

/// Any port will do when the first may be any.
fn next_port(first: u16, n: u16) -> Result<u16> {
    if first == 0 {
        Ok(0)
    } else {
        first
            .checked_add(n)
            .context("the port is too high: four in a row are needed")
    }
}

async fn bind(port: u16) -> Result<TcpListener> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpListener::bind(address).await.with_context(|| {
        format!("Port {port} is taken. Stop what uses it, or choose another with --port.")
    })
}

fn url(listener: &TcpListener) -> Result<String> {
    Ok(format!("http://{}", authority(listener)?))
}

fn authority(listener: &TcpListener) -> Result<String> {
    Ok(listener.local_addr()?.to_string())
}

fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "a server of local ended");
        }
    });
}

/// What is ours in a data folder, and nothing else.
const OURS: &[&str] = &[
    "clock",
    "dynamodb.db",
    "env",
    "outside.sqlite",
    "rehearse",
    "s3",
    "schedules.json",
    "sqs.db",
];

/// One local a folder: two would take each other's messages.
fn own(data: &Path, reset: bool) -> Result<std::fs::File> {
    std::fs::create_dir_all(data).with_context(|| format!("Failed to make {}", data.display()))?;
    let lock = data.join("lock");
    let file = std::fs::File::create(&lock)
        .with_context(|| format!("Failed to open {}", lock.display()))?;
    if file.try_lock().is_err() {
        bail!(
            "Another local is at work on {}. Stop it, or choose another folder with --data.",
            data.display()
        );
    }
    if reset {
        for entry in std::fs::read_dir(data)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_server_error = OURS
                .iter()
                .any(|ours| name == *ours || name.starts_with(&format!("{ours}-")));
            match (is_server_error, path.is_dir()) {
                (true, true) => std::fs::remove_dir_all(&path)?,
                (true, false) => std::fs::remove_file(&path)?,
                (false, _) => {}
            }
        }
    }
    Ok(file)
}
