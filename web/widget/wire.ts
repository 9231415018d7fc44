// What the loader, on the customer's page, and the frame say to each other over their message channel.

export type LauncherIcon = "bubble" | "question" | "wave" | undefined;
export type Side = "left" | "right" | undefined;

/** The appearance of the launcher, and its texts in the visitor's language. */
export interface Look {
  color: string | undefined;
  /** The colour of the icon. */
  onColor: string | undefined;
  side: Side;
  launcher: LauncherIcon;
  title: string;
  open: string;
  close: string;
}

/** The answer to an embed request: a token, or the code of the refusal. */
export interface Embed {
  embed_token?: string;
  code?: string;
}

/** Posted to the frame's window with the port. `confab` tells it from messages of others. */
export interface Greeting {
  confab: "desk";
  /** The languages that the page and the browser ask for, the first one first. */
  languages: readonly (string | undefined)[];
  theme: string | undefined;
  /** The path of the page. */
  page: string;
  jwt: string | null;
}

export type ToFrame =
  | { type: "opened"; isModal: boolean }
  | { type: "closed" }
  | { type: "identify"; jwt: string | null }
  | { type: "language"; tag: string }
  | ({ type: "embed" } & Embed);

export type FromFrame =
  /** The frame's script runs. */
  | { type: "hello" }
  /** The frame has something to show. */
  | { type: "ready"; look: Look }
  | { type: "unread"; count: number; label: string }
  | { type: "close" }
  /** Asks for an embed token. */
  | { type: "embed" }
  /** There is no such widget. */
  | { type: "unavailable"; code: string };
