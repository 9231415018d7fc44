//! A visit to the photo studio, as a person has it on their phone.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

use crate::{Person, Place, eventually, shop::OPERATOR_KEY};

/// What Astria's training and drawing take here.
pub const TRAINING: Duration = Duration::from_secs(2);

/// The words of a language that lead through the story.
#[derive(Debug)]
pub struct Words {
    pub hi: &'static str,
    pub progress: &'static str,
    pub packs: &'static str,
    pub tiers: &'static str,
    pub lite: &'static str,
    pub paid: &'static str,
    pub here: &'static str,
    pub stars: &'static str,
    pub thanks: &'static str,
}

pub const ENGLISH: Words = Words {
    hi: "hi",
    progress: "10 of 10 good photos",
    packs: "See the packs",
    tiers: "How many photos",
    lite: "Lite",
    paid: "received your payment",
    here: "Here are your photos",
    stars: "How do you like them",
    thanks: "good to hear",
};

pub const HEBREW: Words = Words {
    hi: "שלום",
    progress: "10 מתוך 10",
    packs: "לחבילות",
    tiers: "כמה תמונות תרצו",
    lite: "לייט",
    paid: "התשלום התקבל",
    here: "הנה התמונות שלכם",
    stars: "איך התמונות",
    thanks: "שמחים לשמוע",
};

#[derive(Debug)]
pub struct Visit<'a> {
    pub place: &'a Place,
    pub person: Person<'a>,
    channel: String,
}

/// Whatever a message of the bot says, without its choices.
pub fn text_of(message: &Value) -> &str {
    let content = &message["content"];
    content["body"]
        .as_str()
        .or(content["text"].as_str())
        .unwrap_or_default()
}

impl Place {
    pub async fn operator(&self, method: reqwest::Method, path: &str) -> Result<Value> {
        let address = format!("{}{path}", self.gateway);
        let answer = self
            .http
            .request(method, address)
            .bearer_auth(OPERATOR_KEY)
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{path}: {status} {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// The shelf is filled.
    pub async fn has_packs(&self) -> Result<()> {
        self.operator(reqwest::Method::POST, "/update-images")
            .await?;
        self.refreshed(|refreshed| refreshed["packs"].as_u64() > Some(0))
            .await
            .map(drop)
    }

    /// Waits until the packs are as far as that.
    pub async fn refreshed(&self, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        eventually(|| async {
            let refreshed = self
                .operator(reqwest::Method::GET, "/update-images")
                .await?;
            is_so(&refreshed)
                .then(|| refreshed.clone())
                .with_context(|| refreshed.to_string())
        })
        .await
    }

    /// Returns a sample photo of a person, as the simulated Astria sees it.
    pub async fn selfie(
        &self,
        of: &str,
        class: &str,
        kind: &str,
        number: usize,
    ) -> Result<Vec<u8>> {
        let query = format!("kind={kind}&person={of}&class={class}");
        let address = format!("{}/astria/selfies/{number}.jpg?{query}", self.outside);
        Ok(self
            .http
            .get(address)
            .send()
            .await?
            .error_for_status()?
            .bytes()
            .await?
            .to_vec())
    }

    /// Lists the objects of a person in the studio's bucket.
    pub async fn pictures_of(&self, user_id: &str) -> Result<Vec<String>> {
        let (s3, bucket) = self.studio_bucket().await?;
        let listed = s3
            .list_objects_v2()
            .bucket(bucket)
            .prefix(format!("people/{user_id}/"))
            .send()
            .await?;
        Ok(listed
            .contents
            .unwrap_or_default()
            .into_iter()
            .filter_map(|object| object.key)
            .collect())
    }

    pub async fn leaves_picture(&self, key: &str) -> Result<()> {
        let (s3, bucket) = self.studio_bucket().await?;
        s3.put_object()
            .bucket(bucket)
            .key(key)
            .body(b"picture".to_vec().into())
            .send()
            .await?;
        Ok(())
    }

    async fn studio_bucket(&self) -> Result<(aws_sdk_s3::Client, String)> {
        let config = aws_sdk_s3::config::Builder::from(&self.aws_config()?)
            .force_path_style(true)
            .build();
        let s3 = aws_sdk_s3::Client::from_conf(config);
        let buckets = s3.list_buckets().send().await?.buckets.unwrap_or_default();
        let mut names = buckets.into_iter().filter_map(|bucket| bucket.name);
        let bucket = names
            .find(|name| name.contains("studiobucket"))
            .context("the studio has a bucket")?;
        Ok((s3, bucket))
    }

    /// A cleaning from the operator's hand, to its end.
    pub async fn cleans_up(&self, dry_run: bool) -> Result<Value> {
        let address = format!("{}/api/studio/cleanups", self.gateway);
        let begun = self
            .http
            .post(address)
            .bearer_auth(OPERATOR_KEY)
            .json(&json!({ "dry_run": dry_run }))
            .send()
            .await?;
        let begun: Value = begun.error_for_status()?.json().await?;
        eventually(|| async {
            let all = self
                .operator(reqwest::Method::GET, "/api/studio/cleanups")
                .await?;
            let mut runs = all["cleanups"].as_array().into_iter().flatten();
            let run = runs.find(|run| run["run"] == begun["run"] && run["finished_at"].is_string());
            run.cloned().with_context(|| all.to_string())
        })
        .await
    }

    pub async fn astria(&self, settings: &Value) -> Result<Value> {
        self.put("/api/astria/settings", settings).await
    }

    /// The tune that was made for an order, as Astria has it.
    pub async fn tunes_of(&self, title: &str) -> Result<Vec<Value>> {
        let tunes = self.get("/api/astria/tunes").await?;
        Ok(tunes
            .as_array()
            .into_iter()
            .flatten()
            .filter(|tune| tune["title"] == title)
            .cloned()
            .collect())
    }

    /// A studio with packs, whose photos are made at once.
    pub async fn opens_a_studio(&self) -> Result<()> {
        let defaults = json!({ "train_ms": 1_500, "prompt_ms": 300, "drop_percent": 0, "copies": 1, "delay_ms": 0,
            "fail_percent": 0, "training_fails": "no", "shape": "documented", "reuse": "tune" });
        self.astria(&defaults).await?;
        self.has_packs().await
    }

    /// Nothing is under way any more.
    pub async fn rests(&self) -> Result<()> {
        eventually(|| async {
            let pending = self.get("/api/astria/pending").await?;
            ensure!(pending["webhooks"] == 0, "{pending}");
            for queue in ["confab-studio-making", "confab-studio-inbound.fifo"] {
                ensure!(self.depth(queue).await? == 0, "{queue} holds something");
            }
            Ok(())
        })
        .await
    }
}

impl<'a> Visit<'a> {
    pub async fn of(place: &'a Place, name: &str, channel: &str) -> Result<Self> {
        let person = place.person(name, channel).await?;
        Ok(Self {
            place,
            person,
            channel: channel.to_owned(),
        })
    }

    pub async fn sends_picture(&self, bytes: &[u8], mime_type: &str) -> Result<String> {
        let picture =
            json!({ "type": "image", "data": BASE64.encode(bytes), "mime_type": mime_type });
        self.person.sends(&picture).await
    }

    pub async fn sends_selfies(
        &self,
        class: &str,
        kind: &str,
        numbers: std::ops::Range<usize>,
    ) -> Result<()> {
        for number in numbers {
            let selfie = self
                .place
                .selfie(&self.person.id, class, kind, number)
                .await?;
            self.sends_picture(&selfie, "image/jpeg").await?;
        }
        Ok(())
    }

    /// Waits until the bot has said something with these words in it, after the given number of answers.
    pub async fn hears(&self, words: &str, after: usize) -> Result<Value> {
        eventually(|| async {
            let answers = self.person.answers().await?;
            let said: Vec<_> = answers.iter().skip(after).map(text_of).collect();
            let found = answers
                .iter()
                .skip(after)
                .find(|answer| text_of(answer).contains(words));
            found
                .cloned()
                .with_context(|| format!("no {words:?} in {said:?}"))
        })
        .await
    }

    pub async fn heard(&self) -> Result<usize> {
        Ok(self.person.answers().await?.len())
    }

    /// Taps a choice of a message, or writes its number where there is nothing to tap.
    pub async fn taps(&self, message: &Value, title: &str) -> Result<()> {
        if self.channel == "twilio" {
            let text = text_of(message);
            let line = text
                .lines()
                .find(|line| line.contains(title) && line.split_once(". ").is_some());
            let number = line
                .and_then(|line| line.split_once(". "))
                .map(|(number, _)| number.trim());
            self.person
                .says(number.with_context(|| format!("no {title} in {text}"))?)
                .await?;
            return Ok(());
        }
        let content = &message["content"];
        let rows = content["sections"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|section| section["rows"].as_array());
        let buttons = content["buttons"].as_array().into_iter().flatten();
        let kind = if content["type"] == "list" {
            "list_reply"
        } else {
            "button_reply"
        };
        let choice = buttons
            .chain(rows.flatten())
            .find(|choice| choice["title"] == title);
        let choice = choice.with_context(|| format!("no {title} in {content}"))?;
        let reply =
            json!({ "type": kind, "id": choice["id"], "title": title, "reply_to": message["id"] });
        self.person.sends(&reply).await?;
        Ok(())
    }

    /// The link of a message that asks to pay.
    pub fn pay_link(&self, message: &Value) -> Result<String> {
        let content = &message["content"];
        let link = content["url"].as_str().map(str::to_owned).or_else(|| {
            let words = text_of(message).split_whitespace();
            words
                .map(str::to_owned)
                .find(|word| word.contains("/api/payments/pay/"))
        });
        link.with_context(|| format!("no link in {content}"))
    }

    /// Where the person pays.
    pub async fn pay_page(&self, message: &Value) -> Result<String> {
        let link = self.pay_link(message)?;
        let answer = self.place.http.get(&link).send().await?;
        let page = answer
            .headers()
            .get("location")
            .and_then(|to| to.to_str().ok())
            .map(str::to_owned);
        page.with_context(|| format!("{link}: {}", answer.status()))
    }

    pub async fn pays(&self, message: &Value, card: &str) -> Result<Value> {
        let page = self.pay_page(message).await?;
        let session = page.rsplit('/').next().unwrap_or_default();
        self.place
            .post(&format!("/api/pay/{session}"), &json!({ "card": card }))
            .await
    }

    /// The id that the studio knows the person by: it is in what it attaches to its messages.
    pub async fn id_at_ours(&self) -> Result<String> {
        let sent = self
            .place
            .get(&format!("/api/phone/sent?person={}", self.person.id))
            .await?;
        let reference = sent["messages"][0]["reference"]
            .as_str()
            .context("a message with a reference")?;
        Ok(reference.split(' ').next().unwrap_or_default().to_owned())
    }

    /// The pictures that the bot has sent, by their addresses.
    pub async fn photos(&self) -> Result<Vec<String>> {
        let answers = self.person.answers().await?;
        // The pictures of packs have a caption.
        let is_photo = |content: &Value| content["type"] == "image" && content["caption"].is_null();
        let images = answers.iter().filter(|answer| is_photo(&answer["content"]));
        Ok(images
            .filter_map(|image| image["content"]["url"].as_str().map(str::to_owned))
            .collect())
    }

    /// What a picture shows, for comparing: an address is signed anew each time.
    pub async fn picture(&self, url: &str) -> Result<Vec<u8>> {
        let address = if url.starts_with('/') {
            format!("{}{url}", self.place.outside)
        } else {
            url.to_owned()
        };
        let answer = self
            .place
            .http
            .get(address)
            .send()
            .await?
            .error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }

    pub async fn has_photos(&self, count: usize) -> Result<Vec<String>> {
        eventually(|| async {
            let photos = self.photos().await?;
            (photos.len() >= count)
                .then(|| photos.clone())
                .with_context(|| format!("{} photos", photos.len()))
        })
        .await
    }

    /// From the first word to a link to pay; gives the message with the link.
    pub async fn orders(&self, words: &Words, class: &str) -> Result<Value> {
        self.person.asks(words.hi).await?;
        self.sends_selfies(class, "good", 0..10).await?;
        let enough = self.hears(words.progress, 0).await?;
        self.picks(words, &enough).await
    }

    async fn picks(&self, words: &Words, enough: &Value) -> Result<Value> {
        let heard = self.heard().await?;
        self.taps(enough, words.packs).await?;
        let tiers = self.hears(words.tiers, heard).await?;
        self.taps(&tiers, words.lite).await?;
        let packs = self.hears(words.lite, heard + 1).await?;
        self.taps(&packs, "City Evening Lite").await?;
        eventually(|| async {
            let answers = self.person.answers().await?;
            let link = answers
                .iter()
                .skip(heard)
                .find(|answer| answer.to_string().contains("/api/payments/pay/"));
            link.cloned().context("no link to pay")
        })
        .await
    }

    /// An order that is paid, and its tune at Astria.
    pub async fn has_paid(&self, class: &str) -> Result<Value> {
        let link = self.orders(&ENGLISH, class).await?;
        self.pays_and_waits(&link).await
    }

    /// Pays by a link, and waits for the tune: its title is the order.
    pub async fn pays_and_waits(&self, link: &Value) -> Result<Value> {
        let page = self.pay_page(link).await?;
        let session = page.rsplit('/').next().unwrap_or_default();
        self.pays(link, "success").await?;
        let payments = self.place.get("/api/stripe/payments").await?;
        let payment = payments
            .as_array()
            .into_iter()
            .flatten()
            .find(|payment| payment["session"] == session);
        let order = payment
            .and_then(|payment| payment["order_id"].as_str())
            .context("an order was paid")?;
        eventually(|| async {
            self.place
                .tunes_of(order)
                .await?
                .pop()
                .context("no tune was made")
        })
        .await
    }
}
