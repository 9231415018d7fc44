//! Series: setting them up, pausing them, and what they begin.

use confab_core::{Private, Timestamp, clip};

use super::{Turn, carousels::Wish, keyboard, taps::Answer};
use crate::{
    Cadence, MAX_EPISODES, MAX_SERIES, MAX_TOPIC, Origin, PauseReason, Question, RichText, Series,
    SeriesDraft, Source, Span, TapAction, TelegramId, Texts, content::clean_line, find_zone,
    series::weekday_in,
};

/// Hours that are offered as buttons.
const HOURS: [u8; 12] = [6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 22];
const MAX_LABEL: usize = 24;

impl Turn<'_> {
    pub(super) fn series_tapped(
        &mut self,
        user: TelegramId,
        action: TapAction,
        message: Option<TelegramId>,
    ) -> Answer {
        match action {
            TapAction::NewSeries => self.ask_series_topic(user),
            TapAction::SetCadence { is_weekly } => self.set_cadence(is_weekly, message),
            TapAction::SetHour(hour) => self.set_hour(user, hour.min(23), message),
            TapAction::ChooseZone => self.ask_zone(user),
            TapAction::SetZone(index) => {
                let zone = self.texts().zones.get(usize::from(index));
                if let Some(zone) = zone {
                    self.set_zone(zone.zone);
                }
            }
            TapAction::PauseSeries(id) => self.pause_series(id, message),
            TapAction::ResumeSeries(id) => self.resume_series(id, message),
            TapAction::DeleteSeries(id) => {
                self.chat.series.retain(|series| series.id != id);
                self.show_series(message);
            }
            _ => return Answer::Toast(self.texts().unknown_button),
        }
        Answer::Silent
    }

    pub(super) fn show_series(&mut self, message: Option<TelegramId>) {
        let (text, rows) = self.series_list();
        self.show(message, text, keyboard(rows));
    }

    fn series_list(&self) -> (RichText, Vec<Vec<(String, TapAction)>>) {
        let texts = self.texts();
        let mut rows = Vec::new();
        let mut text = if self.chat.series.is_empty() {
            RichText::plain(texts.series_none)
        } else {
            RichText::default().with(Span::Bold(texts.series_title.to_owned()))
        };
        for series in &self.chat.series {
            let line = texts.fill(texts.series_line, &self.series_values(series));
            text = text.with(Span::Plain(format!("\n\n{line}")));
            if series.pause.is_some() {
                text = text.with(Span::Plain(format!(" ({})", texts.series_paused)));
            }
            rows.push(series_buttons(texts, series));
        }
        if self.chat.series.len() < MAX_SERIES {
            rows.push(vec![(
                texts.button_new_series.to_owned(),
                TapAction::NewSeries,
            )]);
        }
        let zone = [("zone", self.chat.zone().to_owned())];
        rows.push(vec![(
            texts.fill(texts.button_zone, &zone),
            TapAction::ChooseZone,
        )]);
        (text, rows)
    }

    fn series_values(&self, series: &Series) -> [(&'static str, String); 6] {
        let texts = self.texts();
        let cadence = match series.cadence {
            Cadence::Daily => texts.daily,
            Cadence::Weekly { .. } => texts.weekly,
        };
        [
            ("topic", series.topic.as_str().to_owned()),
            ("cadence", cadence.to_owned()),
            ("hour", format!("{}:00", series.hour)),
            ("zone", self.chat.zone().to_owned()),
            ("made", series.made.to_string()),
            ("limit", MAX_EPISODES.to_string()),
        ]
    }

    fn ask_series_topic(&mut self, user: TelegramId) {
        let texts = self.texts();
        if self.chat.series.len() >= MAX_SERIES {
            let values = [("limit", MAX_SERIES.to_string())];
            return self.send_text(texts.fill(texts.series_full, &values));
        }
        let question = Question::SeriesTopic;
        self.ask(question, user, texts.ask_series_topic, texts.hint_topic);
    }

    pub(super) fn series_topic_answered(&mut self, text: &str) {
        let topic = clip(&clean_line(text), MAX_TOPIC);
        if topic.is_empty() {
            return;
        }
        self.chat.question = None;
        self.chat.series_draft = Some(SeriesDraft {
            topic: Private(topic),
            is_weekly: false,
            hour: None,
        });
        let texts = self.texts();
        let daily = TapAction::SetCadence { is_weekly: false };
        let weekly = TapAction::SetCadence { is_weekly: true };
        let rows = vec![vec![
            (texts.daily.to_owned(), daily),
            (texts.weekly.to_owned(), weekly),
        ]];
        self.send(RichText::plain(texts.ask_cadence), Some(keyboard(rows)));
    }

    fn set_cadence(&mut self, is_weekly: bool, message: Option<TelegramId>) {
        let Some(draft) = &mut self.chat.series_draft else {
            return self.show_series(message);
        };
        draft.is_weekly = is_weekly;
        let button = |hour: u8| (format!("{hour}:00"), TapAction::SetHour(hour));
        let rows = HOURS
            .chunks(4)
            .map(|row| row.iter().copied().map(button).collect());
        let (rows, text) = (
            keyboard(rows.collect()),
            RichText::plain(self.texts().ask_hour),
        );
        self.show(message, text, rows);
    }

    fn set_hour(&mut self, user: TelegramId, hour: u8, message: Option<TelegramId>) {
        let Some(draft) = &mut self.chat.series_draft else {
            return self.show_series(message);
        };
        draft.hour = Some(hour);
        if self.chat.zone.is_none() {
            return self.ask_zone(user);
        }
        self.create_series();
    }

    fn ask_zone(&mut self, user: TelegramId) {
        let texts = self.texts();
        let zones = (0..).zip(texts.zones);
        let buttons: Vec<_> = zones
            .map(|(index, zone)| (zone.label.to_owned(), TapAction::SetZone(index)))
            .collect();
        let rows = buttons.chunks(2).map(<[_]>::to_vec).collect();
        // A message has buttons or asks for a reply; the buttons are of more use here.
        self.open_question(Question::Zone, user);
        self.send(RichText::plain(texts.ask_zone), Some(keyboard(rows)));
    }

    pub(super) fn zone_answered(&mut self, text: &str) {
        match find_zone(text) {
            Some(zone) => self.set_zone(&zone),
            None => self.send_text(self.texts().zone_unknown),
        }
    }

    /// All series move to the zone, and go on at their hours there.
    fn set_zone(&mut self, zone: &str) {
        self.chat.question = None;
        self.chat.zone = Some(zone.to_owned());
        for series in &mut self.chat.series {
            series.plan_after(self.context.now, zone);
        }
        let is_ready = self
            .chat
            .series_draft
            .as_ref()
            .is_some_and(|draft| draft.hour.is_some());
        if is_ready {
            return self.create_series();
        }
        let texts = self.texts();
        self.send_text(texts.fill(texts.zone_changed, &[("zone", zone.to_owned())]));
    }

    fn create_series(&mut self) {
        let Some(SeriesDraft {
            topic,
            is_weekly,
            hour: Some(hour),
        }) = self.chat.series_draft.take()
        else {
            return;
        };
        if self.chat.series.len() >= MAX_SERIES {
            return;
        }
        // A weekly series comes on the weekday on which it was set up.
        let weekday = weekday_in(self.chat.zone(), self.context.now);
        let cadence = if is_weekly {
            Cadence::Weekly { weekday }
        } else {
            Cadence::Daily
        };
        self.chat.last_series = self.chat.last_series.saturating_add(1);
        let mut series = Series {
            id: self.chat.last_series,
            topic,
            cadence,
            hour,
            made: 0,
            pause: None,
            next_at: self.context.now,
        };
        series.plan_after(self.context.now, self.chat.zone());
        let texts = self.texts();
        let text = texts.fill(texts.series_created, &self.series_values(&series));
        self.chat.series.push(series);
        self.send_text(text);
    }

    fn pause_series(&mut self, id: u16, message: Option<TelegramId>) {
        if let Some(series) = self.chat.series_mut(id) {
            series.pause = Some(PauseReason::Person);
        }
        self.show_series(message);
    }

    fn resume_series(&mut self, id: u16, message: Option<TelegramId>) {
        let (now, zone) = (self.context.now, self.chat.zone().to_owned());
        if let Some(series) = self.chat.series_mut(id) {
            series.pause = None;
            series.plan_after(now, &zone);
        }
        self.show_series(message);
    }

    /// Begins one carousel for each series that is due, and plans its next one after now. One that
    /// the limits do not allow is left out.
    pub(super) fn series_due(&mut self) {
        let (now, zone) = (self.context.now, self.chat.zone().to_owned());
        let mut due = Vec::new();
        for series in &mut self.chat.series {
            if series.is_due(now) {
                due.push((series.id, series.next_at));
                series.plan_after(now, &zone);
            }
        }
        for (id, planned_at) in due {
            if self.check_limits().is_ok() {
                self.begin_episode(id, planned_at);
            }
        }
    }

    fn begin_episode(&mut self, id: u16, planned_at: Timestamp) {
        // Series exist in private chats, where the chat has the id of the person.
        let owner = self.chat.address.map(|chat| chat.to_string());
        let (Some(series), Some(owner)) = (self.chat.series_mut(id), owner) else {
            return;
        };
        series.made = series.made.saturating_add(1);
        let (topic, is_finished) = (series.topic.clone(), series.is_finished());
        let key = format!("{}#series{id}#{planned_at}", self.chat.key);
        self.request_carousel(Wish {
            key: &key,
            at: planned_at,
            owner,
            origin: Origin::Series,
            source: Source::Topic(topic.clone()),
            count: self.context.limits.slides,
        });
        if is_finished {
            self.chat.series.retain(|series| series.id != id);
            let texts = self.texts();
            let values = [("limit", MAX_EPISODES.to_string()), ("topic", topic.0)];
            self.send_text(texts.fill(texts.series_finished, &values));
        }
    }
}

fn series_buttons(texts: &Texts, series: &Series) -> Vec<(String, TapAction)> {
    let topic = [("topic", clip(series.topic.as_str(), MAX_LABEL))];
    let toggle = match series.pause {
        None => (texts.button_pause, TapAction::PauseSeries(series.id)),
        Some(_) => (texts.button_resume, TapAction::ResumeSeries(series.id)),
    };
    let delete = (texts.button_delete, TapAction::DeleteSeries(series.id));
    let button = |(template, action)| (texts.fill(template, &topic), action);
    [toggle, delete].map(button).to_vec()
}
