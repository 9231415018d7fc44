// The mailbox: the mails that functions sent with SES beside one of them, or one at a time on a narrow screen.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { panesStyle } from "../messenger/panes.style";
import { base, controls } from "../ui/base";
import { connectionStatus } from "../ui/connection";
import { readHash } from "../ui/hash";
import "../ui/notice";
import "../ui/skeleton";
import "../ui/theme-toggle";
import "../ui/toast";
import "./list";
import "./mail";
import { MailboxStore } from "./store";

@customElement("mailbox-app")
export class MailboxApp extends LitElement {
  static override styles = [
    base,
    controls,
    panesStyle,
    css`
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
      }
    `,
  ];

  @state() private open = readHash().get("mail") ?? "";
  @state() private deleting = false;
  private readonly store = new MailboxStore(() => this.requestUpdate());

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#linked);
    addEventListener("popstate", this.#linked);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#linked);
    removeEventListener("popstate", this.#linked);
  }

  #linked = (): void => {
    this.open = readHash().get("mail") ?? "";
  };

  override render() {
    const { mails, problem, stream } = this.store;
    const { open } = this;
    return html`
      <div class="sides ${open ? "chatting" : ""}">
        <div class="side">
          <header>
            <h1>Mailbox</h1>
            ${connectionStatus(stream.connection)}
            <cf-theme-toggle></cf-theme-toggle>
          </header>
          ${problem ? html`<cf-notice action="Try again" @retry=${() => this.store.load()}>${problem}</cf-notice>` : nothing}
          ${mails ? html`<mailbox-list class="list" .mails=${mails} .open=${open}></mailbox-list>` : problem ? nothing : html`<cf-skeleton lines="6"></cf-skeleton>`}
          <footer>${mails && mails.length > 0 ? this.#deletion() : html`<span></span>`}<a href="/">Control room</a></footer>
        </div>
        <main>
          ${open ? html`<mailbox-mail .mailId=${open} .store=${this.store}></mailbox-mail>` : html`<div class="empty"><p class="soft">${mails?.length === 0 ? "Mails are kept here and never sent." : "Choose a mail to read."}</p></div>`}
        </main>
      </div>
      <cf-toasts></cf-toasts>
    `;
  }

  #deletion(): TemplateResult {
    if (!this.deleting)
      return html`<button class="button bare danger" type="button" @click=${() => (this.deleting = true)}>Delete all</button>`;
    return html`<div class="actions">
      <button class="button danger" type="button" @click=${() => this.#deleteAll()}>Delete permanently</button>
      <button class="button" type="button" @click=${() => (this.deleting = false)}>Cancel</button>
    </div>`;
  }

  async #deleteAll(): Promise<void> {
    this.deleting = false;
    await this.store.deleteAll();
  }
}
