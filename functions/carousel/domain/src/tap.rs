//! Callback data: what a button says when it is tapped.

use crate::{CarouselId, FontPair, Format, Language, Template, UiLanguage};

/// Telegram's limit of a button's data, in bytes.
pub const MAX_CALLBACK_DATA: usize = 64;
/// Version of the form `c1:<action>:<carousel id>:<revision>:<arg>`.
const VERSION: &str = "c1";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BrandField {
    Name,
    Handle,
    Color,
    Logo,
    Fonts,
}

impl BrandField {
    pub const ALL: [Self; 5] = [
        Self::Name,
        Self::Handle,
        Self::Color,
        Self::Logo,
        Self::Fonts,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Handle => "handle",
            Self::Color => "color",
            Self::Logo => "logo",
            Self::Fonts => "fonts",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TapAction {
    // About a carousel.
    ChooseSlide,
    EditSlide(u8),
    RewriteSlide(u8),
    ChooseTemplate,
    SetTemplate(Template),
    ChooseFormat,
    SetFormat(Format),
    Back,
    Again,
    Pdf,
    Files,
    ApplyBrand,
    SendAgain,
    ConfirmArrival,
    Cancel,
    Retry,
    Open,
    // About the conversation.
    SetLanguage(UiLanguage),
    ChooseSlidesLanguage,
    /// `None` follows the topic.
    SetSlidesLanguage(Option<Language>),
    EditBrand(BrandField),
    SetFonts(FontPair),
    ClearBrand,
    NewSeries,
    SetCadence {
        is_weekly: bool,
    },
    SetHour(u8),
    ChooseZone,
    /// By its place in the texts.
    SetZone(u8),
    PauseSeries(u16),
    ResumeSeries(u16),
    DeleteSeries(u16),
    Erase,
    ConfirmErase,
    KeepData,
}

/// A tapped button. Those about the conversation have no carousel and revision 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tap {
    pub action: TapAction,
    pub carousel: Option<CarouselId>,
    pub revision: u32,
}

impl Tap {
    pub fn of_conversation(action: TapAction) -> Self {
        Self {
            action,
            carousel: None,
            revision: 0,
        }
    }

    /// Returns at most `MAX_CALLBACK_DATA` bytes: 2 + 2 + 26 + 10 + 7 and four colons are the most.
    pub fn encode(&self) -> String {
        let (code, arg) = self.action.code();
        let carousel = self.carousel.map(|id| id.to_string()).unwrap_or_default();
        format!("{VERSION}:{code}:{carousel}:{}:{arg}", self.revision)
    }

    /// Parses what came back, which anyone can forge.
    pub fn decode(data: &str) -> Option<Self> {
        let parts: Vec<_> = data.split(':').collect();
        let [VERSION, code, carousel, revision, arg] = parts[..] else {
            return None;
        };
        let carousel = match carousel {
            "" => None,
            id => Some(id.parse().ok()?),
        };
        let tap = Self {
            action: TapAction::of_code(code, arg)?,
            carousel,
            revision: revision.parse().ok()?,
        };
        // One action has one form, so that `07` and `+7` are not 7.
        (tap.encode() == data).then_some(tap)
    }
}

impl TapAction {
    /// Returns the action's name in events.
    pub fn name(self) -> &'static str {
        self.code().0
    }

    fn code(self) -> (&'static str, String) {
        let (code, arg) = match self {
            Self::EditSlide(number) => return ("ed", number.to_string()),
            Self::RewriteSlide(number) => return ("rw", number.to_string()),
            Self::SetHour(hour) => return ("sh", hour.to_string()),
            Self::SetZone(index) => return ("sz", index.to_string()),
            Self::PauseSeries(id) => return ("sp", id.to_string()),
            Self::ResumeSeries(id) => return ("sr", id.to_string()),
            Self::DeleteSeries(id) => return ("sd", id.to_string()),
            Self::SetTemplate(template) => ("te", template.name()),
            Self::SetFormat(format) => ("fm", format.name()),
            Self::SetLanguage(language) => ("lg", language.code()),
            Self::SetSlidesLanguage(language) => ("ls", language.map_or("", Language::code)),
            Self::EditBrand(field) => ("bf", field.name()),
            Self::SetFonts(fonts) => ("bt", fonts_name(fonts)),
            Self::SetCadence { is_weekly: false } => ("sc", "daily"),
            Self::SetCadence { is_weekly: true } => ("sc", "weekly"),
            Self::ChooseSlide => ("se", ""),
            Self::ChooseTemplate => ("tp", ""),
            Self::ChooseFormat => ("fo", ""),
            Self::Back => ("bk", ""),
            Self::Again => ("ag", ""),
            Self::Pdf => ("pd", ""),
            Self::Files => ("fi", ""),
            Self::ApplyBrand => ("br", ""),
            Self::SendAgain => ("sa", ""),
            Self::ConfirmArrival => ("ok", ""),
            Self::Cancel => ("cn", ""),
            Self::Retry => ("rt", ""),
            Self::Open => ("op", ""),
            Self::ChooseSlidesLanguage => ("lc", ""),
            Self::ClearBrand => ("bc", ""),
            Self::NewSeries => ("sn", ""),
            Self::ChooseZone => ("zo", ""),
            Self::Erase => ("er", ""),
            Self::ConfirmErase => ("ey", ""),
            Self::KeepData => ("en", ""),
        };
        (code, arg.to_owned())
    }

    fn of_code(code: &str, arg: &str) -> Option<Self> {
        Some(match code {
            "ed" => Self::EditSlide(arg.parse().ok()?),
            "rw" => Self::RewriteSlide(arg.parse().ok()?),
            "sh" => Self::SetHour(arg.parse().ok()?),
            "sz" => Self::SetZone(arg.parse().ok()?),
            "sp" => Self::PauseSeries(arg.parse().ok()?),
            "sr" => Self::ResumeSeries(arg.parse().ok()?),
            "sd" => Self::DeleteSeries(arg.parse().ok()?),
            "te" => Self::SetTemplate(Template::of_name(arg)?),
            "fm" => Self::SetFormat(Format::of_name(arg)?),
            "lg" => Self::SetLanguage(UiLanguage::of_tag(arg)),
            "ls" if arg.is_empty() => Self::SetSlidesLanguage(None),
            "ls" => Self::SetSlidesLanguage(Some(Language::of_code(arg)?)),
            "bf" => {
                let field = BrandField::ALL
                    .into_iter()
                    .find(|field| field.name() == arg);
                Self::EditBrand(field?)
            }
            "bt" => {
                let pairs = [FontPair::Template, FontPair::Sans, FontPair::Serif];
                let pair = pairs.into_iter().find(|pair| fonts_name(*pair) == arg);
                Self::SetFonts(pair?)
            }
            "sc" => Self::SetCadence {
                is_weekly: arg == "weekly",
            },
            "se" => Self::ChooseSlide,
            "tp" => Self::ChooseTemplate,
            "fo" => Self::ChooseFormat,
            "bk" => Self::Back,
            "ag" => Self::Again,
            "pd" => Self::Pdf,
            "fi" => Self::Files,
            "br" => Self::ApplyBrand,
            "sa" => Self::SendAgain,
            "ok" => Self::ConfirmArrival,
            "cn" => Self::Cancel,
            "rt" => Self::Retry,
            "op" => Self::Open,
            "lc" => Self::ChooseSlidesLanguage,
            "bc" => Self::ClearBrand,
            "sn" => Self::NewSeries,
            "zo" => Self::ChooseZone,
            "er" => Self::Erase,
            "ey" => Self::ConfirmErase,
            "en" => Self::KeepData,
            _ => return None,
        })
    }
}

fn fonts_name(fonts: FontPair) -> &'static str {
    match fonts {
        FontPair::Template => "template",
        FontPair::Sans => "sans",
        FontPair::Serif => "serif",
    }
}

#[cfg(test)]
mod tests {
    use confab_core::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn actions() -> Vec<TapAction> {
        use TapAction::*;
        let mut actions = vec![
            ChooseSlide,
            EditSlide(255),
            RewriteSlide(15),
            ChooseTemplate,
            ChooseFormat,
            Back,
            Again,
            Pdf,
            Files,
            ApplyBrand,
            SendAgain,
            ConfirmArrival,
            Cancel,
            Retry,
            Open,
            ChooseSlidesLanguage,
            SetSlidesLanguage(None),
            ClearBrand,
            NewSeries,
            SetCadence { is_weekly: true },
            SetCadence { is_weekly: false },
            SetHour(23),
            ChooseZone,
            SetZone(5),
            PauseSeries(u16::MAX),
            ResumeSeries(0),
            DeleteSeries(1),
            Erase,
            ConfirmErase,
            KeepData,
        ];
        actions.extend(Template::ALL.map(SetTemplate));
        actions.extend(Format::ALL.map(SetFormat));
        actions.extend(UiLanguage::ALL.map(SetLanguage));
        actions.extend(Language::ALL.map(|language| SetSlidesLanguage(Some(language))));
        actions.extend(BrandField::ALL.map(EditBrand));
        actions.extend([FontPair::Template, FontPair::Sans, FontPair::Serif].map(SetFonts));
        actions
    }

    #[test]
    fn edit_button_has_the_documented_form() {
        let id = "01m7ym613fe0yvvhrd4bj8893d";
        let tap = Tap {
            action: TapAction::EditSlide(4),
            carousel: Some(id.parse().unwrap()),
            revision: 12,
        };
        assert_eq!(tap.encode(), format!("c1:ed:{id}:12:4"));
        assert_eq!(tap.encode().len(), 37);
    }

    proptest! {
        #[test]
        fn every_tap_fits_and_comes_back(
            seed in any::<u32>(), revision in any::<u32>(), has_carousel in any::<bool>(),
        ) {
            let id = CarouselId::of_request(&seed.to_string(), Timestamp::MAX);
            for action in actions() {
                let tap = Tap { action, carousel: has_carousel.then_some(id), revision };
                let data = tap.encode();
                prop_assert!(data.len() <= MAX_CALLBACK_DATA, "{data}");
                prop_assert_eq!(Tap::decode(&data), Some(tap));
            }
        }

        #[test]
        fn forged_data_never_panics_and_has_one_form(data in ".{0,80}") {
            if let Some(tap) = Tap::decode(&data) {
                prop_assert_eq!(tap.encode(), data);
            }
        }

        #[test]
        fn forged_fields_have_one_form(
            code in "(ed|sh|te|ls|sc|lg|xx|ag)", id in "(|1|01m7ym613fe0yvvhrd4bj8893d)",
            revision in "(|0|7|07|\\+7|-1|4294967296)", arg in "(|1|01|256|essay|zz|daily|:)",
        ) {
            let data = format!("c1:{code}:{id}:{revision}:{arg}");
            if let Some(tap) = Tap::decode(&data) {
                prop_assert_eq!(tap.encode(), data);
            }
        }
    }
}
