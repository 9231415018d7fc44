//! Ids of bots and conversations, and of those who take part.

use confab_core::typed_id;

typed_id!(AvatarId, "avt");
typed_id!(BotId, "bot");
typed_id!(ConversationId, "cnv");
typed_id!(TeamId, "team");
typed_id!(
    /// A visitor of a site with a bot. Agents see the same record as a contact.
    VisitorId,
    "vis"
);

#[cfg(test)]
mod tests {
    use confab_core::Timestamp;

    use super::*;

    #[test]
    fn ids_of_another_kind_are_refused() {
        let bot = BotId::new(Timestamp::UNIX_EPOCH, &|| [7; 10]).to_string();
        assert!(bot.starts_with("bot_") && bot.parse::<BotId>().is_ok());
        for text in ["", "vis_", "evt_01m7ym613fe0yvvhrd4bj8893d", bot.as_str()] {
            assert!(text.parse::<VisitorId>().is_err(), "{text}");
        }
    }
}
