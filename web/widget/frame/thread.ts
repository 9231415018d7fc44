// The messages of the conversation, and what is offered below them.
import { html, nothing, type TemplateResult } from "lit/html.js";
import type { PendingMessage } from "../../live/types";
import { linked } from "../../ui/text";
import { app, loadOlder, send } from "./app";
import type { Author, Message, VisitorEvent } from "./contract";
import { icon, shapes } from "./icons";
import { extras } from "./parts";
import { idOf, nameOf } from "./talk";
import { fill } from "./texts";

type View = TemplateResult | typeof nothing;

const GROUP_MS = 5 * 60_000;
const line = (text: string) => html`<p class="event">${text}</p>`;

export function thread(): View {
  const { chat, config, t } = app;
  const log = chat.talk()?.log;
  const messages = chat.messages();
  const shown = new Set(messages.map(({ client_msg_id }) => client_msg_id));
  const unsent = chat.pending().filter(({ client_msg_id }) => !shown.has(client_msg_id));
  const isLoading = !log?.ready;
  const [first] = unsent;
  const entries: Entry[] = [
    // The bot will greet: the greeting is in its place from the first message on.
    ...(isLoading && first ? [toEntry(first, { kind: "bot", name: config.name }, t.greeting)] : []),
    // That it has begun is seen from its first message.
    ...messages.filter(({ event }) => event?.type !== "started"),
    ...unsent.map((pending) => ({ ...toEntry(pending), pending })),
  ];
  return html`${log?.hasOlder ? html`<button class="link" type="button" @click=${loadOlder}>${t.earlier}</button>` : nothing}
    ${entries.map((entry, index) => rowView(entry, entries[index - 1], entries[index + 1]))}
    ${isLoading && entries.length === 0 ? line(t.connecting) : nothing} ${typingView()} ${offerView()}`;
}

type Entry = Pick<Message, "author" | "text" | "is_deleted" | "attachments" | "event"> & {
  at: number | string;
  /** Of a message that the server has not confirmed. */
  pending?: PendingMessage;
};

function toEntry({ at, text }: PendingMessage, author: Author = { kind: "visitor" }, said = text) {
  return { author, text: said, at, attachments: [], is_deleted: false };
}

/** Whether two entries are of one group: the same author within minutes. */
function isGroup(one: Entry | undefined, other: Entry | undefined): boolean {
  if (!one || !other || one.event || other.event || one.pending?.problem) return false;
  const isNear = +new Date(other.at) - +new Date(one.at) < GROUP_MS;
  return isNear && idOf(one.author) === idOf(other.author);
}

function rowView(entry: Entry, before: Entry | undefined, next: Entry | undefined): View {
  const { author, event } = entry;
  const date = new Date(entry.at);
  const day = date.toLocaleDateString(app.language, { dateStyle: "full" });
  const lastDay = new Date(before?.at ?? Date.now());
  const isNewDay = lastDay.toDateString() !== date.toDateString();
  return html`${isNewDay ? line(day) : nothing}${
    event
      ? eventView(event, author)
      : messageView(entry, !isGroup(before, entry), !isGroup(entry, next), date)
  }`;
}

function eventView(event: VisitorEvent, author: Author): View {
  const { t } = app;
  if (event.type === "took_over") return line(fill(t.joined, nameOf(author) || t.team));
  if (event.type === "handed_off") return line(event.to === "human" ? t.handedOff : t.returned);
  return line(event.type === "ended" ? t.ended : t.reopened);
}

function messageView(entry: Entry, isFirst: boolean, isLast: boolean, date: Date): View {
  const { t } = app;
  const { author, attachments, is_deleted, text, pending } = entry;
  const isOwn = author.kind === "visitor";
  const name = isOwn ? t.you : nameOf(author) || t.team;
  return html`<div class="row ${isOwn ? "out" : "in"} ${isFirst ? "first" : ""} ${isLast ? "last" : ""}">
    ${isOwn || !isLast ? nothing : face(author.kind === "agent" ? name : "")}
    <p class=${isOwn || !isFirst ? "unseen" : "name"}>${name}</p>
    ${text || is_deleted ? bubble(is_deleted ? html`<i>${t.deleted}</i>` : linked(text)) : nothing}
    ${attachments.map((file) => extras()?.file(file))}
    ${isLast ? metaView(pending, isOwn, date) : nothing}
  </div>`;
}

const bubble = (content: unknown) => html`<div class="bubble"><p dir="auto">${content}</p></div>`;

/** The first letter of a person's name, or the bot. */
export function face(name: string): View {
  return html`<span class="face" aria-hidden="true">${[...name][0] ?? icon(shapes.bot)}</span>`;
}

function metaView(pending: PendingMessage | undefined, isOwn: boolean, date: Date): View {
  const { chat, language, t } = app;
  if (pending?.problem) {
    const { client_msg_id } = pending;
    return html`<p class="meta bad">${t.failed}
      <button class="link" type="button" @click=${() => chat.retry(client_msg_id)}>${t.retry}</button>
      <button class="link" type="button" @click=${() => chat.discard(client_msg_id)}>${t.remove}</button>
    </p>`;
  }
  const time = date.toLocaleTimeString(language, { timeStyle: "short" });
  const sent = isOwn ? `${time} · ${t.sent}` : time;
  return html`<p class="meta">${pending && pending.seq === null ? t.sending : sent}</p>`;
}

function typingView(): View {
  const { chat, t } = app;
  const [name] = chat.talk()?.typing.values() ?? [];
  if (name === undefined || chat.head()?.is_closed) return nothing;
  return html`<p class="typing" aria-hidden="true"><i></i><i></i><i></i>${fill(t.typing, name || t.team)}</p>`;
}

/** The form or the quick replies of the latest message, until the visitor has answered. */
function offerView(): View {
  const { chat, t } = app;
  const latest = chat.messages().findLast(({ kind }) => kind === "message");
  if (!latest?.offer || chat.pending().length > 0 || chat.head()?.is_closed) return nothing;
  const { form, quick_replies = [] } = latest.offer;
  if (form === "prechat") return extras()?.prechatForm() ?? nothing;
  if (form === "address") return extras()?.addressForm() ?? nothing;
  return html`<div class="replies" role="group" aria-label=${t.replies}>
    ${quick_replies.map((text) => html`<button type="button" @click=${() => send(text)}><bdi>${text}</bdi></button>`)}
  </div>`;
}
