//! The binary `local`: see `USAGE`.

mod control;
mod data_folder;
mod ports;
mod run;
mod services;
mod simulators;
mod sites;
mod watch;

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context, Result, bail};
use run::{Settings, run, run_simulators};

const USAGE: &str = "\
local runs template.yaml on this machine, on loopback only.

  local [options]             runs everything
  local simulators [options]  runs the simulated providers and their phones alone

  --template FILE   the template                       template.yaml
  --binaries DIR    where the functions' binaries are  target/debug
  --tools DIR       where Lambda's runtime clients are .tools/lambda
  --data DIR        where the data is kept             .confab
  --pages DIR       where the built pages are          web/dist
  --port N          the first of its ports             7070
  --clock SPAN      moves time forward: 90m, 2h, 3d
  --reset           begins with no data
  --no-watch        does not build again when sources change
  --parameter NAME=VALUE  a parameter of the template; may be given several times
  --gateway URL     (simulators) where the app's APIs are";

struct Arguments {
    settings: Settings,
    simulators_only: bool,
    gateway: Option<String>,
}

fn parse_arguments() -> Result<Option<Arguments>> {
    let root = std::env::current_dir().context("Failed to find the current folder")?;
    let mut settings = Settings {
        template: root.join("template.yaml"),
        binaries: root.join("target/debug"),
        tools: root.join(".tools/lambda"),
        parameters: BTreeMap::new(),
        data: root.join(".confab"),
        pages: root.join("web/dist"),
        root,
        port: 7070,
        reset: false,
        advance_ms: 0,
        watch: true,
    };
    let (mut simulators_only, mut gateway) = (false, None);
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        let mut value = || {
            given
                .next()
                .with_context(|| format!("{argument} takes a value\n\n{USAGE}"))
        };
        match argument.as_str() {
            "simulators" => simulators_only = true,
            "--template" => settings.template = std::path::absolute(value()?)?,
            "--binaries" => settings.binaries = std::path::absolute(value()?)?,
            "--tools" => settings.tools = std::path::absolute(value()?)?,
            "--data" => settings.data = PathBuf::from(value()?),
            "--pages" => settings.pages = PathBuf::from(value()?),
            "--port" => settings.port = value()?.parse().context("--port takes a number")?,
            "--clock" => settings.advance_ms = parse_span(&value()?)?,
            "--gateway" => gateway = Some(value()?.trim_end_matches('/').to_owned()),
            "--parameter" => {
                let given = value()?;
                let (name, value) = given
                    .split_once('=')
                    .with_context(|| format!("{given}: NAME=VALUE is expected"))?;
                settings
                    .parameters
                    .insert(name.to_owned(), value.to_owned());
            }
            "--reset" => settings.reset = true,
            "--no-watch" => settings.watch = false,
            "--help" | "-h" => return Ok(None),
            other => bail!("{other} is not known\n\n{USAGE}"),
        }
    }
    Ok(Some(Arguments {
        settings,
        simulators_only,
        gateway,
    }))
}

/// Parses `90m`, `2h` or `3d` into milliseconds.
fn parse_span(text: &str) -> Result<i64> {
    let wrong = || format!("{text}: minutes, hours or days are expected, as in 90m, 2h, 3d");
    let unit = match text.chars().next_back() {
        Some('m') => 60_000,
        Some('h') => 3_600_000,
        Some('d') => 86_400_000,
        _ => bail!(wrong()),
    };
    let number: i64 = text[..text.len() - 1].parse().with_context(wrong)?;
    number
        .checked_mul(unit)
        .filter(|span| *span > 0)
        .with_context(wrong)
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

#[expect(clippy::print_stdout, reason = "a command's output")]
#[tokio::main]
async fn main() -> Result<()> {
    let Some(arguments) = parse_arguments()? else {
        println!("{USAGE}");
        return Ok(());
    };
    let settings = arguments.settings;
    if arguments.simulators_only {
        let gateway = arguments.gateway.context("simulators takes --gateway")?;
        return run_simulators(
            settings.template,
            settings.data,
            settings.port,
            gateway,
            stop_signal(),
            |home| println!("ready {home}"),
        )
        .await;
    }
    run(settings, stop_signal(), |addresses| {
        println!("ready\n");
        println!("  Home     {}", addresses.home);
        println!("  API      {}", addresses.gateway);
        if let Some(socket) = &addresses.socket {
            println!("  Socket   {socket}");
        }
        for (name, site) in &addresses.sites {
            println!("  {name:<8} {site}");
        }
        println!("  AWS      {}\n", addresses.aws);
    })
    .await
}
