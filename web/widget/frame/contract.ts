// The API's types, as a visitor sees them. functions/desk/domain has the originals.
import type { ChannelMessage, QuotedMessage } from "../../live/types";

export type Handler = "bot" | "human";

export type Author =
  | { kind: "visitor" }
  | { kind: "bot"; name: string }
  | { kind: "agent"; name: string }
  | { kind: "system" };

export type VisitorEvent =
  | { type: "started" }
  | { type: "handed_off"; to: Handler }
  | { type: "took_over" }
  | { type: "reopened" }
  | { type: "ended" };

export interface Attachment {
  upload_id: string;
  name: string;
  mime: string;
  bytes: number;
}

export interface VisitorMessage {
  seq: number;
  at: string;
  author: Author;
  kind: "message" | "event";
  text: string;
  event?: VisitorEvent;
  attachments: Attachment[];
  /** Of the visitor's own messages. */
  client_msg_id?: string;
  offer?: { quick_replies?: string[]; form?: "prechat" | "address" };
  rev: number;
  is_deleted: boolean;
}

/** A message with the fields that a channel needs. */
export type Message = VisitorMessage & ChannelMessage;
/** Visitors quote no messages. */
export type Quote = QuotedMessage;

export interface Page<M> {
  messages: M[];
  first_seq: number;
  last_seq: number;
}

export interface VisitorHead {
  id: string;
  is_closed: boolean;
  handled_by: Handler;
  last_seq: number;
  last_at: string;
  read_seq: number;
  asks_csat: boolean;
  csat_score: number | null;
  may_write: boolean;
}

export interface PrechatField {
  key: string;
  label: string;
  type: "text" | "email" | "select" | "checkbox";
  required: boolean;
  options?: string[];
}

/** Texts of the bot that replace the built-in ones. */
export interface BotTexts {
  title?: string;
  greeting?: string;
  prechat?: string;
  away?: string;
}

export interface WidgetConfig {
  name: string;
  languages: string[];
  theme: {
    accent: string;
    on_accent: "light" | "dark";
    accent_on_light: string;
    accent_on_dark: string;
  };
  position: "left" | "right";
  launcher: "bubble" | "question" | "wave";
  strings: Record<string, BotTexts>;
  prechat: PrechatField[];
  quick_replies: string[];
  asks_csat: boolean;
  requires_identity: boolean;
  /** The tenant is read-only for now. */
  is_away?: boolean;
}

export type ByeReason = "signed_out" | "blocked" | "suspended" | "renew";

export interface WelcomeFrame {
  type: "welcome";
  now: string;
  until: string;
  last_seqs: Record<string, number>;
}

/** Frames of the socket but the first one. Those to agents are left out. */
export type ServerFrame = { conversation_id?: string } & (
  | {
      type: "message:receive" | "backfill";
      messages: VisitorMessage[];
      after_seq: number;
      last_seq: number;
    }
  | { type: "changed"; messages: VisitorMessage[] }
  | { type: "typing:start" | "typing:stop"; author: Author }
  | { type: "conversation:end"; conversation: VisitorHead }
  | { type: "pong"; last_seq: number | null }
  | { type: "refused"; code: string; title: string; client_msg_id: string | null }
  | { type: "bye"; reason: ByeReason }
);
