// Faults that the next matching calls use up, and the form that adds one.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Fault } from "../api/telegram";
import { formStyle } from "../messenger/form.style";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import { plural } from "../ui/format";
import { icon } from "../ui/icons";
import "../ui/notice";
import type { TelegramStore } from "./store";
import type { Traffic } from "./traffic";
import { chatName } from "./words";

const methods = [
  "sendMessage",
  "sendPhoto",
  "sendDocument",
  "sendMediaGroup",
  "editMessageText",
  "editMessageCaption",
  "editMessageMedia",
  "editMessageReplyMarkup",
  "deleteMessage",
  "deleteMessages",
  "answerCallbackQuery",
  "sendChatAction",
  "sendMessageDraft",
  "getFile",
];

interface Kind {
  label: string;
  /** What the number of the form means; without it there is none. */
  number?: string;
  start?: number;
  fault: (number: number) => Partial<Fault>;
}

const kinds: Record<string, Kind> = {
  too_many: {
    label: "429 Too Many Requests",
    number: "Seconds until the retry",
    start: 5,
    fault: (retry_after) => ({ retry_after }),
  },
  blocked: { label: "403 Bot was blocked", fault: () => ({ http: 403 }) },
  error: { label: "500 Internal Server Error", fault: () => ({ http: 500 }) },
  half_album: {
    label: "Album fails in the middle",
    number: "Items that arrive",
    start: 1,
    fault: (album_items) => ({ album_items }),
  },
  slow: {
    label: "Slow answer",
    number: "Milliseconds",
    start: 3000,
    fault: (hang_ms) => ({ hang_ms }),
  },
  drop_before: { label: "Connection lost before the work", fault: () => ({ drop_before: true }) },
  drop_after: { label: "Answer lost after the work", fault: () => ({ drop_after: true }) },
};

@customElement("fault-list")
export class FaultList extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    css`
      :host {
        font-size: var(--t2);
      }
      li {
        display: flex;
        align-items: center;
        gap: var(--s2);
        padding-block: var(--s1);
        border-block-end: 1px solid var(--line);
      }
      li p {
        flex: 1;
        min-inline-size: 0;
        overflow-wrap: anywhere;
      }
      summary {
        padding-block: var(--s2);
        color: var(--accent);
        cursor: pointer;
      }
      form {
        gap: var(--s3);
        padding-block: var(--s2);
      }
      .input {
        inline-size: 100%;
      }
    `,
  ];

  @property({ attribute: false }) traffic!: Traffic;
  @property({ attribute: false }) store!: TelegramStore;
  @property({ type: Number }) openChat = 0;
  @property({ type: Number }) version = 0;
  @state() private kind = "too_many";
  @state() private problem = "";
  @query("form") private form!: HTMLFormElement;

  override render() {
    const { faults } = this.traffic;
    const { number, start } = kinds[this.kind] as Kind;
    return html`
      ${faults.length === 0 ? html`<p class="soft">None. Each fault is used up by the next calls that match it.</p>` : html`<ul aria-label="Faults to come">${faults.map((fault, index) => this.#fault(fault, index))}</ul>`}
      <details>
        <summary>Add a fault</summary>
        <form @submit=${this.#submit}>
          <label class="field">
            Fault
            <select class="input" name="kind" @change=${(event: Event) => (this.kind = (event.target as HTMLSelectElement).value)}>
              ${Object.entries(kinds).map(([name, { label }]) => html`<option value=${name}>${label}</option>`)}
            </select>
          </label>
          <div class="pair">
            ${number ? html`<label class="field">${number}<input class="input" name="number" type="number" min=${this.kind === "half_album" ? 0 : 1} .value=${String(start)} required /></label>` : nothing}
            <label class="field">Calls<input class="input" name="times" type="number" min="1" max="1000" value="1" required /></label>
          </div>
          ${
            this.kind === "half_album"
              ? nothing
              : html`<label class="field">
                Method
                <select class="input" name="method">
                  <option value="">Any</option>
                  ${methods.map((method) => html`<option>${method}</option>`)}
                </select>
              </label>`
          }
          ${this.openChat === 0 ? nothing : html`<label class="choice"><input type="checkbox" name="chat" /> In the open chat only</label>`}
          ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
          <button class="button">Add the fault</button>
        </form>
      </details>
    `;
  }

  #fault(fault: Fault, index: number): TemplateResult {
    const text = this.#faultText(fault);
    return html`<li>
      <p>${text}</p>
      <button class="button bare icon-only" type="button" aria-label="Remove: ${text}" title="Remove" @click=${() => this.#remove(index)}>${icon("close")}</button>
    </li>`;
  }

  #faultText({ times, method, chat, ...fault }: Fault): string {
    const known = this.store.chats?.find(({ id }) => id === chat);
    const place = known ? chatName(known, this.store.people) : String(chat);
    return [
      faultEffect(fault),
      method ?? (fault.album_items === undefined ? "any method" : "sendMediaGroup"),
      chat === undefined ? "" : place,
      plural(times, "call"),
    ]
      .filter(Boolean)
      .join(", ");
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const data = new FormData(this.form);
    const method = String(data.get("method") ?? "");
    const fault: Fault = {
      times: Number(data.get("times")),
      drop_before: false,
      drop_after: false,
      ...kinds[this.kind]?.fault(Number(data.get("number"))),
      ...(method ? { method } : {}),
      ...(data.has("chat") ? { chat: this.openChat } : {}),
    };
    await this.#set([...this.traffic.faults, fault]);
  }

  async #remove(index: number): Promise<void> {
    await this.#set(this.traffic.faults.toSpliced(index, 1));
  }

  async #set(faults: Fault[]): Promise<void> {
    try {
      await this.traffic.setFaults(faults);
      this.problem = "";
    } catch (error) {
      this.problem = explain(error);
    }
  }
}

function faultEffect(fault: Omit<Fault, "times">): string {
  const { retry_after, http, album_items, hang_ms, drop_before, drop_after } = fault;
  if (album_items !== undefined) return `Album fails after ${plural(album_items, "item")}`;
  if (retry_after !== undefined) return `429, retry after ${retry_after} s`;
  if (http !== undefined) return `${http}`;
  if (hang_ms !== undefined) return `Slow by ${hang_ms} ms`;
  if (drop_before) return "Connection lost before the work";
  return drop_after ? "Answer lost after the work" : "No effect";
}
