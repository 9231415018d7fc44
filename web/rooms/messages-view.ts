// The message list without messages: loading, failed and empty, and the start of its history.
import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../ui/icons";
import "../ui/notice";
import type { RoomChannel } from "./channel";
import { messagesPlaceholder } from "./placeholder";

export interface EmptyList {
  readonly mayTalk: boolean;
  hello(): void;
  share(): void;
}

export function emptyView(list: EmptyList): TemplateResult {
  return html`<div class="empty">
    <h2>No messages yet</h2>
    <p>${list.mayTalk ? "Send the first message, or invite the people around you." : "New messages appear here."}</p>
    <div>
      ${list.mayTalk ? html`<button class="button main" type="button" @click=${() => list.hello()}>Say hello 👋</button>` : nothing}
      <button class="button" type="button" @click=${() => list.share()}>${icon("share")} Share the room</button>
    </div>
  </div>`;
}

export function waitingView({ sync }: RoomChannel): TemplateResult {
  if (sync.problem)
    return html`<div class="empty"><cf-notice action="Try again" @retry=${() => sync.reload()}>${sync.problem}</cf-notice></div>`;
  return html`<span class="only-read" role="status">Loading</span>${messagesPlaceholder()}`;
}

/** Stands above the oldest visible message. */
export function historyView({ log, sync }: RoomChannel): TemplateResult | typeof nothing {
  if (!log.hasOlder)
    return log.first > 1 ? html`<p class="older">Earlier messages have expired</p>` : nothing;
  if (!sync.olderProblem || sync.isLoadingOlder)
    return html`<div class="older">Loading earlier messages</div>`;
  return html`<div class="older">${sync.olderProblem} <button class="link" type="button" @click=${() => sync.loadOlder()}>Try again</button></div>`;
}
