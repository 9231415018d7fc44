//! What the bot says, one constant a language. A language is complete, or it does not compile.

mod arabic;
mod english;
mod hebrew;
mod hindi;
mod russian;

use crate::UiLanguage;

/// The commands of the menu, in its order.
pub const COMMANDS: [&str; 9] = [
    "carousel", "wisdom", "series", "brand", "language", "my", "cancel", "help", "privacy",
];

/// A time zone that is offered as a button.
#[derive(Debug, Clone, Copy)]
pub struct ZoneText {
    pub label: &'static str,
    /// IANA name.
    pub zone: &'static str,
}

#[derive(Debug)]
pub struct Texts {
    pub language: UiLanguage,
    pub language_name: &'static str,
    /// In the order of `COMMANDS`.
    pub command_descriptions: [&'static str; 9],
    pub greeting: &'static str,
    pub help: &'static str,
    pub privacy: &'static str,
    pub my_id: &'static str,
    pub not_understood: &'static str,
    pub private_only: &'static str,

    pub ask_topic: &'static str,
    pub hint_topic: &'static str,
    pub source_too_long: &'static str,
    pub japanese_korean: &'static str,
    pub too_many_running: &'static str,
    pub quota_reached: &'static str,

    pub writing: &'static str,
    pub drawing: &'static str,
    pub sending: &'static str,
    pub updating: &'static str,
    pub unsure: &'static str,
    pub cancelled: &'static str,
    pub ready: &'static str,
    pub composed: &'static str,
    pub composed_budget: &'static str,
    pub not_updated: &'static str,
    pub change_cancelled: &'static str,
    pub file_unsure: &'static str,
    pub files_deleted: &'static str,
    pub failed_refused: &'static str,
    pub failed_writing: &'static str,
    pub failed_rendering: &'static str,
    pub failed_delivery: &'static str,
    pub failed_unconfirmed: &'static str,

    pub button_cancel: &'static str,
    pub button_send_again: &'static str,
    pub button_arrived: &'static str,
    pub button_retry: &'static str,
    pub button_edit: &'static str,
    pub button_again: &'static str,
    pub button_template: &'static str,
    pub button_format: &'static str,
    pub button_pdf: &'static str,
    pub button_files: &'static str,
    pub button_caption: &'static str,
    pub button_brand: &'static str,
    pub button_back: &'static str,
    pub button_rewrite: &'static str,
    /// In the order of `Template::ALL`.
    pub template_names: [&'static str; 6],
    /// In the order of `Format::ALL`.
    pub format_names: [&'static str; 3],
    /// Of the template, sans, serif.
    pub font_names: [&'static str; 3],

    pub ask_slide: &'static str,
    pub hint_slide: &'static str,
    pub title_too_long: &'static str,
    pub body_too_long: &'static str,
    pub older_version: &'static str,
    pub not_yours: &'static str,
    pub busy: &'static str,
    pub too_late_to_cancel: &'static str,
    pub too_many_rewrites: &'static str,
    pub unknown_button: &'static str,
    pub preparing_file: &'static str,
    pub brand_missing: &'static str,
    pub nothing_to_cancel: &'static str,
    pub cancelled_all: &'static str,

    pub choose_language: &'static str,
    pub language_changed: &'static str,
    pub button_slides_language: &'static str,
    pub choose_slides_language: &'static str,
    pub slides_language_auto: &'static str,
    pub slides_language_changed: &'static str,

    pub brand_title: &'static str,
    pub brand_unset: &'static str,
    pub brand_name: &'static str,
    pub brand_handle: &'static str,
    pub brand_color: &'static str,
    pub brand_logo: &'static str,
    pub brand_fonts: &'static str,
    pub brand_logo_set: &'static str,
    pub button_clear_brand: &'static str,
    pub ask_brand_name: &'static str,
    pub ask_brand_handle: &'static str,
    pub ask_brand_color: &'static str,
    pub ask_brand_logo: &'static str,
    pub choose_fonts: &'static str,
    pub bad_brand_name: &'static str,
    pub bad_brand_handle: &'static str,
    pub bad_brand_color: &'static str,
    pub bad_brand_logo: &'static str,
    pub logo_received: &'static str,
    pub brand_saved: &'static str,
    pub brand_cleared: &'static str,

    pub series_title: &'static str,
    pub series_none: &'static str,
    pub series_line: &'static str,
    pub series_paused: &'static str,
    pub series_full: &'static str,
    pub series_created: &'static str,
    pub series_finished: &'static str,
    pub button_new_series: &'static str,
    pub button_pause: &'static str,
    pub button_resume: &'static str,
    pub button_delete: &'static str,
    pub button_zone: &'static str,
    pub ask_series_topic: &'static str,
    pub ask_cadence: &'static str,
    pub daily: &'static str,
    pub weekly: &'static str,
    pub ask_hour: &'static str,
    pub ask_zone: &'static str,
    pub hint_zone: &'static str,
    pub zone_unknown: &'static str,
    pub zone_changed: &'static str,
    pub zones: [ZoneText; 6],

    pub my_title: &'static str,
    pub my_none: &'static str,

    pub ask_erase: &'static str,
    pub button_erase: &'static str,
    pub button_confirm_erase: &'static str,
    pub button_keep: &'static str,
    pub erased: &'static str,
    pub kept: &'static str,
}

pub fn texts(language: UiLanguage) -> &'static Texts {
    match language {
        UiLanguage::En => &english::TEXTS,
        UiLanguage::Ru => &russian::TEXTS,
        UiLanguage::He => &hebrew::TEXTS,
        UiLanguage::Hi => &hindi::TEXTS,
        UiLanguage::Ar => &arabic::TEXTS,
    }
}

const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_ISOLATE: char = '\u{2069}';

impl Texts {
    /// Puts values into `{names}`. In a right-to-left text each value is isolated, so that numbers,
    /// handles and foreign titles keep their own direction. A value is never read as a template.
    pub fn fill(&self, template: &str, values: &[(&str, String)]) -> String {
        let mut filled = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                break;
            };
            filled.push_str(before);
            if let Some((_, value)) = values.iter().find(|(of, _)| *of == name) {
                self.push_value(&mut filled, value);
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    fn push_value(&self, text: &mut String, value: &str) {
        if self.language.is_right_to_left() {
            text.push(FIRST_STRONG_ISOLATE);
            text.push_str(value);
            text.push(POP_ISOLATE);
        } else {
            text.push_str(value);
        }
    }
}

#[cfg(test)]
mod tests;
