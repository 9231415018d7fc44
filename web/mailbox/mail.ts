// One mail: its header, its text with links, and its HTML as source.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Mail } from "../api/mails";
import { pathOf } from "../ui/action";
import { base, controls } from "../ui/base";
import { CallError, call, explain } from "../ui/call";
import { figures, figuresStyle } from "../ui/figures";
import { writeHash } from "../ui/hash";
import { icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import { linked } from "../ui/text";
import "../ui/time";
import type { MailboxStore } from "./store";

@customElement("mailbox-mail")
export class MailboxMail extends LitElement {
  static override styles = [
    base,
    controls,
    figuresStyle,
    css`
      :host {
        display: block;
        block-size: 100%;
        overflow-y: auto;
      }
      article,
      cf-notice,
      cf-skeleton {
        max-inline-size: 48rem;
        margin: var(--s4);
      }
      header {
        display: flex;
        align-items: center;
        gap: var(--s2);
        margin-block-end: var(--s3);
      }
      h2 {
        flex: 1;
        min-inline-size: 0;
        font-size: var(--t5);
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .text {
        margin-block: var(--s4);
        padding: var(--s4);
        border: 1px solid var(--line);
        border-radius: var(--r2);
        background: var(--raised);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      summary {
        color: var(--ink-soft);
        font-size: var(--t2);
        cursor: pointer;
      }
      pre {
        max-block-size: 24rem;
        margin-block-start: var(--s2);
        padding: var(--s3);
        overflow: auto;
        border-radius: var(--r1);
        background: var(--raised);
        font: var(--t1) / 1.5 var(--mono);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      @media (min-width: 48rem) {
        .back {
          display: none;
        }
      }
    `,
  ];

  @property() mailId = "";
  @property({ attribute: false }) store!: MailboxStore;
  @state() private mail: Mail | undefined;
  @state() private problem = "";
  @state() private gone = false;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("mailId")) return;
    this.mail = undefined;
    this.problem = "";
    this.gone = false;
    void this.#load();
  }

  async #load(): Promise<void> {
    const { mailId } = this;
    try {
      const mail = await call<Mail>("GET", pathOf("mails", mailId));
      if (mailId !== this.mailId) return;
      this.mail = mail;
      this.problem = "";
    } catch (error) {
      if (mailId !== this.mailId) return;
      this.gone = error instanceof CallError && error.status === 404;
      this.problem = this.gone ? "This mail was deleted." : explain(error);
    }
  }

  override render() {
    const { mail } = this;
    if (this.problem)
      return html`<cf-notice action=${this.gone ? "Close" : "Try again"} @retry=${() => (this.gone ? this.#close() : this.#load())}>${this.problem}</cf-notice>`;
    if (!mail) return html`<cf-skeleton lines="6"></cf-skeleton>`;
    return html`<article aria-labelledby="subject">
      <header>
        <button class="button bare icon-only back" type="button" aria-label="Back" @click=${() => this.#close()}>${icon("back")}</button>
        <h2 id="subject" dir="auto">${mail.subject || "No subject"}</h2>
        <button class="button bare icon-only danger" type="button" aria-label="Delete mail" title="Delete mail" @click=${() => this.#delete(mail.id)}>${icon("trash")}</button>
      </header>
      ${figures(headers(mail))}
      ${mail.text === null ? nothing : html`<div class="text" dir="auto">${linked(mail.text)}</div>`}
      ${mail.html === null ? nothing : source(mail.html)}
    </article>`;
  }

  async #delete(id: string): Promise<void> {
    const deleted = await this.store.deleteMail(id);
    if (deleted && id === this.mailId) this.#close();
  }

  #close(): void {
    writeHash({ mail: null }, "replace");
  }
}

function headers({ from, to, cc, bcc, reply_to, at, sender }: Mail): [string, unknown][] {
  const lists: [string, string[]][] = [
    ["To", to],
    ["Cc", cc],
    ["Bcc", bcc],
    ["Reply to", reply_to],
  ];
  const shown = lists.filter(([, addresses]) => addresses.length > 0);
  return [
    ["From", from],
    ...shown.map(([name, addresses]): [string, unknown] => [name, addresses.join(", ")]),
    ["Sent", html`<cf-time .at=${at}></cf-time>`],
    ["Sent by", sender],
  ];
}

function source(text: string): TemplateResult {
  return html`<details>
    <summary>HTML source</summary>
    <pre tabindex="0" aria-label="HTML source">${text}</pre>
  </details>`;
}
