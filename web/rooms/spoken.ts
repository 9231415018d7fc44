// Made from the Rust types by `cargo test -p rooms`. Not to be changed by hand.

export type Currency = "USD" | "EUR" | "ILS";

export type Money = { minor: number, currency: Currency, };

export type Role = "host" | "member" | "reader" | "stranger";

export type HostView = { user_id: string, username: Username, };

export type PhotoView = { url: string, small_url: string, width: number, height: number, thumbhash: string, };

export type You = { role: Role, username: Username | null, is_muted: boolean, 
/**
 * The highest message number that the user's devices have shown.
 */
read_seq: number | null, };

export type Pin = { seq: number, username: Username, text: string, until: string, price: Money, next_price: Money | null, };

export type BackRoom = { code: string | null, };

export type RoomView = { code: string, name: string, description: string, host: HostView | null, created_at: string | null, is_private: boolean, is_public: boolean, is_read_only: boolean, last_seq: number, online: number, photo: PhotoView | null, pin: Pin | null, back_room: BackRoom | null, 
/**
 * The room whose members may buy the entrance, for users who may not enter yet.
 */
front: string | null, 
/**
 * The user who requested the view. Missing in broadcasts.
 */
you?: You, };

export type Reaction = { emoji: string, count: number, users: Array<string>, };

export type Quote = { seq: number, username: Username, text: string, };

export type Message = { seq: number, at: string, user_id: string, username: Username, text: string, client_msg_id: ClientMessageId, reply_to: Quote | null, is_deleted: boolean, reactions: Array<Reaction>, 
/**
 * Incremented by each change; the higher revision is current.
 */
rev: number, 
/**
 * The tip that the host received with the message.
 */
tip?: Money, };

export type Reason = "kicked" | "banned" | "closed" | "left" | "members_only";

export type ClientFrame = { "type": "hello", last_seq: number | null, } | { "type": "message", client_msg_id: string, text: string, reply_to: number | null, } | { "type": "typing", on: boolean, } | { "type": "ping", read_seq: number | null, };

export type Frame = { "type": "welcome", last_seq: number, online: number, now: string, until: string, } | { "type": "messages", messages: Array<Message>, last_seq: number, } | { "type": "backfill", messages: Array<Message>, last_seq: number, } | { "type": "backfill_overflow", first_seq: number, last_seq: number, } | { "type": "changed", message: Message, } | { "type": "typing", user_id: string, username: Username, on: boolean, } | { "type": "pong", last_seq: number, online: number, now: string, } | { "type": "online", online: number, } | { "type": "room", room: RoomView, } | { "type": "pin", pin: Pin | null, } | { "type": "muted", is_muted: boolean, } | { "type": "refused", code: string, title: string, client_msg_id: string | null, } | { "type": "kicked", reason: Reason, };

export type State = "waiting" | "looking" | "done" | "refused";

export type NotShown = "not_a_picture" | "too_large" | "too_small" | "not_allowed" | "unavailable";

export type Caption = { title: string, category: string, visible_text: string, caption: string, };

export type Suggestion = { name: string, key: string, description: string, };

export type Why = "the same photo" | "a similar photo" | "about the same";

export type Session = { user_id: string, token: string, expires_at: string, };

export type NewPhoto = { content_type: string, bytes: number, };

export type Upload = { url: string, fields: { [key in string]: string }, };

export type Sent = { photo_id: string, upload?: Upload, expires_at: string, };

export type SimilarRoom = { code: string, name: string, online: number, why: Why, };

export type Look = { photo_id: string, state: State, step: number, steps: number, code: NotShown | null, expires_at: string, photo: PhotoView | null, caption: Caption | null, suggestions: Array<Suggestion>, similar: Array<SimilarRoom>, };

export type NewRoom = { name: string, description: string, photo_id: string | null, username: string, is_private: boolean, access_code: string | null, is_public: boolean, };

export type Mine = { rooms: Array<RoomView>, };

export type Change = { name: string | null, description: string | null, is_read_only: boolean | null, is_public: boolean | null, 
/**
 * An empty one opens the room.
 */
access_code: string | null, };

export type Joining = { username: string, access_code: string | null, };

export type Names = { suggestions: Array<Username>, };

export type BannedPerson = { user_id: string, username: Username, };

export type PersonHere = { user_id: string, username: Username, role: Role, is_online: boolean, is_muted: boolean, };

export type People = { online: number, people: Array<PersonHere>, 
/**
 * The host's alone.
 */
banned?: Array<BannedPerson>, };

export type Act = "mute" | "unmute" | "kick" | "ban" | "unban";

export type Moderation = { act: Act, };

export type Page = { messages: Array<Message>, last_seq: number, first_seq: number, };

export type NewMessage = { client_msg_id: string, text: string, reply_to: number | null, };

export type NewReaction = { emoji: string, on: boolean, };

export type TicketWanted = { code: string, };

export type SocketTicket = { url: string, expires_at: string, };

export type OfferedPin = { tier: Tier, minutes: number, price: Money, };

export type OfferedTip = { amount: number, price: Money, };

export type OfferedEntrance = { price: Money, };

export type Offers = { pins: Array<OfferedPin>, tips: Array<OfferedTip>, back_room: OfferedEntrance | null, };

export type WantedPin = { seq: number, tier: number, };

export type WantedTip = { amount: number, };

export type ToPay = { order_id: string, pay_url: string, price: Money, minutes?: number, 
/**
 * Until then the way to pay can be taken.
 */
expires_at: string, };

export type Entered = { code: string, };

export type Tip = { username: Username | null, price: Money, at: string, is_returned: boolean, };

export type Tips = { totals: Array<Money>, tips: Array<Tip>, };

export type Username = string;

export type ClientMessageId = string;

export type Tier = number;
