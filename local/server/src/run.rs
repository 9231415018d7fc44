//! Starts and stops the emulator, the simulators and the pages.

use std::{collections::BTreeMap, future::Future, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use axum::{
    Router,
    extract::{Request, State},
    http::header,
    middleware::{self, Next},
    response::Response,
};
use confab_emulator::{
    Clock, CodeFolders, Emulator, EmulatorConfig, loopback,
    recorder::Recorder,
    template::{Places, Template},
};

use crate::{
    control::{self, Addresses, Control},
    data_folder,
    ports::{authority, bind, listen, listen_for_sites, next_port, serve, url},
    services::{self, Services},
    simulators,
    sites::{self, Site},
    watch,
};

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) root: PathBuf,
    pub(crate) template: PathBuf,
    pub(crate) binaries: PathBuf,
    /// The folder of the runtime interface clients.
    pub(crate) tools: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) pages: PathBuf,
    /// Values of the root template's parameters, which take precedence over those of services.
    pub(crate) parameters: BTreeMap<String, String>,
    /// The first of the ports: home, gateway, AWS, sockets when the template has a WebSocket API, and the sites.
    pub(crate) port: u16,
    pub(crate) reset: bool,
    pub(crate) advance_ms: i64,
    pub(crate) watch: bool,
}

/// Runs until `stop`. Calls `ready` with the addresses when everything answers.
pub(crate) async fn run(
    settings: Settings,
    stop: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(&Addresses),
) -> Result<()> {
    let [home, gateway_, aws_] = listen(settings.port).await?;
    // A taken port is an error only if the template has a WebSocket API, which is not known yet.
    let socket = bind(next_port(settings.port, 3)?).await;
    let mut addresses = Addresses {
        home: url(&home)?,
        gateway: url(&gateway_)?,
        aws: url(&aws_)?,
        socket: None,
        sites: BTreeMap::new(),
    };
    let _lock = data_folder::lock(&settings.data, settings.reset)?;
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
    let simulator_settings = services.simulators(&placeholders)?;
    let site_settings = services.sites(&placeholders)?;
    let site_listeners = listen_for_sites(settings.port, site_settings.len()).await?;
    for (site, listener) in site_settings.iter().zip(&site_listeners) {
        addresses.sites.insert(site.name.clone(), url(listener)?);
    }
    addresses.socket = match template.sockets.as_slice() {
        [] => None,
        [api] => Some(format!("ws://{}/{}", places.socket, api.path)),
        _ => Some(format!("ws://{}", places.socket)),
    };
    let socket = match addresses.socket {
        Some(_) => Some(socket?),
        None => None,
    };
    let emulator = Emulator::open(EmulatorConfig {
        template,
        places,
        data: settings.data.clone(),
        code: CodeFolders {
            binaries: settings.binaries.clone(),
            tools: settings.tools.clone(),
        },
        parameters: services.secrets(),
        clock: clock.clone(),
    })
    .await?;
    emulator
        .functions
        .write_environments(&settings.data.join("env"))
        .context("Failed to write the functions' environments")?;
    let simulators = simulators::open(
        &settings.data,
        &addresses.home,
        &simulator_settings,
        clock,
        Some(emulator.recorder.clone()),
    )?;
    let mut sites = Vec::new();
    for (site, listener) in site_settings.into_iter().zip(site_listeners) {
        let site = Site::new(
            site,
            url(&listener)?,
            &settings.pages,
            emulator.recorder.clone(),
        )?;
        sites.push((Arc::new(site), listener));
    }
    let control = Control {
        emulator: emulator.clone(),
        addresses: addresses.clone(),
        pages: settings.pages.clone(),
        services: Arc::new(watch::service_of_binaries(&settings.root)),
        service_pages: Arc::new(services.pages()),
        products: Arc::new(services.products(&addresses.sites)),
        sites: Arc::new(sites.iter().map(|(site, _)| site.clone()).collect()),
    };
    let pages = control::router(control).layer(middleware::from_fn(control::security_headers));
    serve(aws_, emulator.aws_router());
    serve(gateway_, emulator.http_router());
    if let Some(socket) = socket {
        serve(socket, emulator.websocket_router());
    }
    for (site, listener) in sites {
        serve(listener, sites::router(site));
    }
    let counter = ProviderCounter {
        recorder: emulator.recorder.clone(),
        simulators: simulator_settings.into_keys().collect(),
    };
    let providers = simulators
        .as_ref()
        .map_or_else(Router::new, |simulators| simulators.router());
    let providers = providers.layer(middleware::from_fn_with_state(
        counter,
        count_provider_calls,
    ));
    serve(home, loopback::guard(pages.merge(providers)));
    emulator.start_loops();
    if settings.watch {
        tokio::spawn(watch::run(emulator.clone(), settings.root.clone()));
    }
    let (stop_simulators, simulators_stopped) = tokio::sync::oneshot::channel::<()>();
    let delivering = tokio::spawn(async move {
        let stopped = async {
            simulators_stopped.await.ok();
        };
        match simulators {
            Some(simulators) => simulators.run(stopped).await,
            None => stopped.await,
        }
    });
    ready(&addresses);
    stop.await;
    // Messages on disk are delivered after the next start.
    drop(stop_simulators);
    tokio::time::timeout(Duration::from_secs(2), delivering)
        .await
        .ok();
    emulator.kill_functions();
    Ok(())
}

#[derive(Debug, Clone)]
struct ProviderCounter {
    recorder: Arc<Recorder>,
    /// Names of simulators, each of which is the first segment of its paths.
    simulators: Arc<[String]>,
}

/// Counts calls to simulated providers, which are a part of a message's cost.
async fn count_provider_calls(
    State(counter): State<ProviderCounter>,
    request: Request,
    next: Next,
) -> Response {
    // Only API calls carry a key; downloads of media do not count.
    let has_key = request.headers().contains_key(header::AUTHORIZATION);
    let place = request.uri().path().split('/').nth(1);
    let mut providers = counter.simulators.iter();
    let provider = providers
        .find(|provider| has_key && place == Some(provider.as_str()))
        .cloned();
    let response = next.run(request).await;
    if let Some(provider) = provider {
        counter
            .recorder
            .count_provider_call(&provider, response.status().is_success());
    }
    response
}

/// Runs the simulators alone, for an app elsewhere whose APIs are at `gateway`.
pub(crate) async fn run_simulators(
    template: PathBuf,
    data: PathBuf,
    port: u16,
    gateway: String,
    stop: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(&str),
) -> Result<()> {
    let _lock = data_folder::lock(&data, false)?;
    let listener = bind(port).await?;
    let home = url(&listener)?;
    let clock = Arc::new(Clock::open(&data)?);
    let services = Services::read(&services::folders(&template)?)?;
    let placeholders = services::Addresses {
        home: &home,
        gateway: &gateway,
        ..services::Addresses::default()
    };
    let simulators = simulators::open(
        &data,
        &home,
        &services.simulators(&placeholders)?,
        clock,
        None,
    )?;
    let simulators = simulators
        .context("no service.toml beside the template or below functions/ has a simulator")?;
    serve(listener, simulators.router());
    ready(&home);
    simulators.run(stop).await;
    Ok(())
}
