// The messages of one queue, peeked without receiving them. Dead letters can be redriven to their
// source queue.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Queue, QueueMessage } from "../api/state";
import { base, controls } from "../ui/base";
import { call, explain } from "../ui/call";
import "../ui/dialog";
import "../ui/empty";
import { plural } from "../ui/format";
import { writeHash } from "../ui/hash";
import "../ui/notice";
import "../ui/skeleton";
import "../ui/time";
import { pathOf, runAction } from "../ui/action";
import { figures, figuresStyle } from "../ui/figures";
import { pretty } from "./pretty";

const MAX_MESSAGES = 50;

@customElement("queue-drawer")
export class QueueDrawer extends LitElement {
  static override styles = [
    base,
    controls,
    figuresStyle,
    css`
      .head,
      .actions {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s2) var(--s3);
      }
      .head {
        margin-block-end: var(--s2);
      }
      .head p {
        flex: 1 1 10rem;
        font-size: var(--t2);
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s2);
        padding-block: var(--s3);
        border-block-start: 1px solid var(--line);
      }
      li .id {
        font-size: var(--t2);
        font-weight: 500;
        overflow-wrap: anywhere;
      }
      pre {
        max-block-size: 18rem;
        padding: var(--s3);
        overflow: auto;
        border-radius: var(--r1);
        background: var(--sunken);
        font: var(--t1) / 1.5 var(--mono);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property() name = "";
  @property({ attribute: false }) queues: Queue[] = [];
  @state() private messages: QueueMessage[] | undefined;
  @state() private problem = "";
  @state() private doomed = "";
  #depth = "";

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("name")) {
      this.messages = undefined;
      this.problem = "";
      this.#depth = "";
    }
    const queue = this.#queue;
    const depth = queue ? [queue.visible, queue.in_flight, queue.delayed].join() : "";
    if (this.name && depth !== this.#depth) {
      this.#depth = depth;
      void this.#load();
    }
  }

  get #queue(): Queue | undefined {
    return this.queues.find(({ name }) => name === this.name);
  }

  async #load(): Promise<void> {
    const { name } = this;
    try {
      const messages = await call<QueueMessage[]>(
        "GET",
        `${pathOf("queues", name, "messages")}?limit=${MAX_MESSAGES}`,
      );
      if (name !== this.name) return;
      this.messages = messages;
      this.problem = "";
    } catch (error) {
      if (name === this.name) this.problem = explain(error);
    }
  }

  override render() {
    return html`<cf-dialog kind="drawer" .open=${this.name !== ""} heading=${this.name} @dismiss=${() => writeHash({ queue: null }, "replace")}>
      ${this.name === "" ? nothing : this.#body(this.#queue)}
    </cf-dialog>`;
  }

  #body(queue: Queue | undefined): TemplateResult {
    if (this.problem)
      return html`<cf-notice action="Try again" @retry=${() => this.#load()}>${this.problem}</cf-notice>`;
    if (!this.messages) return html`<cf-skeleton lines="6"></cf-skeleton>`;
    if (this.messages.length === 0)
      return html`<cf-empty heading="No messages">${queue?.is_dlq ? "No message has exhausted its retries." : "Every message has been processed."}</cf-empty>`;
    return html`<div class="head">
        <p class="soft">${this.messages.length === MAX_MESSAGES ? `The first ${MAX_MESSAGES} messages` : plural(this.messages.length, "message")}</p>
        ${queue?.is_dlq ? html`<button class="button main" type="button" @click=${() => this.#redrive({})}>Redrive all</button>` : nothing}
      </div>
      <ul>
        ${repeat(
          this.messages,
          ({ message_id }) => message_id,
          (message) => this.#message(message, queue?.is_dlq === true),
        )}
      </ul>`;
  }

  #message(message: QueueMessage, dead: boolean): TemplateResult {
    const attributes = Object.entries(message.attributes);
    return html`<li>
      <p class="id mono">${message.message_id}</p>
      ${figures([
        ["State", message.state.replace("_", " ")],
        ["Received", plural(message.receives, "time")],
        ["Sent", html`<cf-time .at=${message.sent_at}></cf-time>`],
        ...(message.group ? [["Group", message.group] as [string, unknown]] : []),
        ...(message.state === "visible"
          ? []
          : [
              ["Visible again", html`<cf-time .at=${message.visible_at}></cf-time>`] as [
                string,
                unknown,
              ],
            ]),
        ...attributes.map(([name, value]): [string, unknown] => [
          name,
          typeof value === "string" ? value : JSON.stringify(value),
        ]),
      ])}
      <pre tabindex="0" aria-label="Body">${pretty(message.body)}</pre>
      <div class="actions">
        ${dead ? html`<button class="button small" type="button" @click=${() => this.#redrive({ message_id: message.message_id })}>Redrive</button>` : nothing}
        ${
          this.doomed === message.message_id
            ? html`<button class="button small danger" type="button" @click=${() => this.#throwAway(message.message_id)}>Delete permanently</button>
              <button class="button small" type="button" @click=${() => (this.doomed = "")}>Cancel</button>`
            : html`<button class="button small danger bare" type="button" @click=${() => (this.doomed = message.message_id)}>Delete</button>`
        }
      </div>
    </li>`;
  }

  async #redrive(which: { message_id?: string }): Promise<void> {
    await runAction<{ moved: number }>(
      "POST",
      pathOf("queues", this.name, "redrive"),
      which,
      ({ moved }) => `Moved ${plural(moved, "message")} back to the source queue`,
    );
    await this.#load();
  }

  async #throwAway(id: string): Promise<void> {
    this.doomed = "";
    await runAction<{ deleted: number }>(
      "DELETE",
      pathOf("queues", this.name, "messages", id),
      undefined,
      ({ deleted }) => `Deleted ${plural(deleted, "message")}`,
    );
    await this.#load();
  }
}
