//! Path parameters with their own "not found".

use std::str::FromStr;

use confab_core::{Error, Result, TenantId, UserId};
use desk_domain::{
    ApiKeyId, BotId, ConversationId, InvitationId, SessionId, TeamId, UploadId, ViewId, VisitorId,
};

/// Declares a path parameter whose unreadable text is answered as a thing that does not exist.
macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident: $id:ty = $what:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub(crate) struct $name(pub(crate) $id);

            impl FromStr for $name {
                type Err = Error;

                fn from_str(text: &str) -> Result<Self> {
                    text.parse().map(Self).map_err(|_| Error::not_found($what))
                }
            }
        )*
    };
}

parameters! {
    TenantParam: TenantId = "workspace";
    MemberParam: UserId = "member";
    InvitationParam: InvitationId = "invitation";
    TeamParam: TeamId = "team";
    ViewParam: ViewId = "view";
    ApiKeyParam: ApiKeyId = "api_key";
    SessionParam: SessionId = "session";
    BotParam: BotId = "chatbot";
    ConversationParam: ConversationId = "conversation";
    VisitorParam: VisitorId = "visitor";
    /// Agents see a visitor as a contact.
    ContactParam: VisitorId = "contact";
    UploadParam: UploadId = "file";
    /// The number of a message.
    SeqParam: u64 = "message";
    /// The number of a deployment.
    DeploymentParam: u32 = "deployment";
}
