//! The contract of rooms, rendered for clients: OpenAPI for the routes, TypeScript for pages. Both are rendered from the
//! types that functions send and read. The files in the repository must equal the rendered ones.

#![expect(dead_code, reason = "types that exist only in the contract")]

use confab_core::{Currency, Money, contract::Problem, problems};
use confab_testkit::assert_rendered;
use rooms_domain::{
    AnalysisState, BackRoom, Caption, ClientFrame, ClientMessageId, HostView, Message,
    PhotoRefusal, PhotoView, Pin, Quote, Reaction, RemovalReason, Role, RoomChange, RoomView,
    ServerFrame, Similarity, Suggestion, Tier, Username, Viewer,
};
use ts_rs::{Config, TS};
use utoipa::{
    IntoResponses, Modify, OpenApi, ToSchema,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use crate::routes::{
    chat_join::{self, JoinRequest, SuggestedNames},
    chat_messages::{self, MessagePage, NewMessage, NewReaction},
    chat_offers::{
        self, BackRoomCode, CheckoutLink, OfferedEntrance, OfferedPin, OfferedTip, Offers,
        PinRequest, ReceivedTip, ReceivedTips, TipRequest,
    },
    chat_people::{self, BannedPerson, Moderation, ModerationAction, People, PersonView},
    chats::{self, MyRooms, NewRoom},
    photo_analysis::{self, AnalysisView, SimilarRoom},
    photo_upload::{self, NewPhoto, PhotoReceipt, UploadForm},
    rooms_sessions::{self, Session},
    ws_ticket::{self, SocketTicket, TicketRequest},
};

problems! {
    BadRequest = 400, "The request is invalid";
    Unauthorized = 401, "The session is missing, invalid or expired";
    Forbidden = 403, "Not allowed";
    NotFound = 404, "Not found, or not visible to the user";
    Conflict = 409, "The request conflicts with the current state";
    TooLarge = 413, "Too large";
    NotForSale = 422, "Not for sale";
    RateLimited = 429, "The rate limit is exceeded";
}

#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = Opened)]
pub(crate) enum BackRoomAnswer {
    Entered(BackRoomCode),
    ToPay(CheckoutLink),
}

struct SessionSecurity;

impl Modify for SessionSecurity {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("session", scheme);
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Rooms", version = "1", description = "docs/rooms.md describes the contract.", license(name = "MIT OR Apache-2.0")),
    modifiers(&SessionSecurity),
    components(schemas(Problem)),
    paths(
        rooms_sessions::create_session,
        photo_upload::upload_photo,
        photo_analysis::show_analysis,
        chats::create_room,
        chats::list_my_rooms,
        chats::show_room,
        chats::change_room,
        chats::close_room,
        chat_join::suggest_names,
        chat_join::join_room,
        chat_join::leave_room,
        chat_people::list_people,
        chat_people::moderate_person,
        chat_messages::list_messages,
        chat_messages::create_message,
        chat_messages::delete_message,
        chat_messages::react,
        ws_ticket::create_ticket,
        chat_offers::list_offers,
        chat_offers::buy_pin,
        chat_offers::give_tip,
        chat_offers::list_tips,
        chat_offers::enter_back_room,
    )
)]
struct Spec;

fn typescript() -> String {
    let config = Config::new().with_large_int("number");
    macro_rules! all {
        ($($name:ty),* $(,)?) => {
            [$(format!("export {}\n", <$name as TS>::decl(&config))),*]
        };
    }
    let types = all![
        Currency,
        Money,
        Role,
        HostView,
        PhotoView,
        Viewer,
        Pin,
        BackRoom,
        RoomView,
        Reaction,
        Quote,
        Message,
        RemovalReason,
        ClientFrame,
        ServerFrame<'static>,
        AnalysisState,
        PhotoRefusal,
        Caption,
        Suggestion,
        Similarity,
        Session,
        NewPhoto,
        UploadForm,
        PhotoReceipt,
        SimilarRoom,
        AnalysisView,
        NewRoom,
        MyRooms,
        RoomChange,
        JoinRequest,
        SuggestedNames,
        BannedPerson,
        PersonView,
        People,
        ModerationAction,
        Moderation,
        MessagePage,
        NewMessage,
        NewReaction,
        TicketRequest,
        SocketTicket,
        OfferedPin,
        OfferedTip,
        OfferedEntrance,
        Offers,
        PinRequest,
        TipRequest,
        CheckoutLink,
        BackRoomCode,
        ReceivedTip,
        ReceivedTips,
        Username,
        ClientMessageId,
        Tier,
    ];
    format!(
        "// Made from the Rust types by `cargo test -p rooms`. Not to be changed by hand.\n\n{}",
        types.join("\n")
    )
}

#[test]
fn the_openapi_document_is_current() {
    let document = Spec::openapi().to_pretty_json().unwrap();
    assert_rendered("rooms", "docs/rooms.openapi.json", &format!("{document}\n"));
}

#[test]
fn the_typescript_types_are_current() {
    assert_rendered("rooms", "web/rooms/spoken.ts", &typescript());
}
