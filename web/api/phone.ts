// Types and calls for the phone's people and messages. See docs/simulators.md.

export type Channel = "meta" | "twilio";

export interface Person {
  id: string;
  name: string;
  channel: Channel;
  phone: string | null;
  user_id: string | null;
  unread: number;
  last: Message | null;
}

export type Status = "sending" | "sent" | "delivered" | "read" | "failed";

export interface Message {
  id: string;
  seq: number;
  at: number;
  from: "person" | "bot";
  status: Status;
  error: string | null;
  context_id: string | null;
  reaction: string | null;
  content: Content;
}

export interface ImageContent {
  type: "image";
  media_id: string;
  url: string;
  caption: string | null;
}

export interface ButtonsContent {
  type: "buttons";
  header: Content | null;
  body: string;
  footer: string | null;
  buttons: { id: string; title: string }[];
}

export interface ListRow {
  id: string;
  title: string;
  description: string | null;
}

export interface ListContent {
  type: "list";
  header: Content | null;
  body: string;
  footer: string | null;
  button: string;
  sections: { title: string; rows: ListRow[] }[];
}

export type Content =
  | { type: "text"; text: string }
  | ImageContent
  | ButtonsContent
  | ListContent
  | { type: "link"; body: string; label: string; url: string }
  | { type: "template"; name: string; language: string; parameters: string[] }
  | { type: "button_reply"; id: string; title: string }
  | { type: "list_reply"; id: string; title: string; description: string | null }
  | { type: "unknown"; raw: unknown };

export type Outgoing =
  | { type: "text"; text: string; reply_to: string | null }
  | { type: "image"; data: string; mime_type: string; caption: string | null }
  | { type: "button_reply"; id: string; title: string; reply_to: string }
  | { type: "list_reply"; id: string; title: string; description: string | null; reply_to: string }
  | { type: "reaction"; message_id: string; emoji: string };
