//! Ids of Desk's things. Those of users and tenants are shared with the other products.

use confab_core::typed_id;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        typed_id!($(#[$doc])* $name, $prefix);

        #[cfg(feature = "contract")]
        confab_core::describe_as_string!(
            $name,
            concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")
        );
    };
}

id!(
    /// An API key. The id is part of the key, so that the row is found without a search.
    ApiKeyId,
    "key"
);
id!(AvatarId, "avt");
id!(BotId, "bot");
id!(ConversationId, "cnv");
id!(InvitationId, "inv");
id!(
    /// One attempt to set up a tenant.
    ProvisionRunId,
    "run"
);
id!(
    /// A session: all refresh tokens that descend from one sign-in.
    SessionId,
    "ses"
);
id!(TeamId, "team");
id!(
    /// A file that is uploaded for a message.
    UploadId,
    "upl"
);
id!(
    /// A saved view of the inbox.
    ViewId,
    "vie"
);
id!(
    /// A visitor of a site with a bot. Agents see the same record as a contact.
    VisitorId,
    "vis"
);

#[cfg(test)]
mod tests {
    use confab_core::Timestamp;

    use super::*;

    #[test]
    fn ids_are_read_back_with_their_own_prefix_only() {
        let made_at = Timestamp::from_second(1_796_000_000).unwrap();
        let key = ApiKeyId::new(made_at, &|| [3; 10]);
        assert_eq!(key.to_string().parse::<ApiKeyId>().unwrap(), key);
        assert_eq!(key.made_at(), made_at);
        assert!(key.to_string().starts_with("key_"));
        let json = serde_json::to_value(key).unwrap();
        assert_eq!(serde_json::from_value::<ApiKeyId>(json).unwrap(), key);
        let key = key.to_string();
        for text in ["", "vis_", "evt_01m7ym613fe0yvvhrd4bj8893d", key.as_str()] {
            assert!(text.parse::<VisitorId>().is_err(), "{text}");
        }
    }
}
