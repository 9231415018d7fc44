//! The methods of the Bot API that the simulator has.

macro_rules! methods {
    ($($method:ident $name:literal),+ $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Method { $($method),+ }

        impl Method {
            const ALL: &[Self] = &[$(Self::$method),+];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$method => $name),+ }
            }
        }
    };
}

methods! {
    AnswerCallbackQuery "answerCallbackQuery",
    DeleteMessage "deleteMessage",
    DeleteMessages "deleteMessages",
    DeleteWebhook "deleteWebhook",
    EditMessageCaption "editMessageCaption",
    EditMessageMedia "editMessageMedia",
    EditMessageReplyMarkup "editMessageReplyMarkup",
    EditMessageText "editMessageText",
    GetFile "getFile",
    GetMe "getMe",
    GetMyCommands "getMyCommands",
    GetWebhookInfo "getWebhookInfo",
    SendChatAction "sendChatAction",
    SendDocument "sendDocument",
    SendMediaGroup "sendMediaGroup",
    SendMessage "sendMessage",
    SendMessageDraft "sendMessageDraft",
    SendPhoto "sendPhoto",
    SetMyCommands "setMyCommands",
    SetWebhook "setWebhook",
}

impl Method {
    /// Finds a method by its name in any case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let is = |method: &&Self| method.name().eq_ignore_ascii_case(name);
        Self::ALL.iter().find(is).copied()
    }

    /// Whether the method puts new messages into a chat.
    pub(crate) fn is_send(self) -> bool {
        matches!(
            self,
            Self::SendMessage | Self::SendPhoto | Self::SendDocument | Self::SendMediaGroup
        )
    }

    /// Whether Telegram carries the method out when a webhook's response names it.
    pub(crate) fn may_be_in_webhook_response(self) -> bool {
        let is_webhook = matches!(self, Self::SetWebhook | Self::DeleteWebhook);
        !is_webhook && !self.name().starts_with("get")
    }
}
