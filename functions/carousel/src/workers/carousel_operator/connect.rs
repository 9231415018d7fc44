//! The webhook and the menu of commands at Telegram. The caller names the webhook's address, because a function cannot
//! know that of its own API.

use carousel_domain::{COMMANDS, UiLanguage, texts};
use confab_core::Result;
use confab_telegram::{BotCommand, TelegramError};
use serde::Serialize;

use crate::{config::TELEGRAM_WEBHOOK_SECRET, services::requests::unprocessable, state::State};

/// What Telegram knows after the registration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    username: String,
    url: String,
    pending: i64,
    commands: usize,
    languages: usize,
    last_error: Option<String>,
}

pub(super) async fn connect(state: &State, url: &str) -> Result<Connected> {
    if !(url.starts_with("https://") || url.starts_with("http://127.0.0.1:")) {
        return Err(unprocessable("bad_url", "url is an https address."));
    }
    let secret = state.secrets()?.current(TELEGRAM_WEBHOOK_SECRET).await?;
    let telegram = state.telegram()?.client().await?;
    let bot = telegram.me().await?;
    let registered = telegram.set_webhook(url, &secret).await;
    registered.map_err(|error| match error {
        TelegramError::Refused { .. } => unprocessable("url_refused", error.to_string()),
        error => error.into(),
    })?;
    // English is for those whose language has no menu, too.
    let menu = menu(UiLanguage::En);
    telegram.set_my_commands(&menu, None).await?;
    for language in UiLanguage::ALL {
        let menu = self::menu(language);
        telegram
            .set_my_commands(&menu, Some(language.code()))
            .await?;
    }
    let webhook = telegram.webhook_info().await?;
    Ok(Connected {
        username: bot.username,
        url: webhook.url,
        pending: webhook.pending_update_count,
        commands: COMMANDS.len(),
        languages: UiLanguage::ALL.len(),
        last_error: webhook.last_error_message,
    })
}

fn menu(language: UiLanguage) -> Vec<BotCommand> {
    let descriptions = texts(language).command_descriptions;
    let command = |(name, description): (&&str, &str)| BotCommand {
        name: (*name).to_owned(),
        description: description.to_owned(),
    };
    COMMANDS.iter().zip(descriptions).map(command).collect()
}
