//! What routes answer: errors, and answers that differ by who asks.

use std::{borrow::Cow, collections::BTreeMap};

use confab_core::{contract::Problem, problems};
use desk_domain::{FieldError, Head, Message, VisitorHead, VisitorMessage};
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{Ref, RefOr, Response, Schema, schema::AnyOfBuilder},
};

use crate::{
    routes::{desk_conversations::StaffConversation, desk_members::invitations::JoinedView},
    services::sign_in::SessionView,
};

problems! {
    BadRequest = 400, "The request is invalid";
    Unauthorized = 401, "The token, the link or the password is missing, invalid or expired";
    PaymentRequired = 402, "A limit is reached, or the workspace is read-only until it has a plan";
    Forbidden = 403, "Not allowed, or the workspace is suspended";
    NotFound = 404, "Not found, or not visible to the caller";
    Conflict = 409, "The request conflicts with the current state";
    TooLarge = 413, "The body or the file is too large";
    Unprocessable = 422, "The request cannot be fulfilled as it is";
    RateLimited = 429, "The rate limit is exceeded";
    Unavailable = 503, "A dependency does not answer";
}

/// An error, with all that is wrong with a draft.
#[derive(ToSchema)]
pub(crate) struct DraftProblem {
    #[serde(flatten)]
    problem: Problem,
    errors: Vec<FieldError>,
}

#[derive(IntoResponses)]
#[response(
    status = 422,
    description = "The draft is not valid",
    content_type = "application/problem+json"
)]
pub(crate) struct InvalidDraft(DraftProblem);

/// Declares errors that come together, from one extractor or helper.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $($problem:ident),+;)*) => {
        $(
            $(#[$doc])*
            pub(crate) struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    [$($problem::responses()),+].into_iter().flatten().collect()
                }
            }
        )*
    };
}

refusals! {
    /// Of a JSON body.
    BodyRefusals = BadRequest, TooLarge;
    /// Of people who are signed in, in any workspace or none.
    SignedInRefusals = Unauthorized, Forbidden, RateLimited;
    /// Of members, keys, operators and visitors who read.
    ReadRefusals = Unauthorized, Forbidden, NotFound, RateLimited;
    /// Of those who write.
    WriteRefusals = Unauthorized, PaymentRequired, Forbidden, NotFound, RateLimited;
    /// Of an `Idempotency-Key`.
    OnceRefusals = BadRequest, Conflict, Unprocessable;
}

/// Declares an answer that has one of two types.
macro_rules! either {
    ($($(#[$doc:meta])* $name:ident = $one:ty, $other:ty;)*) => {
        $(
            $(#[$doc])*
            pub(crate) struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    AnyOfBuilder::new()
                        .item(Ref::from_schema_name(<$one as ToSchema>::name()))
                        .item(Ref::from_schema_name(<$other as ToSchema>::name()))
                        .into()
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($name))
                }

                fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                    register::<$one>(schemas);
                    register::<$other>(schemas);
                }
            }
        )*
    };
}

fn register<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

either! {
    /// Staff see the head, and visitors what concerns them.
    ConversationAnswer = Head, VisitorHead;
    ConversationView = StaffConversation<'static>, VisitorHead;
    MessageAnswer = Message, VisitorMessage;
    /// A person who was signed in, or a new one.
    AcceptanceAnswer = JoinedView, SessionView;
}
