// What the rooms' API speaks, as docs/rooms.md says.

export interface Session {
  user_id: string;
  token: string;
  expires_at: string;
}

export interface Picture {
  url: string;
  small_url: string;
  width: number;
  height: number;
  thumbhash: string;
}

export interface Suggestion {
  name: string;
  key: string;
  description: string;
}

export type Likeness = "the same photo" | "a similar photo" | "about the same";

export interface SimilarRoom {
  code: string;
  name: string;
  online: number;
  why: Likeness;
}

export interface Look {
  photo_id: string;
  state: "waiting" | "looking" | "done" | "refused";
  step: number;
  steps: number;
  code: string | null;
  photo: Picture | null;
  caption: { title: string; category: string; visible_text: string; caption: string } | null;
  suggestions: Suggestion[];
  similar: SimilarRoom[];
}

export type Role = "host" | "member" | "reader" | "stranger";

export interface You {
  role: Role;
  username: string | null;
  is_muted: boolean;
}

export interface Pin {
  seq: number;
  username: string;
  text: string;
  until: string;
}

/** A room as the socket tells of it: the same for everybody. */
export interface RoomNews {
  code: string;
  name: string;
  description: string;
  host: { user_id: string; username: string };
  created_at: string;
  is_private: boolean;
  is_public: boolean;
  is_read_only: boolean;
  last_seq: number;
  online: number;
  photo: Picture | null;
  pin: Pin | null;
}

export interface Room extends RoomNews {
  you: You;
}

/** All that is told of a private room to whoever is not in it. */
export type ClosedRoom = Pick<Room, "code" | "name" | "is_private" | "you">;

export interface Person {
  user_id: string;
  username: string;
  role: "host" | "member";
  is_online: boolean;
  is_muted: boolean;
}

export interface Quote {
  seq: number;
  username: string;
  text: string;
}

export interface Reaction {
  emoji: string;
  count: number;
  users: string[];
}

export interface Message {
  seq: number;
  at: string;
  user_id: string;
  username: string;
  text: string;
  client_msg_id: string;
  reply_to: Quote | null;
  is_deleted: boolean;
  reactions: Reaction[];
  rev: number;
}

export interface Page {
  messages: Message[];
  last_seq: number;
  first_seq: number;
}

export interface Ticket {
  url: string;
  expires_at: string;
}

export type Leaving = "kicked" | "banned" | "closed";

export type Frame =
  | { type: "welcome"; last_seq: number; online: number; until: string }
  | { type: "messages" | "backfill"; messages: Message[]; last_seq: number }
  | { type: "backfill_overflow"; first_seq: number; last_seq: number }
  | { type: "changed"; message: Message }
  | { type: "typing"; user_id: string; username: string; on: boolean }
  | { type: "pong"; last_seq: number; online: number }
  | { type: "online"; online: number }
  | { type: "room"; room: RoomNews }
  | { type: "refused"; code: string; title: string; client_msg_id: string | null }
  | { type: "kicked"; reason: Leaving };
