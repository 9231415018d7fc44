//! Injected faults of calls: those that are asked for, and those by chance.

use confab_simulator_base::{Fault, check_range};
use serde::{Deserialize, Serialize};

use crate::{api_error::ApiError, method::Method, settings::TelegramSettings};

pub(crate) type CallFaults = confab_simulator_base::CallFaults<CallFault>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CallFault {
    pub(crate) times: u32,
    /// Restricts the fault to this method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    /// Restricts the fault to calls about this chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) chat: Option<i64>,
    /// Refuses the call with 429 and these seconds. In half an album it is the inner refusal's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<i64>,
    /// Refuses the call with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Messages of an album that arrive before the next one fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) album_items: Option<usize>,
    /// Delay of the answer, after the work is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hang_ms: Option<u64>,
    /// The connection is lost before anything was done.
    pub(crate) drop_before: bool,
    /// The work is done, and the connection is lost before the answer.
    pub(crate) drop_after: bool,
}

impl Default for CallFault {
    fn default() -> Self {
        Self {
            times: 1,
            method: None,
            chat: None,
            retry_after: None,
            http: None,
            description: None,
            album_items: None,
            hang_ms: None,
            drop_before: false,
            drop_after: false,
        }
    }
}

impl Fault for CallFault {
    fn times(&mut self) -> &mut u32 {
        &mut self.times
    }

    fn status(&self) -> Option<u16> {
        self.http
    }

    fn check(&self) -> Result<(), String> {
        let is_in_range = |seconds| (1..=86_400).contains(&seconds);
        let is_valid = self.retry_after.is_none_or(is_in_range);
        check_range("retry_after", is_valid, "1 to 86400")
    }
}

impl CallFault {
    pub(crate) fn fits(&self, method: Method, chat: Option<i64>) -> bool {
        let names = |name: &String| name.eq_ignore_ascii_case(method.name());
        let needs_album = self.album_items.is_some() && method != Method::SendMediaGroup;
        self.method.as_ref().is_none_or(names)
            && self.chat.is_none_or(|id| Some(id) == chat)
            && !needs_album
    }

    /// Chooses at most one fault by chance for a call.
    pub(crate) fn by_chance(
        settings: &TelegramSettings,
        method: Method,
        random: &mut fastrand::Rng,
    ) -> Option<Self> {
        let mut happens = |percent: u32| percent > 0 && random.u32(0..100) < percent;
        let fault = Self::default();
        if happens(settings.too_many_percent) {
            return Some(Self {
                retry_after: Some(settings.retry_after),
                ..fault
            });
        }
        if happens(settings.error_percent) {
            return Some(Self {
                http: Some(500),
                ..fault
            });
        }
        if method.is_send() && happens(settings.blocked_percent) {
            return Some(Self {
                http: Some(403),
                ..fault
            });
        }
        if method == Method::SendMediaGroup && happens(settings.half_album_percent) {
            let retry_after = Some(settings.retry_after);
            return Some(Self {
                album_items: Some(1),
                retry_after,
                ..fault
            });
        }
        if happens(settings.lost_percent) {
            return Some(Self {
                drop_after: true,
                ..fault
            });
        }
        happens(settings.slow_percent).then_some(Self {
            hang_ms: Some(settings.slow_ms),
            ..fault
        })
    }

    /// Returns the refusal of a call that is not carried out.
    pub(crate) fn refusal(&self) -> Option<ApiError> {
        if self.album_items.is_some() {
            return None;
        }
        let error = match (self.retry_after, self.http) {
            (Some(seconds), _) => ApiError::too_many(seconds),
            (None, Some(403)) => ApiError::forbidden("bot was blocked by the user"),
            (None, Some(status)) => ApiError::of_status(status),
            (None, None) => return None,
        };
        Some(match &self.description {
            Some(description) => ApiError {
                description: description.clone(),
                ..error
            },
            None => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_apply_to_the_method_and_chat_they_name() {
        let json = r#"{"calls":[{"method":"SENDphoto","chat":7,"http":500},{"album_items":2},{"retry_after":4}]}"#;
        let mut faults: CallFaults = serde_json::from_str(json).unwrap();
        let status = |fault: Option<CallFault>| fault.unwrap().refusal().map(|error| error.code);
        let mut next = |method, chat| faults.take(|fault| fault.fits(method, chat));
        assert_eq!(status(next(Method::SendPhoto, Some(8))), Some(429));
        assert_eq!(status(next(Method::SendPhoto, Some(7))), Some(500));
        assert_eq!(next(Method::SendPhoto, Some(7)), None);
        assert_eq!(status(next(Method::SendMediaGroup, None)), None);
    }

    #[test]
    fn chance_repeats_itself_for_one_seed() {
        let settings = TelegramSettings {
            too_many_percent: 30,
            lost_percent: 30,
            ..Default::default()
        };
        let run = |seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut next = || CallFault::by_chance(&settings, Method::SendMessage, &mut random);
            (0..200).map(|_| next()).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        let refused = run(1)
            .iter()
            .flatten()
            .filter(|fault| fault.retry_after.is_some())
            .count();
        assert!((30..90).contains(&refused), "{refused}");
    }
}
