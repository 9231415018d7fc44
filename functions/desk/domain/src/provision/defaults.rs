//! What a new tenant begins with.

use confab_core::Result;
use sha2::{Digest, Sha256};

use super::ProvisionRun;
use crate::{Bot, BotId, BotTemplate, LanguageTag};

const BOT_NAME: &str = "Assistant";

/// Makes the first bot of a tenant. Each try of a run makes the same one, so that it is stored once.
pub fn default_bot(run: &ProvisionRun, locale: &LanguageTag) -> Result<Bot> {
    let digest = Sha256::digest(run.id.to_string());
    let bytes = || -> [u8; 10] { std::array::from_fn(|index| digest[index]) };
    let id = BotId::new(run.created_at, &bytes);
    let settings = BotTemplate::Support.settings(BOT_NAME, locale.clone())?;
    Bot::new(id, settings, run.created_at)
}

#[cfg(test)]
mod tests {
    use confab_core::{TenantId, Timestamp, UserId};

    use super::*;
    use crate::{Isolation, ProvisionEvent, ProvisionRunId, decide_provision};

    fn run(byte: u8) -> ProvisionRun {
        let at = Timestamp::UNIX_EPOCH;
        let requested = ProvisionEvent::Requested {
            id: ProvisionRunId::new(at, &move || [byte; 10]),
            tenant: TenantId::new(at, &|| [2; 10]),
            isolation: Isolation::Pooled,
            by: UserId::new(at, &|| [3; 10]),
        };
        decide_provision(None, &requested, at).unwrap().0
    }

    #[test]
    fn tries_of_a_run_make_the_same_bot_and_runs_make_different_ones() {
        let locale = LanguageTag::parse("he").unwrap();
        let bot = default_bot(&run(1), &locale).unwrap();
        assert_eq!(default_bot(&run(1), &locale).unwrap(), bot);
        assert_ne!(default_bot(&run(2), &locale).unwrap().id, bot.id);
        assert_eq!(bot.settings.languages.first(), Some(&locale));
    }
}
