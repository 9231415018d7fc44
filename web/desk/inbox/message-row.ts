// One message of a thread: a visitor's, a bot's, an agent's, a note, or one that is being sent.
import { html, nothing, type TemplateResult } from "lit";
import { byteSize, hourMinute } from "../../ui/format";
import { icon } from "../../ui/icons";
import { linked } from "../../ui/text";
import type { Member } from "../contract";
import { deskIcon } from "../icons";
import { exactly } from "../words";
import type { ThreadMessage } from "./channel";
import { authorName } from "./event-words";
import type { Pending } from "./outbox-store";

export interface MessageContext {
  me: string;
  visitor: string;
  members: readonly Member[];
  isSeen: boolean;
  quoted: ThreadMessage | undefined;
  mayDelete: boolean;
  quote(): void;
  goTo(seq: number): void;
  remove(): void;
  openFile(uploadId: string): void;
}

export function messageRow(
  message: ThreadMessage,
  isFirst: boolean,
  context: MessageContext,
): TemplateResult {
  const { author, kind, at, seq } = message;
  const side = kind === "note" ? "note" : author.kind === "visitor" ? "in" : "out";
  const name = author.kind === "agent" && author.id === context.me ? "You" : undefined;
  return html`<div class="message ${side} ${author.kind} ${isFirst ? "first" : ""}" data-key=${seq}>
    ${isFirst ? byline(message, name ?? authorName(author, context.visitor), at) : nothing}
    <div class="line">
      ${content(message, context)}
      ${message.is_deleted ? nothing : tools(context, name ?? authorName(author, context.visitor))}
    </div>
    ${offers(message)} ${context.isSeen ? html`<div class="under">Seen</div>` : nothing}
  </div>`;
}

function byline({ author, kind }: ThreadMessage, name: string, at: string): TemplateResult {
  const mark =
    kind === "note" ? deskIcon("note") : author.kind === "bot" ? deskIcon("bot") : nothing;
  return html`<div class="by">${mark}<b dir="auto">${name}</b>${kind === "note" ? html`<span>Note</span>` : nothing}<time datetime=${at} class="figures">${hourMinute(Date.parse(at))}</time></div>`;
}

function content(message: ThreadMessage, context: MessageContext): TemplateResult {
  if (message.is_deleted) return html`<div class="bubble deleted">This message was deleted.</div>`;
  const { quoted } = context;
  // White space counts in a bubble.
  return html`<div class="bubble" dir="auto" title=${exactly(message.at)}>${
    quoted
      ? html`<button class="quote" type="button" dir="auto" @click=${() => context.goTo(quoted.seq)}>${authorName(quoted.author, context.visitor)}: ${quoted.text}</button>`
      : nothing
  }${withMentions(message, context.members)}${message.attachments.map(({ upload_id, name, bytes }) => html`<button class="file" type="button" @click=${() => context.openFile(upload_id)}>${icon("file")}<bdi>${name}</bdi><span class="soft">${byteSize(bytes)}</span></button>`)}</div>`;
}

/** Names of members after an @ stand out in notes. */
function withMentions({ text, kind }: ThreadMessage, members: readonly Member[]): unknown {
  if (kind !== "note" || !text.includes("@")) return linked(text);
  const names = members
    .flatMap(({ name }) => (name === null ? [] : `@${name}`))
    .sort((a, b) => b.length - a.length);
  const parts: unknown[] = [];
  let rest = text;
  while (rest !== "") {
    const places = names.map((name) => [rest.indexOf(name), name] as const);
    const found = places.filter(([at]) => at >= 0).sort(([a], [b]) => a - b)[0];
    if (!found) break;
    const [at, name] = found;
    parts.push(linked(rest.slice(0, at)), html`<mark>${name}</mark>`);
    rest = rest.slice(at + name.length);
  }
  return [...parts, linked(rest)];
}

function offers({ offer, is_deleted }: ThreadMessage): TemplateResult | typeof nothing {
  const replies = offer?.quick_replies ?? [];
  const form = offer?.form;
  if (is_deleted || (replies.length === 0 && !form)) return nothing;
  return html`<div class="offers">
    ${replies.map((text) => html`<span dir="auto">${text}</span>`)}
    ${form ? html`<span>${form === "prechat" ? "Form" : "Asks for an email address"}</span>` : nothing}
  </div>`;
}

function tools(context: MessageContext, name: string): TemplateResult {
  return html`<div class="tools">
    <button class="button bare small" type="button" aria-label="Quote ${name}" title="Quote" @click=${context.quote}>${icon("reply")}</button>
    ${context.mayDelete ? html`<button class="button bare small" type="button" aria-label="Delete the message of ${name}" title="Delete" @click=${context.remove}>${icon("trash")}</button>` : nothing}
  </div>`;
}

export interface PendingContext {
  isStuck: boolean;
  retry(clientMsgId: string): void;
  discard(clientMsgId: string): void;
}

export function pendingRow(
  pending: Pending,
  isFirst: boolean,
  { isStuck, retry, discard }: PendingContext,
): TemplateResult {
  const { client_msg_id: id, text, problem, is_note } = pending;
  const failed = problem !== "";
  const status = failed
    ? html`<div class="under failed" role="alert">
        <span>Not sent. ${problem}</span>
        <button class="link" type="button" @click=${() => retry(id)}>Try again</button>
        <button class="link" type="button" @click=${() => discard(id)}>Discard</button>
      </div>`
    : html`<div class="under">${isStuck ? "Waiting for the connection" : "Sending"}</div>`;
  return html`<div class="message ${is_note ? "note" : "out agent"} pending ${failed ? "failed" : ""} ${isFirst ? "first" : ""}" data-key=${id}>
    <div class="bubble" dir="auto">${linked(text)}</div>
    ${status}
  </div>`;
}
