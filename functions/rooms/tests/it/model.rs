//! The simulated model, and photos for it.

use std::{io::Cursor, sync::Arc, time::Duration};

use confab_core::{Clock, PhotoId, Result};
use confab_simulator_base::{ContextOptions, SimulatorContext};
use confab_simulator_openai::OpenAi;
use confab_testkit::{Cloud, Faults, TestRequest, TestResponse, memory_folder};
use image::{ImageFormat, Rgb, RgbImage};
use rooms::workers::photo_look;
use rooms_domain::PhotoJob;
use serde_json::{Value, json};

use crate::world::{PHOTO_QUEUE, User, World, text};

/// The pause before the model is asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// The model of a cloud, with its settings and faults.
pub(crate) struct Model {
    home: String,
    http: reqwest::Client,
    _data: tempfile::TempDir,
}

impl Model {
    /// Serves the model to all functions of a cloud.
    pub(crate) async fn serve(cloud: &mut Cloud) -> Self {
        let (clock, data) = (cloud.clock(), memory_folder());
        let routes = |address: &str| {
            let options = ContextOptions {
                base_url: address.to_owned(),
                clock: Arc::new(move || clock.now().as_millisecond()),
                call_records: Arc::new(|_| {}),
            };
            let context = SimulatorContext::open(data.path(), options).unwrap();
            confab_simulator_openai::routes(OpenAi::open(context).unwrap())
        };
        let home = cloud.serve(routes).await;
        cloud.set_variable("MODEL_API_URL", format!("{home}/model/v1"));
        Self {
            home,
            http: confab_provider_base::http_client().unwrap(),
            _data: data,
        }
    }

    /// Changes how the model answers, such as `refusal`.
    pub(crate) async fn answer_with(&self, mode: &str) {
        self.put("settings", json!({ "answer": mode })).await;
    }

    /// Lets the next calls fail.
    pub(crate) async fn fail(&self, faults: Value) {
        self.put("faults", json!({ "calls": faults })).await;
    }

    async fn put(&self, what: &str, body: Value) {
        let url = format!("{}/api/model/{what}", self.home);
        let response = self.http.put(url).json(&body).send().await.unwrap();
        assert!(response.status().is_success(), "{what} {body}");
    }

    /// Returns how often an endpoint was called.
    pub(crate) async fn calls(&self, endpoint: &str) -> u64 {
        let url = format!("{}/api/model/calls", self.home);
        let response = self.http.get(url).send().await.unwrap();
        let counts: Value = response.json().await.unwrap();
        let counts = counts.as_array().unwrap().iter();
        let of_endpoint = counts.filter(|count| count["endpoint"] == endpoint);
        of_endpoint
            .filter_map(|count| count["count"].as_u64())
            .sum()
    }
}

/// A PNG with some sky over a field.
pub(crate) fn photo() -> Vec<u8> {
    picture(96, 96, |_, y| {
        if y < 48 {
            Rgb([90, 150, 230])
        } else {
            Rgb([60, 140, 60])
        }
    })
}

/// A photo that the simulator's moderation flags: squares of magenta and black.
pub(crate) fn flagged_photo() -> Vec<u8> {
    picture(96, 96, |x, y| {
        if (x / 8 + y / 8) % 2 == 0 {
            Rgb([255, 0, 255])
        } else {
            Rgb([0, 0, 0])
        }
    })
}

pub(crate) fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> Rgb<u8>) -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(width, height, pixel);
    picture.write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

/// Time stands still until this is dropped.
struct Frozen;

impl Frozen {
    fn new() -> Self {
        tokio::time::pause();
        Self
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        tokio::time::resume();
    }
}

/// Runs work whose pauses end soon: now and then, time moves by the longest of them, unless the work waits for the answer
/// of a call, whose own timeout would come.
pub(crate) async fn skip_pauses<T>(faults: &Faults, work: impl Future<Output = T>) -> T {
    let skip = async {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if faults.is_idle() {
                let _frozen = Frozen::new();
                tokio::time::advance(PAUSE).await;
            }
        }
    };
    tokio::select! {
        outcome = work => outcome,
        () = skip => unreachable!("it never ends"),
    }
}

impl World {
    /// Uploads bytes as the body of a request.
    pub(crate) async fn send_photo(
        &self,
        user: Option<&User>,
        content_type: &str,
        body: &[u8],
    ) -> TestResponse {
        let mut request = TestRequest::new("POST", "/api/photo-analysis/upload/")
            .header("content-type", content_type)
            .bytes(body);
        if let Some(user) = user {
            request = request.token(&user.token);
        }
        self.send("photo-upload", &request).await
    }

    /// Uploads a photo as the body of a request. Returns its id.
    pub(crate) async fn upload(&self, user: Option<&User>, photo: &[u8]) -> PhotoId {
        let sent = self.send_photo(user, "image/png", photo).await;
        assert_eq!(sent.status, 202, "{sent:?}");
        sent.body["photo_id"].as_str().unwrap().parse().unwrap()
    }

    /// Lets the worker analyze a photo.
    pub(crate) async fn analyze(&self, photo: PhotoId) -> Result<()> {
        self.analyze_again(photo, 1).await
    }

    /// Delivers the job of a photo for the given time.
    pub(crate) async fn analyze_again(&self, photo: PhotoId, receives: u32) -> Result<()> {
        let job = serde_json::to_value(PhotoJob::V1 { photo }).unwrap();
        let mut message = self.message(&job);
        message.receives = receives;
        photo_look::handle(self.state("photo-look").await, message).await
    }

    /// Uploads a photo and analyzes it.
    pub(crate) async fn analyzed(&self, user: Option<&User>, photo: &[u8]) -> PhotoId {
        let id = self.upload(user, photo).await;
        self.analyze(id).await.unwrap();
        assert_eq!(text(&self.photo_row(id).await, "state"), "done");
        id
    }

    pub(crate) async fn photo_row(&self, photo: PhotoId) -> Value {
        self.row(&format!("PHOTO#{photo}"), "PHOTO").await
    }

    /// Returns how often the analysis of a photo was queued.
    pub(crate) fn analyses_queued(&self, photo: PhotoId) -> usize {
        let jobs = self.cloud.queued(PHOTO_QUEUE).into_iter();
        jobs.filter(|job| job["photo"] == json!(photo)).count()
    }
}
