// What Telegram saw: the webhook, violations, faults, and the bot's calls with their codes and files.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Call, Violation } from "../api/telegram";
import { base, controls } from "../ui/base";
import "../ui/empty";
import { figures, figuresStyle } from "../ui/figures";
import { count, plural } from "../ui/format";
import { hashWith } from "../ui/hash";
import "../ui/notice";
import { section, sectionStyle } from "../ui/section";
import "../ui/skeleton";
import "../ui/time";
import "./fault-list";
import type { TelegramStore } from "./store";
import type { Traffic } from "./traffic";
import { chatName } from "./words";

const PAGE_SIZE = 100;

const violationText: Record<Violation["kind"], string> = {
  method_in_webhook_response: "The webhook's response had a method, which Telegram carries out.",
  reply_markup_in_album: "An album had a keyboard, which Telegram ignores.",
  callback_not_answered: "A tap had no answer for 15 seconds.",
};

@customElement("traffic-panel")
export class TrafficPanel extends LitElement {
  static override styles = [
    base,
    controls,
    figuresStyle,
    sectionStyle,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s5);
        font-size: var(--t2);
      }
      .filters {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1) var(--s4);
        margin-block: var(--s2);
      }
      .filters label {
        display: flex;
        align-items: center;
        gap: var(--s2);
      }
      .error,
      .webhook {
        overflow-wrap: anywhere;
      }
      .webhook + .error {
        margin-block-start: var(--s1);
      }
      .violations li,
      .calls li {
        padding-block: var(--s2);
        border-block-end: 1px solid var(--line);
        overflow-wrap: anywhere;
      }
      .call {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 var(--s2);
      }
      .call cf-time {
        margin-inline-start: auto;
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      .more {
        margin-block-start: var(--s3);
      }
    `,
  ];

  @property({ attribute: false }) traffic!: Traffic;
  @property({ attribute: false }) store!: TelegramStore;
  @property({ type: Number }) openChat = 0;
  @property({ type: Number }) version = 0;
  @state() private ofChat = false;
  @state() private failedOnly = false;
  @state() private shown = PAGE_SIZE;

  override render() {
    const { calls, problem, violations } = this.traffic;
    if (!calls)
      return problem
        ? html`<cf-notice action="Try again" @retry=${() => this.traffic.load()}>${problem}</cf-notice>`
        : html`<cf-skeleton lines="8"></cf-skeleton>`;
    return html`
      ${section("webhook", "Webhook", nothing, this.#webhook())}
      ${violations.length > 0 ? section("violations", "Violations", html`<span class="badge bad">${count(violations.length)}</span>`, this.#violations(violations)) : nothing}
      ${section("faults", "Faults", nothing, html`<fault-list .traffic=${this.traffic} .store=${this.store} .openChat=${this.openChat} .version=${this.version}></fault-list>`)}
      ${section("calls", "Calls", nothing, this.#calls(calls))}
    `;
  }

  #webhook(): TemplateResult {
    const { webhook } = this.traffic;
    if (!webhook?.url)
      return html`<p class="soft">No webhook is set, so updates wait for 24 hours.</p>`;
    const { url, pending_update_count, last_error_date, last_error_message } = webhook;
    return html`<p class="webhook"><span class="mono">${url}</span></p>
      <p class="soft">${pending_update_count === 0 ? "No updates are pending." : html`${plural(pending_update_count, "update")} pending.`}</p>
      ${last_error_date ? html`<p class="error"><span class="bad">${last_error_message}</span> <cf-time class="soft" .at=${last_error_date * 1000}></cf-time></p>` : nothing}`;
  }

  #violations(violations: Violation[]): TemplateResult {
    return html`<ul class="violations">
      ${violations.toReversed().map(
        ({ at, kind, about }) => html`<li>
          <p>${violationText[kind]} <cf-time class="soft" .at=${at}></cf-time></p>
          <p class="mono soft">${JSON.stringify(about)}</p>
        </li>`,
      )}
    </ul>`;
  }

  #calls(calls: Call[]): TemplateResult {
    if (calls.length === 0)
      return html`<cf-empty heading="No calls yet">Each call of the bot appears here with its answer.</cf-empty>`;
    const sum = (of: (call: Call) => number) => calls.reduce((total, call) => total + of(call), 0);
    const found = calls.filter((call) => this.#isShown(call)).toReversed();
    return html`${figures([
      ["Calls", count(calls.length)],
      ["Refused", count(calls.filter(({ code }) => code !== 200).length)],
      ["Files uploaded", count(sum(({ uploads }) => uploads))],
      ["File ids reused", count(sum(({ reused_files }) => reused_files))],
    ])}
      <div class="filters">
        <label><input type="checkbox" ?disabled=${this.openChat === 0} .checked=${this.ofChat} @change=${(event: Event) => (this.ofChat = isChecked(event))} /> This chat only</label>
        <label><input type="checkbox" .checked=${this.failedOnly} @change=${(event: Event) => (this.failedOnly = isChecked(event))} /> Failed only</label>
      </div>
      <ol class="calls" aria-label="Calls, the newest first">
        ${repeat(
          found.slice(0, this.shown),
          ({ id }) => id,
          (call) => this.#call(call),
        )}
      </ol>
      ${found.length === 0 ? html`<p class="soft">No call matches.</p>` : nothing}
      ${found.length > this.shown ? html`<button class="button more" type="button" @click=${() => (this.shown += PAGE_SIZE)}>Show ${PAGE_SIZE} older</button>` : nothing}`;
  }

  #isShown({ chat, code, answered }: Call): boolean {
    if (this.ofChat && this.openChat !== 0 && chat !== this.openChat) return false;
    return !this.failedOnly || code !== 200 || !answered;
  }

  #call({ at, method, chat, message_ids, code, description, ...call }: Call): TemplateResult {
    const files = [
      call.uploads > 0 ? `${plural(call.uploads, "file")} uploaded` : "",
      call.reused_files > 0 ? `${plural(call.reused_files, "file id")} reused` : "",
    ];
    const about = [messageNumbers(message_ids), ...files].filter(Boolean).join(", ");
    return html`<li>
      <p class="call">
        <span class="mono">${method}</span>
        <span class="badge ${code === 200 ? "" : code === 429 ? "warn" : "bad"}">${code}</span>
        ${call.answered ? nothing : html`<span class="badge warn">answer lost</span>`}
        <cf-time .at=${at}></cf-time>
      </p>
      ${chat === null && !about ? nothing : html`<p class="soft">${chat === null ? nothing : this.#chatLink(chat)}${chat === null || !about ? "" : ", "}${about}</p>`}
      ${description ? html`<p class="error ${code === 429 ? "warn" : "bad"}">${description}</p>` : nothing}
    </li>`;
  }

  #chatLink(id: number): TemplateResult {
    const chat = this.store.chats?.find((each) => each.id === id);
    if (!chat) return html`<span class="mono">${id}</span>`;
    return html`<a href=${hashWith({ chat: String(id) })} @click=${() => this.dispatchEvent(new Event("jump"))}><bdi>${chatName(chat, this.store.people)}</bdi></a>`;
  }
}

/** The numbers of one message or of an album. */
function messageNumbers(ids: number[]): string {
  const [first] = ids;
  const last = ids.at(-1);
  if (first === undefined) return "";
  return first === last ? `message ${first}` : `messages ${first} to ${last}`;
}

function isChecked({ target }: Event): boolean {
  return (target as HTMLInputElement).checked;
}
