//! Methods of the Bot API, and which of them may be repeated.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    GetMe,
    SetWebhook,
    DeleteWebhook,
    GetWebhookInfo,
    SetMyCommands,
    SendMessage,
    SendPhoto,
    SendMediaGroup,
    SendDocument,
    EditMessageText,
    EditMessageCaption,
    EditMessageReplyMarkup,
    EditMessageMedia,
    AnswerCallbackQuery,
    SendChatAction,
    DeleteMessages,
    GetFile,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Self::GetMe => "getMe",
            Self::SetWebhook => "setWebhook",
            Self::DeleteWebhook => "deleteWebhook",
            Self::GetWebhookInfo => "getWebhookInfo",
            Self::SetMyCommands => "setMyCommands",
            Self::SendMessage => "sendMessage",
            Self::SendPhoto => "sendPhoto",
            Self::SendMediaGroup => "sendMediaGroup",
            Self::SendDocument => "sendDocument",
            Self::EditMessageText => "editMessageText",
            Self::EditMessageCaption => "editMessageCaption",
            Self::EditMessageReplyMarkup => "editMessageReplyMarkup",
            Self::EditMessageMedia => "editMessageMedia",
            Self::AnswerCallbackQuery => "answerCallbackQuery",
            Self::SendChatAction => "sendChatAction",
            Self::DeleteMessages => "deleteMessages",
            Self::GetFile => "getFile",
        }
    }

    /// Tells whether a second call changes nothing. A new message would be there twice.
    pub fn is_repeatable(self) -> bool {
        !matches!(
            self,
            Self::SendMessage | Self::SendPhoto | Self::SendMediaGroup | Self::SendDocument
        )
    }
}
