//! Copies of the worker that ends a carousel, some of them with a bug: the last slide is drawn, and the album is posted.
//! The enumeration and the invariants must find every bug.

use std::marker::PhantomData;

use base64::{Engine, engine::general_purpose::STANDARD};
use confab_aws::{Bus, Condition, Table};
use confab_contracts::{
    Event,
    carousel::{ImagesRendered, Subject},
};
use confab_core::{CorrelationId, EffectId, Error, EventId, Result};
use confab_lambda::OsEntropy;
use confab_provider_base::http_client;
use confab_telegram::{
    Html, InputFile, Media, MediaKind, NewAlbum, NewMessage, Telegram, TelegramConfig, Upload,
};
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use serde::{Deserialize, Serialize};

use crate::{
    invariants,
    world::{Person, TOKEN, World},
};

const SLIDES: usize = 2;
/// A picture of one pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";
const SORT_KEY: &str = "CAR#1";

/// The bug of a worker.
trait Bug {
    const POSTS_BEFORE_THE_ROW_SAYS_SO: bool = false;
    const RENDERS_AT_EACH_DELIVERY: bool = false;
    const DROPS_THE_ERROR_OF_A_SEND: bool = false;
}

struct NoBug;
impl Bug for NoBug {}

struct EffectBeforeCommit;
impl Bug for EffectBeforeCommit {
    const POSTS_BEFORE_THE_ROW_SAYS_SO: bool = true;
}

struct OpenBarrier;
impl Bug for OpenBarrier {
    const RENDERS_AT_EACH_DELIVERY: bool = true;
}

struct DroppedError;
impl Bug for DroppedError {
    const DROPS_THE_ERROR_OF_A_SEND: bool = true;
}

/// What the row says about the album.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Album {
    Unsent,
    /// Perhaps in the chat.
    Sending,
    Settled,
}

#[derive(Debug, Serialize, Deserialize)]
struct CarouselRow {
    version: u64,
    /// The event of the last missing slide. There is none while that slide is missing.
    rendered: Option<EffectId>,
    album: Album,
}

/// News of the last missing slide, delivered until a copy of the worker has handled it.
struct LastSlide<B> {
    world: World,
    person: Person,
    table: Table,
    bus: Bus,
    telegram: Telegram,
    bug: PhantomData<B>,
}

impl<B: Bug> LastSlide<B> {
    async fn handle(&self) -> Result<()> {
        let key = Table::key(self.pk(), SORT_KEY);
        let mut row: CarouselRow = self.table.get(key).await?.unwrap();
        let is_first = row.rendered.is_none();
        let rendered = match row.rendered {
            Some(id) if !B::RENDERS_AT_EACH_DELIVERY => id,
            _ => EffectId::new(self.world.now(), &OsEntropy),
        };
        if is_first {
            row.rendered = Some(rendered);
            if !B::POSTS_BEFORE_THE_ROW_SAYS_SO {
                row.album = Album::Sending;
            }
            self.save(&mut row).await?;
        }
        self.post(&mut row, is_first).await?;
        self.publish(rendered).await
    }

    async fn post(&self, row: &mut CarouselRow, is_first: bool) -> Result<()> {
        match row.album {
            Album::Settled => return Ok(()),
            // An earlier delivery has begun.
            Album::Sending if !is_first => self.ask_person().await?,
            Album::Unsent | Album::Sending => {
                let sent = self.send_album().await;
                if !B::DROPS_THE_ERROR_OF_A_SEND {
                    sent?;
                }
            }
        }
        row.album = Album::Settled;
        self.save(row).await
    }

    fn pk(&self) -> String {
        format!("CHAT#tg:{}", self.person.id)
    }

    async fn save(&self, row: &mut CarouselRow) -> Result<()> {
        let unchanged = Condition::version(row.version);
        row.version += 1;
        let item = Table::to_row(self.pk(), SORT_KEY, row)?;
        if self.table.put(item, unchanged).await? {
            return Ok(());
        }
        Err(Error::unavailable("contended", "the carousel was changed"))
    }

    async fn send_album(&self) -> Result<()> {
        let slide = |number: usize| Media {
            file: InputFile::Upload(Upload {
                file_name: format!("{number}.png"),
                mime_type: "image/png".to_owned(),
                bytes: STANDARD.decode(PNG).unwrap(),
            }),
            caption: Html::default(),
        };
        let album = NewAlbum {
            chat_id: self.person.id,
            kind: MediaKind::Photo,
            items: (1..=SLIDES).map(slide).collect(),
            reply_to: None,
        };
        self.telegram.send_album(album).await?;
        Ok(())
    }

    async fn ask_person(&self) -> Result<()> {
        let question = NewMessage {
            chat_id: self.person.id,
            text: Html::text("I am not sure that the slides reached you."),
            reply_to: None,
            reply_markup: None,
        };
        self.telegram.send_message(&question).await?;
        Ok(())
    }

    async fn publish(&self, rendered: EffectId) -> Result<()> {
        let data = ImagesRendered {
            subject: Subject {
                carousel: "planted".to_owned(),
                revision: 1,
                owner: self.person.id.to_string(),
            },
            rendered: 2,
            reused: 0,
            first_millis: 0,
            millis: 0,
        };
        let event = Event::new(
            EventId::of_effect(rendered),
            rendered.made_at(),
            "carousel",
            CorrelationId::of_event("test"),
            "test",
            data,
        );
        self.bus.publish(&[event]).await
    }
}

impl<B: Bug> Scenario for LastSlide<B> {
    async fn arrange() -> Self {
        let world = World::open().await;
        let person = world.person("en").await;
        world.write(&person, "/carousel 2: small habits").await;
        let env = world.cloud.env("carousel-conversation");
        let aws = world.cloud.aws("outside");
        let telegram = TelegramConfig {
            api_url: env.required("TELEGRAM_API_URL").unwrap().to_owned(),
            token: TOKEN.to_owned().into(),
        };
        let this = Self {
            table: Table::new(aws.dynamodb(), env.required("CONFAB_TABLE").unwrap()),
            bus: Bus::new(&aws, env.required("CONFAB_EVENT_BUS").unwrap()),
            telegram: Telegram::new(http_client().unwrap(), telegram),
            world,
            person,
            bug: PhantomData,
        };
        let mut row = CarouselRow {
            version: 0,
            rendered: None,
            album: Album::Unsent,
        };
        this.save(&mut row).await.unwrap();
        this
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.world.begin_delivery();
        self.handle().await
    }

    async fn check(&self, story: &str) {
        invariants::check(&self.world, &self.person, SLIDES, story).await;
    }
}

#[tokio::test]
async fn workers_without_a_bug_pass_the_enumeration() {
    let Enumeration { calls, .. } = enumerate::<LastSlide<NoBug>>().await;
    assert_eq!(calls, 5, "row, decision, album, its receipt, event");
}

#[tokio::test]
#[should_panic(expected = "4 photos of 2 slides")]
async fn albums_before_their_row_are_found() {
    enumerate::<LastSlide<EffectBeforeCommit>>().await;
}

#[tokio::test]
#[should_panic(expected = "rendered more than once")]
async fn barriers_that_open_twice_are_found() {
    enumerate::<LastSlide<OpenBarrier>>().await;
}

#[tokio::test]
#[should_panic(expected = "0 photos, []")]
async fn dropped_errors_of_a_send_are_found() {
    enumerate::<LastSlide<DroppedError>>().await;
}
