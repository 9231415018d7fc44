// The simulated Telegram: chats, one of them open, and what Telegram saw, side by side if there is room.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { Chat } from "../api/telegram";
import { panesStyle } from "../messenger/panes.style";
import "../messenger/settings";
import { base, controls } from "../ui/base";
import { connectionStatus } from "../ui/connection";
import "../ui/dialog";
import { readHash, writeHash } from "../ui/hash";
import { icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import "../ui/theme-toggle";
import "../ui/toast";
import "./add-group";
import "./add-person";
import { appStyle } from "./app.style";
import "./chat";
import "./chats";
import { settingGroups } from "./settings";
import { TelegramStore } from "./store";
import { Traffic } from "./traffic";
import "./traffic-panel";
import { chatName } from "./words";

@customElement("telegram-app")
export class TelegramApp extends LitElement {
  static override styles = [base, controls, panesStyle, appStyle];

  @state() private openChat = 0;
  @state() private dialog: "person" | "group" | "settings" | "traffic" | null = null;
  @state() private version = 0;
  @state() private isWide = false;
  readonly #room = matchMedia("(min-width: 75rem)");
  private readonly store = new TelegramStore(() => (this.version += 1));
  private readonly traffic = new Traffic(this.store.stream, () => (this.version += 1));

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#linked);
    addEventListener("popstate", this.#linked);
    this.#room.addEventListener("change", this.#resized);
    this.#linked();
    this.#resized();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#linked);
    removeEventListener("popstate", this.#linked);
    this.#room.removeEventListener("change", this.#resized);
  }

  #linked = (): void => {
    this.openChat = Number(readHash().get("chat") ?? 0);
    this.store.open(this.openChat);
  };

  #resized = (): void => {
    this.isWide = this.#room.matches;
    if (this.isWide && this.dialog === "traffic") this.dialog = null;
  };

  override render() {
    const { chats, people, taps, bot } = this.store;
    const chat = chats?.find(({ id }) => id === this.openChat);
    const unread = chats?.reduce((sum, { id }) => sum + this.store.state(id).unread, 0) ?? 0;
    document.title = `${unread > 0 ? `(${unread}) ` : ""}${chat ? `${chatName(chat, people)} · ` : ""}Confab · Telegram`;
    return html`
      <div class="sides ${chat ? "chatting" : ""}">
        ${this.#side(chats)}
        <main>
          ${chat ? html`<telegram-chat .chat=${chat} .store=${this.store} .version=${this.version} @back=${() => writeHash({ chat: null })}></telegram-chat>` : this.#empty(chats)}
        </main>
        ${this.isWide ? html`<aside aria-label="What Telegram saw">${this.#trafficPanel()}</aside>` : nothing}
      </div>
      <add-telegram-person .open=${this.dialog === "person"} .store=${this.store} @dismiss=${this.#close} @added=${this.#added}></add-telegram-person>
      <add-telegram-group .open=${this.dialog === "group"} .store=${this.store} @dismiss=${this.#close} @added=${this.#added}></add-telegram-group>
      <provider-settings
        heading="Delivery and chance"
        about="Applies to updates and calls from now on. One seed repeats one sequence of faults."
        path="/api/telegram/settings"
        .groups=${settingGroups}
        .open=${this.dialog === "settings"}
        @dismiss=${this.#close}
      ></provider-settings>
      <cf-dialog kind="drawer" heading="What Telegram saw" .open=${this.dialog === "traffic"} @dismiss=${this.#close}>
        ${this.dialog === "traffic" ? this.#trafficPanel() : nothing}
      </cf-dialog>
      <cf-dialog heading=${bot?.first_name ?? "The bot"} .open=${taps.alert !== ""} @dismiss=${() => taps.closeAlert()}>
        <p class="alert" role="alert" dir="auto">${taps.alert}</p>
        <button class="button main" type="button" @click=${() => taps.closeAlert()}>OK</button>
      </cf-dialog>
      <cf-toasts></cf-toasts>
    `;
  }

  #side(chats: Chat[] | undefined): TemplateResult {
    const { problem, stream } = this.store;
    const list = () =>
      html`<telegram-chats class="list" .chats=${chats ?? []} .open=${this.openChat} .store=${this.store} .version=${this.version}></telegram-chats>`;
    return html`<div class="side">
      <header>
        <h1>Telegram</h1>
        ${connectionStatus(stream.connection)}
        <cf-theme-toggle></cf-theme-toggle>
        ${this.isWide ? nothing : html`<button class="button bare icon-only" type="button" aria-label="What Telegram saw" title="What Telegram saw" @click=${() => (this.dialog = "traffic")}>${icon("queue")}</button>`}
        <button class="button bare icon-only" type="button" aria-label="Delivery and chance" title="Delivery and chance" @click=${() => (this.dialog = "settings")}>${icon("settings")}</button>
      </header>
      ${problem ? html`<cf-notice action="Try again" @retry=${() => this.store.load()}>${problem}</cf-notice>` : nothing}
      ${chats ? list() : problem ? nothing : html`<cf-skeleton lines="6"></cf-skeleton>`}
      <footer>
        <button class="button add" type="button" @click=${() => (this.dialog = "person")}>${icon("add")} Add a person</button>
        <button class="button" type="button" ?disabled=${this.store.people.length === 0} @click=${() => (this.dialog = "group")}>${icon("people")} New group</button>
        <a href="/carousel">Carousels</a>
        <a href="/">Control room</a>
      </footer>
    </div>`;
  }

  #trafficPanel(): TemplateResult {
    return html`<traffic-panel .traffic=${this.traffic} .store=${this.store} .openChat=${this.openChat} .version=${this.version} @jump=${this.#close}></traffic-panel>`;
  }

  #empty(chats: Chat[] | undefined): TemplateResult | typeof nothing {
    if (!chats) return nothing;
    if (chats.length > 0)
      return html`<div class="empty"><p class="soft">Choose a chat to write in.</p></div>`;
    return html`<div class="empty">
      <h2>Talk to the bot as its users</h2>
      <p class="soft">This page plays Telegram's apps. Add a person and press Start, and your own functions answer over the Bot API.</p>
      <button class="button main" type="button" @click=${() => (this.dialog = "person")}>${icon("add")} Add the first person</button>
    </div>`;
  }

  #close = (): void => {
    this.dialog = null;
  };

  #added(event: CustomEvent<number>): void {
    this.dialog = null;
    writeHash({ chat: String(event.detail) });
  }
}
