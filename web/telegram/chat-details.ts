// Details of a chat: ids, members, and what a person can do with the bot and the account.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Chat, Membership } from "../api/telegram";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import { sheetOrDialog } from "../ui/dialog";
import { figures, figuresStyle } from "../ui/figures";
import { writeHash } from "../ui/hash";
import { icon } from "../ui/icons";
import { toast } from "../ui/toast";
import type { TelegramStore } from "./store";
import { chatName, fullName, languageName } from "./words";

@customElement("telegram-chat-details")
export class TelegramChatDetails extends LitElement {
  static override styles = [
    base,
    controls,
    figuresStyle,
    css`
      .buttons {
        display: grid;
        gap: var(--s2);
        margin-block-start: var(--s4);
      }
      .buttons .button {
        min-block-size: 2.75rem;
      }
    `,
  ];

  @property({ attribute: false }) chat!: Chat;
  @property({ attribute: false }) store!: TelegramStore;
  @property({ type: Boolean }) open = false;
  @property({ type: Number }) version = 0;
  @state() private isSure = false;

  override render() {
    const { chat, store } = this;
    return html`<cf-dialog kind=${sheetOrDialog()} heading=${chatName(chat, store.people)} .open=${this.open} @dismiss=${this.#dismiss}>
      ${chat.type === "private" ? this.#person() : this.#group()}
    </cf-dialog>`;
  }

  #person(): TemplateResult {
    const { chat, store } = this;
    const person = store.person(chat.id);
    const blocked = chat.bot === "kicked";
    return html`${figures([
      ["Id", chat.id],
      ["Username", person?.username ? `@${person.username}` : "none"],
      ["Language", languageName(person?.language_code)],
      ["Bot", { left: "not started", member: "started", kicked: "blocked" }[chat.bot]],
    ])}
      <div class="buttons">
        ${chat.bot === "left" ? nothing : html`<button class="button ${blocked ? "" : "danger"}" type="button" @click=${() => this.#setMembership(blocked ? "member" : "kicked")}>${icon("ban")} ${blocked ? "Unblock the bot" : "Block the bot"}</button>`}
        ${person?.is_deactivated ? nothing : html`<button class="button danger" type="button" @click=${this.#deactivate}>${icon("trash")} ${this.isSure ? "Press again to delete the account" : "Delete the account"}</button>`}
      </div>`;
  }

  #group(): TemplateResult {
    const { chat, store } = this;
    const member = chat.bot === "member";
    const names = chat.members.map((id) => store.person(id)).map((each) => each && fullName(each));
    return html`${figures([
      ["Id", chat.id],
      ["Type", chat.type],
      ["Members", html`<bdi>${names.filter(Boolean).join(", ")}</bdi>`],
      ["Bot", { left: "has left", member: "member", kicked: "removed" }[chat.bot]],
    ])}
      ${
        chat.migrated_to === null
          ? html`<div class="buttons">
            <button class="button ${member ? "danger" : ""}" type="button" @click=${() => this.#setMembership(member ? "kicked" : "member")}>${icon(member ? "ban" : "add")} ${member ? "Remove the bot" : "Add the bot"}</button>
            ${chat.type === "group" ? html`<button class="button" type="button" @click=${this.#migrate}>${icon("share")} Turn into a supergroup</button>` : nothing}
          </div>`
          : nothing
      }`;
  }

  async #setMembership(status: Membership): Promise<void> {
    const by = this.chat.members[0];
    if (by === undefined) return;
    await this.#guarded(() => this.store.setMembership(this.chat, by, status));
  }

  /** Deletes on the second press; there is no undo. */
  async #deactivate(): Promise<void> {
    if (!this.isSure) {
      this.isSure = true;
      return;
    }
    await this.#guarded(() => this.store.deactivate(this.chat.id));
  }

  async #migrate(): Promise<void> {
    await this.#guarded(async () => {
      const { id } = await this.store.migrate(this.chat.id);
      writeHash({ chat: String(id) });
    });
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#dismiss();
    } catch (error) {
      toast(explain(error), true);
    }
  }

  #dismiss(): void {
    this.isSure = false;
    this.dispatchEvent(new Event("dismiss"));
  }
}
