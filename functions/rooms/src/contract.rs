//! What rooms speak, written out for clients: OpenAPI for the routes, TypeScript for a page. Both are made from the types
//! that are sent and read; the files in the repository are as they would be made now.

#![expect(dead_code, reason = "it is what is written out")]

use std::path::PathBuf;

use confab_core::{Currency, Money, PhotoId, UserId};
use rooms_domain::{
    BackRoom, Caption, Change, ClientFrame, ClientMessageId, HostView, Message, NotShown,
    PhotoView, Pin, Quote, Reaction, Reason, Role, RoomCode, RoomView, ServerFrame, State,
    Suggestion, Tier, Username, Why, You,
};
use ts_rs::{Config, TS};
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use crate::{
    routes::chat_join::{Joining, Names},
    routes::chat_messages::{NewMessage, NewReaction, Page},
    routes::chat_offers::{
        Entered, OfferedEntrance, OfferedPin, OfferedTip, Offers, Tip, Tips, ToPay, WantedEntrance,
        WantedPin, WantedTip,
    },
    routes::chat_people::{Act, BannedPerson, Moderation, People, PersonHere},
    routes::chats::{Mine, NewRoom},
    routes::photo_analysis::{Look, SimilarRoom},
    routes::photo_upload::{NewPhoto, Sent, Upload},
    routes::rooms_sessions::{NewSession, Session},
    routes::ws_ticket::{SocketTicket, TicketWanted},
};

/// An error, as RFC 9457 has it.
#[derive(ToSchema)]
struct Problem {
    title: String,
    status: u16,
    code: String,
    correlation_id: String,
}

#[derive(ToSchema)]
#[serde(untagged)]
enum Opened {
    Entered(Entered),
    ToPay(ToPay),
}

#[utoipa::path(post, path = "/api/sessions/", tag = "Who somebody is", request_body = NewSession, responses((status = 201, description = "A session: of somebody new, or a fresh one.", body = Session), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"),
        (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 429, body = Problem, description = "Too often", content_type = "application/problem+json")), security((), ("session" = [])))]
fn begins() {}

#[utoipa::path(post, path = "/api/photo-analysis/upload/", tag = "A photo", request_body = NewPhoto, responses((status = 201, description = "Where to put the photo.", body = Sent), (status = 202, description = "A small photo was the body itself.", body = Sent), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 413, body = Problem, description = "Too large", content_type = "application/problem+json"), (status = 429, body = Problem, description = "Too often", content_type = "application/problem+json")), security((), ("session" = [])))]
fn sends_photo() {}

#[utoipa::path(get, path = "/api/photo-analysis/{photo}/", tag = "A photo", params(("photo" = PhotoId, Path)), responses((status = 200, description = "How far it is.", body = Look), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json")), security((), ("session" = [])))]
fn looks() {}

#[utoipa::path(post, path = "/api/chats/create/", tag = "Rooms", request_body = NewRoom, responses((status = 201, description = "A room; whoever created it is its host.", body = RoomView), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 429, body = Problem, description = "Too often", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json"), (status = 409, body = Problem, description = "Not as things stand", content_type = "application/problem+json")), security(("session" = [])))]
fn creates() {}

#[utoipa::path(get, path = "/api/chats/mine/", tag = "Rooms", responses((status = 200, description = "The latest first.", body = Mine), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json")), security(("session" = [])))]
fn lists_mine() {}

#[utoipa::path(get, path = "/api/chats/{code}/", tag = "Rooms", params(("code" = RoomCode, Path)), responses((status = 200, description = "As far as whoever asks may see it.", body = RoomView), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json")), security((), ("session" = [])))]
fn shows() {}

#[utoipa::path(patch, path = "/api/chats/{code}/", tag = "Rooms", params(("code" = RoomCode, Path)), request_body = Change, responses((status = 200, description = "As it is now.", body = RoomView), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 403, body = Problem, description = "Not allowed", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json"), (status = 409, body = Problem, description = "Not as things stand", content_type = "application/problem+json")), security(("session" = [])))]
fn changes() {}

#[utoipa::path(delete, path = "/api/chats/{code}/", tag = "Rooms", params(("code" = RoomCode, Path)), responses((status = 204, description = "Closed."), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 403, body = Problem, description = "Not allowed", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json"), (status = 409, body = Problem, description = "Not as things stand", content_type = "application/problem+json")), security(("session" = [])))]
fn closes() {}

#[utoipa::path(get, path = "/api/chats/{code}/join/", tag = "Rooms", params(("code" = RoomCode, Path)), responses((status = 200, description = "Names that are free.", body = Names), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json")), security(("session" = [])))]
fn names() {}

#[utoipa::path(post, path = "/api/chats/{code}/join/", tag = "Rooms", params(("code" = RoomCode, Path)), request_body = Joining, responses((status = 200, description = "Inside, under this name.", body = RoomView), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 403, body = Problem, description = "Not allowed", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json"), (status = 409, body = Problem, description = "Not as things stand", content_type = "application/problem+json"), (status = 429, body = Problem, description = "Too often", content_type = "application/problem+json")), security(("session" = [])))]
fn joins() {}

#[utoipa::path(delete, path = "/api/chats/{code}/join/", tag = "Rooms", params(("code" = RoomCode, Path)), responses((status = 204, description = "Left."), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 429, body = Problem, description = "Too often", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json")), security(("session" = [])))]
fn leaves() {}

#[utoipa::path(get, path = "/api/chats/{code}/people/", tag = "Rooms", params(("code" = RoomCode, Path)), responses((status = 200, description = "Those who are here first.", body = People), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json")), security((), ("session" = [])))]
fn people() {}

#[utoipa::path(post, path = "/api/chats/{code}/people/{user}/", tag = "Rooms", params(("code" = RoomCode, Path), ("user" = UserId, Path)), request_body = Moderation, responses((status = 204, description = "Done."), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 403, body = Problem, description = "Not allowed", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json"), (status = 409, body = Problem, description = "Not as things stand", content_type = "application/problem+json")), security(("session" = [])))]
fn moderates() {}

#[utoipa::path(get, path = "/api/chats/{code}/messages/", tag = "Messages", params(("code" = RoomCode, Path), ("before" = Option<u64>, Query), ("after" = Option<u64>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, description = "In their order.", body = Page), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json")), security((), ("session" = [])))]
fn reads() {}

#[utoipa::path(post, path = "/api/chats/{code}/messages/", tag = "Messages", params(("code" = RoomCode, Path)), request_body = NewMessage, responses((status = 200, description = "It was said before.", body = Message), (status = 201, description = "Said.", body = Message), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 403, body = Problem, description = "Not allowed", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json"), (status = 429, body = Problem, description = "Too often", content_type = "application/problem+json")), security(("session" = [])))]
fn says() {}

#[utoipa::path(delete, path = "/api/chats/{code}/messages/{seq}/", tag = "Messages", params(("code" = RoomCode, Path), ("seq" = u64, Path)), responses((status = 204, description = "Deleted."), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 429, body = Problem, description = "Too often", content_type = "application/problem+json"), (status = 403, body = Problem, description = "Not allowed", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json"), (status = 409, body = Problem, description = "Not as things stand", content_type = "application/problem+json")), security(("session" = [])))]
fn deletes() {}

#[utoipa::path(post, path = "/api/chats/{code}/messages/{seq}/reactions/", tag = "Messages", params(("code" = RoomCode, Path), ("seq" = u64, Path)), request_body = NewReaction, responses((status = 200, description = "As it is now.", body = Message), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 429, body = Problem, description = "Too often", content_type = "application/problem+json"), (status = 403, body = Problem, description = "Not allowed", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json"), (status = 409, body = Problem, description = "Not as things stand", content_type = "application/problem+json")), security(("session" = [])))]
fn reacts() {}

#[utoipa::path(post, path = "/api/ws-ticket", tag = "Live", request_body = TicketWanted, responses((status = 201, description = "Opens one socket, once and soon.", body = SocketTicket), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 429, body = Problem, description = "Too often", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json")), security(("session" = [])))]
fn ticket() {}

#[utoipa::path(get, path = "/api/chats/{code}/offers/", tag = "Paid", params(("code" = RoomCode, Path)), responses((status = 200, description = "What may be bought now.", body = Offers), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json")), security((), ("session" = [])))]
fn offers() {}

#[utoipa::path(post, path = "/api/chats/{code}/pins/", tag = "Paid", params(("code" = RoomCode, Path)), request_body = WantedPin, responses((status = 201, description = "Where it is paid.", body = ToPay), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 403, body = Problem, description = "Not allowed", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json"), (status = 409, body = Problem, description = "Not as things stand", content_type = "application/problem+json"), (status = 422, body = Problem, description = "Not for sale", content_type = "application/problem+json")), security(("session" = [])))]
fn pins() {}

#[utoipa::path(post, path = "/api/chats/{code}/tips/", tag = "Paid", params(("code" = RoomCode, Path)), request_body = WantedTip, responses((status = 201, description = "Where it is paid.", body = ToPay), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 403, body = Problem, description = "Not allowed", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json"), (status = 409, body = Problem, description = "Not as things stand", content_type = "application/problem+json"), (status = 422, body = Problem, description = "Not for sale", content_type = "application/problem+json")), security(("session" = [])))]
fn tips() {}

#[utoipa::path(get, path = "/api/chats/{code}/tips/", tag = "Paid", params(("code" = RoomCode, Path)), responses((status = 200, description = "What the host was given.", body = Tips), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 403, body = Problem, description = "Not allowed", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json")), security(("session" = [])))]
fn given() {}

#[utoipa::path(post, path = "/api/chats/{code}/back-room/", tag = "Paid", params(("code" = RoomCode, Path)), request_body = WantedEntrance, responses((status = 200, description = "Where it is.", body = Entered), (status = 201, description = "Opened by its host, or where it is paid.", body = Opened), (status = 400, body = Problem, description = "Not right", content_type = "application/problem+json"), (status = 401, body = Problem, description = "No session, or not a good one", content_type = "application/problem+json"), (status = 403, body = Problem, description = "Not allowed", content_type = "application/problem+json"), (status = 404, body = Problem, description = "Not there, or not yours to know", content_type = "application/problem+json"), (status = 409, body = Problem, description = "Not as things stand", content_type = "application/problem+json"), (status = 422, body = Problem, description = "Not for sale", content_type = "application/problem+json")), security(("session" = [])))]
fn enters() {}

struct BySession;

impl Modify for BySession {
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
    info(title = "Rooms", version = "1", description = "docs/rooms.md says it in words.", license(name = "MIT OR Apache-2.0")),
    modifiers(&BySession),
    paths(begins, sends_photo, looks, creates, lists_mine, shows, changes, closes, names, joins, leaves, people, moderates, reads, says, deletes, reacts, ticket, offers, pins, tips, given, enters)
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
        You,
        Pin,
        BackRoom,
        RoomView,
        Reaction,
        Quote,
        Message,
        Reason,
        ClientFrame,
        ServerFrame<'static>,
        State,
        NotShown,
        Caption,
        Suggestion,
        Why,
        Session,
        NewPhoto,
        Upload,
        Sent,
        SimilarRoom,
        Look,
        NewRoom,
        Mine,
        Change,
        Joining,
        Names,
        BannedPerson,
        PersonHere,
        People,
        Act,
        Moderation,
        Page,
        NewMessage,
        NewReaction,
        TicketWanted,
        SocketTicket,
        OfferedPin,
        OfferedTip,
        OfferedEntrance,
        Offers,
        WantedPin,
        WantedTip,
        ToPay,
        Entered,
        Tip,
        Tips,
        Username,
        ClientMessageId,
        Tier,
    ];
    format!(
        "// Made from the Rust types by `cargo test -p rooms`. Not to be changed by hand.\n\n{}",
        types.join("\n")
    )
}

/// With `CONFAB_WRITE=1` it is written anew.
fn is_as_made(file: &str, made: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(file);
    if option_env!("CONFAB_WRITE").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == made,
        "{file} is old: CONFAB_WRITE=1 cargo test -p rooms contract"
    );
}

#[test]
fn the_routes_are_written_out() {
    is_as_made(
        "docs/rooms.openapi.json",
        &format!("{}\n", Spec::openapi().to_pretty_json().unwrap()),
    );
}

#[test]
fn the_types_of_pages_are_written_out() {
    is_as_made("web/rooms/spoken.ts", &typescript());
}
