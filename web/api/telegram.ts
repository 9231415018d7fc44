// Types of the simulated Telegram's control API. See docs/simulators.md.

export interface User {
  id: number;
  first_name: string;
  last_name?: string;
  username?: string;
}

export interface Person extends User {
  is_deactivated: boolean;
  language_code?: string;
}

export type Membership = "left" | "member" | "kicked";

export interface Chat {
  id: number;
  type: "private" | "group" | "supergroup";
  title: string | null;
  members: number[];
  bot: Membership;
  migrated_to: number | null;
  sign: Sign | null;
}

/** A sign of life: an action such as `upload_photo`, or the draft of a message. */
export type Sign = { action: string } | { draft: string };

export interface Entity {
  type: string;
  /** In UTF-16 units, as in JavaScript. */
  offset: number;
  length: number;
  url?: string;
}

export interface File {
  file_id: string;
  file_unique_id: string;
  file_size: number;
}

export interface PhotoSize extends File {
  width: number;
  height: number;
}

export interface DocumentFile extends File {
  file_name: string;
  mime_type: string;
}

export interface InlineButton {
  text: string;
  callback_data?: string;
  url?: string;
  copy_text?: { text: string };
}

/** What only people see: a reply keyboard, its removal, or a forced reply. */
export interface ReplyMarkup {
  keyboard?: (string | { text: string })[][];
  one_time_keyboard?: boolean;
  remove_keyboard?: boolean;
  force_reply?: boolean;
  input_field_placeholder?: string;
  /** In groups: only for the person whose message is answered. */
  selective?: boolean;
}

export interface Message {
  message_id: number;
  from: User & { is_bot: boolean };
  chat: { id: number };
  /** In seconds. */
  date: number;
  edit_date?: number;
  text?: string;
  entities?: Entity[];
  caption?: string;
  caption_entities?: Entity[];
  photo?: PhotoSize[];
  document?: DocumentFile;
  media_group_id?: string;
  reply_to_message?: Message;
  reply_markup?: { inline_keyboard: InlineButton[][] };
  new_chat_members?: User[];
  migrate_to_chat_id?: number;
  migrate_from_chat_id?: number;
  is_from_bot: boolean;
  is_deleted?: boolean;
  keyboard?: ReplyMarkup;
}

export interface NewMessage {
  from: number;
  text?: string;
  photo?: string;
  document?: string;
  file_name?: string;
  reply_to?: number;
  raw?: Record<string, unknown>;
}

export interface Tap {
  id: string;
  chat: number;
  from: number;
  message_id: number;
  data: string;
  at: number;
  answer: TapAnswer | null;
}

export interface TapAnswer {
  text: string;
  show_alert: boolean;
}

export interface Command {
  command: string;
  description: string;
}

export interface Call {
  id: number;
  at: number;
  method: string;
  chat: number | null;
  message_ids: number[];
  code: number;
  description: string | null;
  /** Whether the bot got the answer. */
  answered: boolean;
  uploads: number;
  reused_files: number;
}

export interface Violation {
  at: number;
  kind: "method_in_webhook_response" | "reply_markup_in_album" | "callback_not_answered";
  about: Record<string, unknown>;
}

export interface Webhook {
  url: string;
  pending_update_count: number;
  last_error_date?: number;
  last_error_message?: string;
}

export interface Fault {
  times: number;
  method?: string;
  chat?: number;
  retry_after?: number;
  http?: number;
  description?: string;
  album_items?: number;
  hang_ms?: number;
  drop_before: boolean;
  drop_after: boolean;
}
