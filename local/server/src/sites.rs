//! Sites: pages on an origin of their own, with a content security policy of their own. A `service.toml` declares them.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, Result, bail};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use confab_emulator::{loopback, recorder::Recorder};
use serde::Deserialize;
use serde_json::{Value, json};

/// Where browsers report violations of the policy. `report-to` would delay them by up to a minute.
const REPORTS: &str = "/csp-reports";
const MAX_REPORT_BYTES: usize = 64 * 1_024;
/// The most characters of a reported address that are logged.
const MAX_LOGGED: usize = 200;
const RESERVED_NAMES: [&str; 4] = ["home", "gateway", "aws", "socket"];

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SiteSettings {
    /// Its name among the addresses.
    pub(crate) name: String,
    pub(crate) title: String,
    /// In the folder of built pages.
    pub(crate) folder: String,
    /// The content security policy. The address for reports is added to it.
    pub(crate) policy: String,
}

impl SiteSettings {
    pub(crate) fn check(&self) -> Result<()> {
        let Self { name, folder, .. } = self;
        let is_word = |text: &str| {
            let is_valid = |each: char| matches!(each, 'a'..='z' | '0'..='9' | '-');
            !text.is_empty() && text.chars().all(is_valid)
        };
        if !is_word(name) || RESERVED_NAMES.contains(&name.as_str()) {
            bail!(
                "{name}: a site's name has lower-case letters, digits and hyphens, and is none of {}",
                RESERVED_NAMES.join(", ")
            );
        }
        if !is_word(folder) {
            bail!("{folder}: a site is a folder in the folder of pages");
        }
        Ok(())
    }
}

/// A site that is served.
#[derive(Debug)]
pub(crate) struct Site {
    name: String,
    title: String,
    url: String,
    folder: PathBuf,
    policy: HeaderValue,
    /// How many violations of the policy browsers have reported since the start.
    csp_reports: AtomicU64,
    recorder: Arc<Recorder>,
}

impl Site {
    pub(crate) fn new(
        settings: SiteSettings,
        url: String,
        pages: &std::path::Path,
        recorder: Arc<Recorder>,
    ) -> Result<Self> {
        let policy = format!("{}; report-uri {REPORTS}", settings.policy);
        let policy = HeaderValue::try_from(policy)
            .with_context(|| format!("the policy of {} is no header", settings.name))?;
        Ok(Self {
            folder: pages.join(&settings.folder),
            name: settings.name,
            title: settings.title,
            url,
            policy,
            csp_reports: AtomicU64::new(0),
            recorder,
        })
    }

    /// Returns the site as the control API shows it.
    pub(crate) fn view(&self) -> Value {
        json!({
            "name": self.name,
            "title": self.title,
            "url": self.url,
            "csp_reports": self.csp_reports.load(Ordering::Relaxed),
        })
    }
}

pub(crate) fn router(site: Arc<Site>) -> Router {
    let router = Router::new()
        .route("/", get(index))
        .route("/{name}", get(file))
        .route(REPORTS, post(report))
        .layer(DefaultBodyLimit::max(MAX_REPORT_BYTES))
        .layer(middleware::from_fn_with_state(site.clone(), add_policy))
        .with_state(site);
    loopback::guard(router)
}

async fn index(State(site): State<Arc<Site>>) -> Response {
    read(&site, "index.html").await
}

async fn file(State(site): State<Arc<Site>>, Path(name): Path<String>) -> Response {
    read(&site, &name).await
}

async fn read(site: &Site, name: &str) -> Response {
    let kind = match name.rsplit_once('.') {
        Some((stem, "html")) if !stem.starts_with('.') => "text/html; charset=utf-8",
        Some((stem, "js")) if !stem.starts_with('.') => "text/javascript; charset=utf-8",
        Some((stem, "css")) if !stem.starts_with('.') => "text/css; charset=utf-8",
        Some((stem, "svg")) if !stem.starts_with('.') => "image/svg+xml",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    // A single segment cannot leave the folder.
    if name.contains(['/', '\\']) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match tokio::fs::read(site.folder.join(name)).await {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, bytes).into_response()
        }
        Err(_) if site.folder.is_dir() => StatusCode::NOT_FOUND.into_response(),
        Err(_) => {
            let text = "The pages are not built. scripts/dev builds them.";
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}

/// Counts and logs a violation that a browser reports.
async fn report(State(site): State<Arc<Site>>, body: Bytes) -> Response {
    let body: Option<Value> = serde_json::from_slice(&body).ok();
    let Some(Value::Object(violation)) =
        body.and_then(|mut body| body.get_mut("csp-report").map(Value::take))
    else {
        let text = "A report of a violated policy is expected.";
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
    let field = |name: &str| -> String {
        let text = violation.get(name).and_then(Value::as_str);
        text.unwrap_or("unknown").chars().take(MAX_LOGGED).collect()
    };
    site.csp_reports.fetch_add(1, Ordering::Relaxed);
    let message = format!(
        "{} blocks {} on {}",
        field("effective-directive"),
        field("blocked-uri"),
        field("document-uri")
    );
    let line = json!({ "level": "WARN", "message": message });
    site.recorder.log(&site.name, &line.to_string());
    StatusCode::NO_CONTENT.into_response()
}

/// Adds the policy to every response.
async fn add_policy(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, site.policy.clone());
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

#[cfg(test)]
mod tests {
    use confab_emulator::Clock;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;
    use crate::ports::{authority, bind, serve};

    fn settings(name: &str, folder: &str) -> SiteSettings {
        SiteSettings {
            name: name.to_owned(),
            title: "Shop".to_owned(),
            folder: folder.to_owned(),
            policy: "default-src 'none'; script-src 'self'".to_owned(),
        }
    }

    struct Served {
        _pages: tempfile::TempDir,
        site: Arc<Site>,
        recorder: Arc<Recorder>,
        authority: String,
    }

    impl Served {
        async fn start() -> Result<Self> {
            let pages = tempfile::tempdir()?;
            std::fs::create_dir(pages.path().join("shop"))?;
            std::fs::write(pages.path().join("shop/index.html"), "<h1>Shop</h1>")?;
            std::fs::write(pages.path().join("shop/shop.js"), "1")?;
            std::fs::write(pages.path().join("secret.html"), "no")?;
            let recorder = Recorder::new(Arc::new(Clock::with_source(|| 0)));
            let listener = bind(0).await?;
            let authority = authority(&listener)?;
            let url = format!("http://{authority}");
            let site = Site::new(
                settings("shop", "shop"),
                url,
                pages.path(),
                recorder.clone(),
            )?;
            let site = Arc::new(site);
            serve(listener, router(site.clone()));
            Ok(Self {
                _pages: pages,
                site,
                recorder,
                authority,
            })
        }

        async fn request(&self, line: &str, host: &str, body: &str) -> Result<String> {
            let mut stream = TcpStream::connect(&self.authority).await?;
            let length = body.len();
            let request = format!(
                "{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            stream.write_all(request.as_bytes()).await?;
            let mut response = String::new();
            stream.read_to_string(&mut response).await?;
            Ok(response)
        }

        async fn get(&self, path: &str) -> Result<String> {
            self.request(&format!("GET {path}"), &self.authority, "")
                .await
        }

        async fn report(&self, body: &str) -> Result<String> {
            let line = format!("POST {REPORTS}");
            self.request(&line, &self.authority, body).await
        }
    }

    #[tokio::test]
    async fn files_of_a_site_are_served_with_its_policy() -> Result<()> {
        let served = Served::start().await?;
        for (path, kind) in [
            ("/", "text/html; charset=utf-8"),
            ("/index.html?key=1", "text/html; charset=utf-8"),
            ("/shop.js", "text/javascript; charset=utf-8"),
        ] {
            let response = served.get(path).await?;
            assert!(response.starts_with("HTTP/1.1 200"), "{path}: {response}");
            assert!(response.contains(kind), "{path}: {response}");
            let policy = "default-src 'none'; script-src 'self'; report-uri /csp-reports\r\n";
            assert!(response.contains(policy), "{path}: {response}");
        }
        for path in [
            "/missing.html",
            "/..%2Fsecret.html",
            "/%2e%2e/secret.html",
            "/.html",
            "/shop",
            "/a/index.html",
        ] {
            let response = served.get(path).await?;
            assert!(response.starts_with("HTTP/1.1 404"), "{path}: {response}");
        }
        let foreign = served.request("GET /", "shop.example", "").await?;
        assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
        Ok(())
    }

    #[tokio::test]
    async fn reports_are_counted_and_logged_and_other_bodies_are_refused() -> Result<()> {
        let served = Served::start().await?;
        let long = "x".repeat(10_000);
        let violation = json!({ "csp-report": { "effective-directive": "img-src", "document-uri": "http://shop/",
            "blocked-uri": format!("https://other.example/{long}") } });
        let answer = served.report(&violation.to_string()).await?;
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
        for body in ["", "[]", "{\"csp-report\": 1}", "no json"] {
            let answer = served.report(body).await?;
            assert!(answer.starts_with("HTTP/1.1 400"), "{body}: {answer}");
        }
        assert_eq!(served.site.view()["csp_reports"], 1);
        let lines = served.recorder.lines(|line| line.function == "shop", 10);
        let [line] = lines.as_slice() else {
            bail!("{lines:?}")
        };
        assert_eq!(line.level, "WARN");
        assert!(
            line.text
                .starts_with("img-src blocks https://other.example/xx")
        );
        assert!(line.text.ends_with(" on http://shop/") && line.text.len() < 300);
        Ok(())
    }

    #[test]
    fn invalid_names_and_folders_are_refused() {
        assert!(settings("shop-2", "shop-demo").check().is_ok());
        for (name, folder) in [
            ("", "shop"),
            ("home", "shop"),
            ("Shop", "shop"),
            ("shop", ""),
            ("shop", "../shop"),
            ("shop", "a/b"),
        ] {
            assert!(settings(name, folder).check().is_err(), "{name} {folder}");
        }
    }
}
