//! `confab telegram connect`: registers the carousel's webhook and its menu of commands at Telegram.

use anyhow::{Result, bail};
use carousel_domain::{COMMANDS, UiLanguage, texts};
use confab_telegram::{BotCommand, Telegram, TelegramConfig};
use secrecy::SecretString;
use serde_json::json;

use crate::{answer::Answer, ports::BotAccount};

/// The bot, and where its updates go.
#[derive(Debug)]
pub(crate) struct Bot {
    pub(crate) api_url: String,
    pub(crate) token: SecretString,
    pub(crate) webhook_url: String,
    pub(crate) webhook_secret: SecretString,
}

pub(crate) async fn connect(place: &impl BotAccount) -> Result<Answer> {
    let bot = place.bot().await?;
    let http = confab_provider_base::http_client().map_err(|error| anyhow::anyhow!("{error}"))?;
    let config = TelegramConfig {
        api_url: bot.api_url,
        token: bot.token,
    };
    let telegram = Telegram::new(http, config);
    let me = telegram.me().await?;
    telegram
        .set_webhook(&bot.webhook_url, &bot.webhook_secret)
        .await?;
    // English is for those whose language has no menu, too.
    telegram
        .set_my_commands(&commands(UiLanguage::En), None)
        .await?;
    for language in UiLanguage::ALL {
        let code = Some(language.code());
        telegram.set_my_commands(&commands(language), code).await?;
    }
    let webhook = telegram.webhook_info().await?;
    if webhook.url != bot.webhook_url {
        bail!("Telegram calls {} all the same", webhook.url);
    }
    let mut text = format!(
        "@{} calls {}.\n{} updates are waiting. The menu has {} commands in {} languages.\n",
        me.username,
        webhook.url,
        webhook.pending_update_count,
        COMMANDS.len(),
        UiLanguage::ALL.len(),
    );
    let error = webhook.last_error_message;
    if let Some(error) = &error {
        text.push_str(&format!("Its last call failed: {error}.\n"));
    }
    let json = json!({
        "bot": me.username,
        "url": webhook.url,
        "pending": webhook.pending_update_count,
        "last_error": error,
        "last_error_at": webhook.last_error_date,
    });
    // An error may be older than this registration.
    Ok(Answer::fine(text, json))
}

fn commands(language: UiLanguage) -> Vec<BotCommand> {
    let descriptions = texts(language).command_descriptions;
    let commands = COMMANDS.iter().zip(descriptions);
    let command = |(name, description): (&&str, &str)| BotCommand {
        name: (*name).to_owned(),
        description: description.to_owned(),
    };
    commands.map(command).collect()
}
