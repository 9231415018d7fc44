use confab_core::Timestamp;

use super::*;
use crate::{
    Brand, CarouselId, ComposedReason, CostKind, Draft, FailReason, Format, Language, Look, Origin,
    QuotaChange, Slide, SlideFile, SlideKind, Source, Template, UiLanguage, WriteJob, WriteResult,
};

mod barrier;
mod changes;
mod chaos;
mod delivering;
mod files;
mod making;
mod money;
mod stored;

const START: i64 = 1_795_000_000_000;

fn prices() -> PriceList {
    PriceList {
        day: "2026-11-01".into(),
        input_tokens: 150_000_000,
        render_megabyte_millis: 16_276,
        ..PriceList::default()
    }
}

/// A readable hash: what a page says and looks like.
fn hash_page(page: &Page) -> String {
    let look = &page.look;
    let (template, format) = (look.template.name(), look.format.name());
    let brand = look.brand.name.as_deref().unwrap_or_default();
    format!(
        "{}/{}:{}:{template}:{format}{brand}",
        page.number, page.total, page.slide.title
    )
}

fn slide(title: &str) -> Slide {
    Slide {
        kind: SlideKind::Concept,
        kicker: String::new(),
        title: title.into(),
        body: String::new(),
        source: None,
        alt: String::new(),
    }
}

fn draft(count: usize) -> Draft {
    Draft {
        language: Language::En,
        title: "Small habits".into(),
        caption: "Start small.".into(),
        hashtags: vec!["habits".into()],
        slides: (1..=count)
            .map(|number| slide(&format!("s{number}")))
            .collect(),
    }
}

fn request(count: u8) -> Request {
    Request {
        id: CarouselId::of_request("tg7-900001", Timestamp::from_millisecond(START).unwrap()),
        chat: "tg:5200000001".into(),
        owner: "5200000001".into(),
        origin: Origin::Message,
        ui: UiLanguage::En,
        language: Language::En,
        source: Source::Topic("small habits".into()),
        count,
        look: Look {
            template: Template::Essay,
            format: Format::Portrait,
            brand: Brand::default(),
        },
    }
}

fn file(hash: &str) -> SlideFile {
    SlideFile {
        jpg: format!("{hash}.jpg"),
        png: format!("{hash}.png"),
        bytes: 100,
        drawn_at: None,
        photo_id: None,
        document_id: None,
    }
}

/// One carousel, driven trigger by trigger.
struct Run {
    saga: Saga,
    now: i64,
    /// Of the latest decision.
    effects: Vec<Effect>,
    /// Of all decisions.
    all: Vec<Effect>,
    next_message: i64,
}

impl Run {
    fn new(count: u8) -> Self {
        let prices = prices();
        let decision = begin(request(count), context(START, &prices));
        Self {
            saga: decision.state,
            now: START,
            all: decision.effects.clone(),
            effects: decision.effects,
            next_message: 100,
        }
    }

    fn apply(&mut self, trigger: &SagaTrigger) -> &mut Self {
        let prices = prices();
        let decision = step(self.saga.clone(), trigger, context(self.now, &prices));
        self.saga = decision.state;
        self.all.extend(decision.effects.clone());
        self.effects = decision.effects;
        self
    }

    /// Applies a trigger that must not count.
    fn ignores(&mut self, trigger: &SagaTrigger) {
        let before = self.saga.clone();
        self.apply(trigger);
        assert_eq!(self.effects, [], "{trigger:?}");
        assert_eq!(self.saga, before, "{trigger:?}");
    }

    fn refusal(&self, trigger: &SagaTrigger) -> Option<Refusal> {
        let now = Timestamp::from_millisecond(self.now).unwrap();
        self.saga.check(trigger, now).err()
    }

    fn write(&mut self) -> &mut Self {
        let count = usize::from(self.saga.count);
        self.written(WriteResult::Deck {
            draft: draft(count),
            composed: None,
        })
    }

    fn written(&mut self, result: WriteResult) -> &mut Self {
        let revision = self.saga.revision;
        self.apply(&SagaTrigger::Written {
            revision,
            result,
            usage: Vec::new(),
        })
    }

    fn rendered(&self, number: u8) -> SagaTrigger {
        let hash = self.saga.hash_of(number).unwrap().clone();
        SagaTrigger::Rendered {
            revision: self.saga.revision,
            number,
            file: file(&hash),
            hash,
            usage: Vec::new(),
        }
    }

    fn draw(&mut self) -> &mut Self {
        for number in 1..=self.saga.content.count() {
            let trigger = self.rendered(number);
            self.apply(&trigger);
        }
        self
    }

    /// Reports a message id for every item of the only pending send of a kind.
    fn done(&mut self, is_kind: fn(&Pending) -> bool) -> &mut Self {
        let pending = self.pending(is_kind);
        let items = match &pending.what {
            Pending::Album { part } => self.saga.album[usize::from(*part)].slides.len(),
            Pending::Files { hashes } => hashes.len(),
            _ => 1,
        };
        let messages = (0..items).map(|_| {
            self.next_message += 1;
            SentMessage {
                message: self.next_message,
                file_id: Some(format!("file{}", self.next_message)),
            }
        });
        let outcome = SendOutcome::Done {
            messages: messages.collect(),
        };
        let send = pending.send;
        self.apply(&SagaTrigger::Settled { send, outcome })
    }

    fn settle(&mut self, is_kind: fn(&Pending) -> bool, outcome: SendOutcome) -> &mut Self {
        let send = self.pending(is_kind).send;
        self.apply(&SagaTrigger::Settled { send, outcome })
    }

    fn pending(&self, is_kind: fn(&Pending) -> bool) -> PendingSend {
        let mut pending = self.saga.pending.iter().filter(|send| is_kind(&send.what));
        pending.next().expect("a pending send").clone()
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now).unwrap()
    }

    fn wait(&mut self, seconds: i64) -> &mut Self {
        self.now += seconds * 1000;
        self
    }

    /// Waits for the deadline.
    fn overdue(&mut self) -> &mut Self {
        self.now = self.saga.due_at.expect("a deadline").as_millisecond();
        self.apply(&SagaTrigger::DeadlinePassed)
    }

    /// A delivered carousel with all its message ids.
    fn delivered(count: u8) -> Self {
        let mut run = Self::new(count);
        run.done(is_board).wait(4).write().wait(4).draw();
        while run.saga.pending.iter().any(|send| is_album(&send.what)) {
            run.done(is_album);
        }
        run.done(is_final).wait(10);
        assert_eq!(run.saga.state, SagaState::Delivered);
        run.all.clear();
        run
    }

    fn calls(&self) -> Vec<&Call> {
        self.effects.iter().filter_map(call_of).collect()
    }

    fn events(&self) -> Vec<&'static str> {
        event_types(&self.effects)
    }

    fn quota(&self) -> Vec<QuotaChange> {
        let quota = |effect: &Effect| match effect {
            Effect::Quota { change } => Some(*change),
            _ => None,
        };
        self.effects.iter().filter_map(quota).collect()
    }

    fn write_jobs(&self) -> Vec<&WriteJob> {
        let jobs = self.effects.iter().filter_map(|effect| match effect {
            Effect::Write { job } => Some(&**job),
            _ => None,
        });
        jobs.collect()
    }

    /// Numbers of the slides that the latest decision has drawn.
    fn render_jobs(&self) -> Vec<u8> {
        let number = |effect: &Effect| match effect {
            Effect::Render { number, .. } => Some(*number),
            _ => None,
        };
        self.effects.iter().filter_map(number).collect()
    }

    /// The text of the latest edit or new message of the latest decision.
    fn text(&self) -> String {
        let text = |call: &&Call| match call {
            Call::SendMessage { text, .. } | Call::EditMessage { text, .. } => Some(text.text()),
            _ => None,
        };
        self.calls()
            .iter()
            .filter_map(text)
            .next_back()
            .unwrap_or_default()
    }
}

fn context<'a>(now: i64, prices: &'a PriceList) -> StepContext<'a> {
    StepContext {
        now: Timestamp::from_millisecond(now).unwrap(),
        prices,
        hash_page: &hash_page,
    }
}

fn call_of(effect: &Effect) -> Option<&Call> {
    match effect {
        Effect::Call { call } => Some(call),
        _ => None,
    }
}

fn event_types(effects: &[Effect]) -> Vec<&'static str> {
    let event = |effect: &Effect| match effect {
        Effect::Publish { event } => Some(event.event_type()),
        _ => None,
    };
    effects.iter().filter_map(event).collect()
}

fn new_messages(effects: &[Effect]) -> usize {
    let calls = effects.iter().filter_map(call_of);
    calls.filter(|call| call.is_new_message()).count()
}

fn is_board(what: &Pending) -> bool {
    matches!(what, Pending::Board | Pending::StrayBoard)
}

fn is_album(what: &Pending) -> bool {
    matches!(what, Pending::Album { .. })
}

fn is_final(what: &Pending) -> bool {
    matches!(what, Pending::Final { .. })
}

fn is_photo(what: &Pending) -> bool {
    matches!(what, Pending::Photo { .. })
}

fn is_file(what: &Pending) -> bool {
    matches!(what, Pending::Pdf | Pending::Files { .. })
}

const REFUSED: SendOutcome = SendOutcome::Refused {
    is_wrong_file: false,
};
const WRONG_FILE: SendOutcome = SendOutcome::Refused {
    is_wrong_file: true,
};
