// A room: connection, people, messages and actions, according to the user's role.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { now, onTick } from "../ui/clock";
import { sheetOrDialog } from "../ui/dialog";
import { plural } from "../ui/format";
import { writeHash } from "../ui/hash";
import { type IconName, icon } from "../ui/icons";
import "../ui/notice";
import "../ui/theme-toggle";
import { toast } from "../ui/toast";
import "./about";
import type { RoomAction } from "./about";
import { busyUntil, onBusyChange, rooms, session, toProblem } from "./api";
import { type Blocked, block, blockedPeople, isBlocked, unblock } from "./blocks";
import { messagesPlaceholder, placeholderStyle } from "./placeholder";
import "./composer";
import type { Composed, RoomComposer } from "./composer";
import type {
  ClosedRoom,
  Message,
  Money,
  Page,
  Person,
  Pin,
  Quote,
  Room,
  RoomUpdate,
} from "./contract";
import "./join";
import { type EndReason, RoomChannel } from "./channel";
import { readStored, store } from "./storage";
import "./message-sheet";
import "./messages";
import type { ReactionChange, RoomMessages } from "./messages";
import "./pay-sheet";
import type { PurchaseRequest } from "./pay-sheet";
import "./people";
import { roomHue } from "./picture";
import "./room-top";
import { roomStyle } from "./room.style";
import "./settings";
import "./share";
import type { Item } from "./thread";
import "./tips";
import { later, roomEnvironment } from "./environment";
import { isFulfilled, orderOutcome, type Payment, PaymentPoller, pinRefetchDelay } from "./payment";
import { busyText, onlineCount, refusalText, tipText, typingText } from "./words";

type Sheet = "share" | "people" | "about" | "join" | "rename" | "settings" | "tips";

/** Messages kept while scrolled to the end; older ones are fetched again on scrolling up. */
const MAX_VISIBLE_MESSAGES = 500;
const peopleEvery = 3_000;
const peopleAtLeastEvery = 20_000;
const tellEvery = 1_500;
const quoteLength = 120;
const asksAfterPin = 4;
const wide = matchMedia("(min-width: 62rem)");

@customElement("rooms-room")
export class RoomsRoom extends LitElement {
  static override styles = [base, controls, placeholderStyle, roomStyle];

  @property() code = "";
  /** A room that was just created and need not be fetched. */
  @property({ attribute: false }) made: Room | null = null;
  @state() private room: Room | ClosedRoom | null = null;
  @state() private problem = "";
  @state() private over: EndReason | null = null;
  @state() private version = 0;
  @state() private sheet: Sheet | null = null;
  @state() private replyTo: Quote | null = null;
  @state() private looked: Item | null = null;
  @state() private people: Person[] | null = null;
  @state() private banned: Blocked[] = [];
  @state() private peopleProblem = "";
  @state() private blocked: Blocked[] = blockedPeople();
  @state() private reacting: readonly ReactionChange[] = [];
  @state() private me = "";
  @state() private newFrom = 0;
  @state() private wanted: PurchaseRequest | null = null;
  /** The pending payment, after its checkout was opened. */
  @state() private payment: Payment | null = null;
  /** The back room's entrance fee, once fetched. */
  @state() private entrance: Money | null = null;
  /** The screen reader's announcement. */
  @state() private told = "";
  @query("room-messages") private messages!: RoomMessages | null;
  @query("room-composer") private composer!: RoomComposer | null;
  #channel: RoomChannel | null = null;
  #visit = 0;
  #stopClock = () => {};
  #stopWaits = () => {};
  #peopleAt = 0;
  #peopleTimer: ReturnType<typeof setTimeout> | undefined;
  #online = -1;
  /** When the room's online count was fetched. */
  #roomAt = -Infinity;
  #toldUpTo = 0;
  #toldTimer: ReturnType<typeof setTimeout> | undefined;
  #unseen = 0;
  #newsTold = 0;
  #pinTries = 0;
  #pinTimer: ReturnType<typeof setTimeout> | undefined;
  #asking: PaymentPoller | null = null;
  #entranceOf = "";

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.#woken);
    addEventListener("online", this.#woken);
    addEventListener("offline", this.#offline);
    addEventListener("pageshow", this.#woken);
    addEventListener("storage", this.#stored);
    visualViewport?.addEventListener("resize", this.#fit);
    visualViewport?.addEventListener("scroll", this.#fit);
    wide.addEventListener("change", this.#widened);
    this.#fit();
    this.#stopWaits = onBusyChange(() => this.requestUpdate());
    this.#stopClock = onTick(() => {
      // Waits count down, and an online count becomes stale.
      if (busyUntil() !== null || !this.#channel?.connection.isConnected) this.requestUpdate();
      // Departures are not broadcast, so the list is polled.
      if (this.#channel?.connection.isConnected && Date.now() - this.#peopleAt > peopleAtLeastEvery)
        void this.#loadPeople();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.#woken);
    removeEventListener("online", this.#woken);
    removeEventListener("offline", this.#offline);
    removeEventListener("pageshow", this.#woken);
    removeEventListener("storage", this.#stored);
    visualViewport?.removeEventListener("resize", this.#fit);
    visualViewport?.removeEventListener("scroll", this.#fit);
    wide.removeEventListener("change", this.#widened);
    this.#stopClock();
    this.#stopWaits();
    this.#closeChannel();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("code")) void this.#enter();
    if ((changed as PropertyValues).has("room")) this.#roomAt = now();
  }

  override updated(changed: PropertyValues): void {
    const room = this.#open;
    if (changed.has("room")) this.#followPin();
    if (changed.has("room") || changed.has("version")) {
      this.#seePayment();
      void this.#learnEntrance();
    }
    this.style.setProperty("--hue", String(roomHue(this.code, room?.photo ?? null)));
    const name = this.room?.name ?? "Room";
    document.title = `${this.#unseen > 0 ? `(${this.#unseen}) ` : ""}${name}${room?.front ? ", back room" : ""} · Rooms`;
  }

  // Entering and leaving

  async #enter(): Promise<void> {
    const visit = ++this.#visit;
    this.#closeChannel();
    Object.assign(this, {
      room: null,
      problem: "",
      over: null,
      sheet: null,
      replyTo: null,
      looked: null,
      people: null,
      banned: [],
      reacting: [],
      newFrom: 0,
      wanted: null,
      entrance: null,
    });
    this.#entranceOf = "";
    this.#waitFor(readStored<Payment>(`paying.${this.code}`));
    // The latest page is fetched in parallel with the room, since most rooms are readable.
    let first: Promise<Page> | null = null;
    try {
      this.me = (await session()).user_id;
      if (this.made?.code !== this.code) {
        first = rooms.page(this.code, {});
        first.catch(() => {});
      }
      const room = this.made?.code === this.code ? this.made : await rooms.get(this.code);
      if (visit !== this.#visit) return;
      this.me = (await session()).user_id;
      this.room = room;
      if (this.made?.code === this.code) this.sheet = wide.matches ? null : "share";
      if (mayRead(room)) this.#openChannel(first);
    } catch (error) {
      if (visit !== this.#visit) return;
      const { status, code } = toProblem(error);
      if (status === 404) this.over = "missing";
      else if (code === "banned") this.over = "banned";
      else this.problem = refusalText(toProblem(error));
    }
  }

  #openChannel(first: Promise<Page> | null): void {
    const seen = Math.max(
      readStored<number>(`seen.${this.code}`) ?? 0,
      this.room?.you.read_seq ?? 0,
    );
    const channel = new RoomChannel(roomEnvironment(this.code, this.me, first), this.me, {
      changed: () => channel === this.#channel && this.#changed(),
      roomChanged: (news) => this.#news(news),
      pinChanged: (pin) => this.#pinned(pin),
      muteChanged: (isMuted) => this.#muted(isMuted),
      accessChanged: () => void this.#readAgain(),
      ended: (why) => (why === "missing" ? void this.#lost() : this.#end(why)),
    });
    this.#channel = channel;
    this.#toldUpTo = 0;
    this.#unseen = 0;
    channel.readSeq = seen;
    channel.start();
    if (seen > 0 && (this.#open?.last_seq ?? 0) > seen) this.newFrom = seen + 1;
    void this.#loadPeople();
    // With a keyboard, the composer takes the focus at once.
    if (this.#isIn && matchMedia("(hover: hover)").matches)
      void this.updateComplete.then(() => this.composer?.focus());
  }

  #closeChannel(): void {
    this.#channel?.stop();
    this.#channel = null;
    clearTimeout(this.#peopleTimer);
    clearTimeout(this.#toldTimer);
    this.#toldTimer = undefined;
    this.told = "";
    clearTimeout(this.#pinTimer);
    this.#asking?.stop();
  }

  #end(why: EndReason): void {
    this.#asking?.stop();
    clearTimeout(this.#pinTimer);
    this.sheet = null;
    this.looked = null;
    this.over = why;
    // The focus moves to the message that replaces the room.
    void this.updateComplete.then(() => this.renderRoot.querySelector("h2")?.focus());
  }

  /** The room is gone, or no longer readable. */
  async #lost(): Promise<void> {
    const visit = this.#visit;
    try {
      const room = await rooms.get(this.code);
      if (visit !== this.#visit) return;
      this.#closeChannel();
      const readable = mayRead(room);
      this.room = readable ? null : room;
      // An automatic retry could loop forever.
      if (readable) this.problem = "The connection to this room was refused.";
    } catch (error) {
      if (visit !== this.#visit) return;
      const { status, message } = toProblem(error);
      if (status === 404) return this.#end("missing");
      this.#closeChannel();
      this.room = null;
      this.problem = message;
    }
  }

  #changed(): void {
    const channel = this.#channel;
    if (!channel) return;
    this.version += 1;
    const author = channel.log.visible.at(-1)?.user_id;
    const isStranger =
      author !== undefined &&
      author !== this.me &&
      this.people?.some(({ user_id }) => user_id === author) === false;
    if (channel.online !== this.#online || isStranger) {
      this.#online = channel.online;
      this.#peopleSoon();
    }
    this.#tellReader(channel);
    this.#look();
  }

  /** Marks messages as read when the page is visible and scrolled to the end. */
  #look(): void {
    const channel = this.#channel;
    if (!channel?.log.ready) return;
    if (this.messages?.isAtEnd !== false) channel.log.keepLatest(MAX_VISIBLE_MESSAGES);
    if (document.hidden || this.messages?.isAtEnd === false) {
      this.#unseen = document.hidden
        ? channel.log.visible.filter(
            ({ seq, user_id }) => seq > channel.readSeq && user_id !== this.me,
          ).length
        : this.#unseen;
      return;
    }
    this.#unseen = 0;
    if (channel.log.complete <= channel.readSeq) return;
    channel.readSeq = channel.log.complete;
    store(`seen.${this.code}`, channel.readSeq);
  }

  /** Announces new messages in batches, without history. */
  #tellReader(channel: RoomChannel): void {
    if (!channel.log.ready) return;
    if (this.#toldUpTo === 0) this.#toldUpTo = Math.max(1, channel.log.complete + 1);
    if (this.#toldTimer || channel.log.complete < this.#toldUpTo) return;
    this.#toldTimer = setTimeout(() => {
      this.#toldTimer = undefined;
      const fresh = channel.log.visible.filter(
        (message) =>
          message.seq >= this.#toldUpTo &&
          message.user_id !== this.me &&
          !message.is_deleted &&
          !isBlocked(this.blocked, message.user_id, message.username),
      );
      this.#toldUpTo = channel.log.complete + 1;
      if (fresh.length > 0)
        this.told =
          fresh.length > 2
            ? `${plural(fresh.length, "new message")}`
            : fresh
                .map(({ username, text, tip }) =>
                  tip
                    ? tipText(username, tip, this.#open?.you.role === "host")
                    : `${username}: ${text}`,
                )
                .join(". ");
    }, tellEvery);
  }

  #news(news: RoomUpdate): void {
    if (!this.room) return;
    this.#newsTold += 1;
    // A broadcast omits the back room's code, because only members may know it.
    const back_room = news.back_room && {
      code: news.back_room.code ?? this.#open?.back_room?.code ?? null,
    };
    this.room = { ...news, back_room, you: this.room.you };
  }

  #pinned(pin: Pin | null): void {
    this.#newsTold += 1;
    if (this.#open) this.room = { ...this.#open, pin };
    if (this.#pin) this.told = `Pinned: ${this.#pin.username}: ${this.#pin.text}`;
  }

  #muted(is_muted: boolean): void {
    const room = this.#open;
    if (!room || room.you.is_muted === is_muted) return;
    this.#newsTold += 1;
    this.room = { ...room, you: { ...room.you, is_muted } };
    this.told = is_muted ? "The host has muted you." : "You can post again.";
  }

  async #readAgain(): Promise<void> {
    const told = this.#newsTold;
    try {
      const room = await rooms.get(this.code);
      if (room.code !== this.code) return;
      if ((await session()).user_id !== this.me) return void this.#enter();
      // Broadcasts during the request are newer than its answer.
      if (told !== this.#newsTold) return void this.#readAgain();
      this.room = room;
      if (!mayRead(room)) this.#closeChannel();
    } catch {
      // The known state stays until the next fetch succeeds.
    }
  }

  // Device events

  #woken = (): void => {
    if (document.hidden) {
      this.#channel?.flushReadSeq();
      // Messages from now on are unread.
      if (this.#channel?.log.ready && this.messages?.isAtEnd !== false)
        this.newFrom = this.#channel.log.complete + 1;
      return;
    }
    this.#channel?.wake();
    if (this.problem) void this.#enter();
    this.#followPin();
    this.#asking?.wake();
    this.#look();
    this.requestUpdate();
  };

  #offline = (): void => {
    this.#channel?.checkConnection();
    this.requestUpdate();
  };

  #widened = (): void => {
    if (this.sheet === "people" || this.sheet === "about") this.sheet = null;
    this.#peopleSoon();
    this.requestUpdate();
  };

  /** Another tab has changed the blocked users. */
  #stored = (event: StorageEvent): void => {
    if (event.key?.endsWith(".blocked")) this.blocked = blockedPeople();
  };

  /** A phone's keyboard covers the page; the room uses the remaining viewport. */
  #fit = (): void => {
    if (!visualViewport || visualViewport.scale > 1.01) return;
    this.style.setProperty("--view-height", `${visualViewport.height}px`);
    this.style.setProperty("--view-top", `${visualViewport.offsetTop}px`);
  };

  // Rendering

  get #open(): Room | null {
    return this.room && "host" in this.room ? this.room : null;
  }

  get #pin(): Pin | null {
    const pin = this.#open?.pin;
    return pin && Date.parse(pin.until) > now() && !isBlocked(this.blocked, "", pin.username)
      ? pin
      : null;
  }

  get #isIn(): boolean {
    const role = this.room?.you.role;
    return role === "host" || role === "member";
  }

  get #mayTalk(): boolean {
    const room = this.#open;
    if (!room || !this.#isIn || room.you.is_muted) return false;
    return !room.is_read_only || room.you.role === "host";
  }

  override render(): TemplateResult {
    if (this.over) return this.#ended(this.over);
    if (!this.room) return this.#arriving();
    const room = this.#open;
    if (!room || !mayRead(room)) return this.#door(this.room);
    return html`<div class="room with-aside">
        ${wide.matches ? this.#aside(room) : nothing}
        <main class="chat">
          ${this.#header(room)} ${this.#top(room)}
          <div class="body">
            <p class="banner" role="status">${this.#connection()}</p>
            ${
              this.#channel
                ? html`<room-messages
                  .channel=${this.#channel}
                  .version=${this.version}
                  .me=${this.me}
                  .myName=${room.you.username ?? ""}
                  .hostId=${room.host.user_id}
                  .mayTalk=${this.#mayTalk}
                  .blocked=${this.blocked}
                  .reacting=${this.reacting}
                  .newFrom=${this.newFrom}
                  @react=${(event: CustomEvent<ReactionChange>) => this.#react(event.detail)}
                  @answer=${(event: CustomEvent<Item>) => this.#answer(event.detail)}
                  @more=${(event: CustomEvent<Item>) => (this.looked = event.detail)}
                  @hello=${() => this.#say("👋", null)}
                  @share=${() => (this.sheet = "share")}
                  @place=${this.#look}
                ></room-messages>`
                : nothing
            }
            <p class="typing" aria-hidden="true">${this.#typing()}</p>
          </div>
          ${this.#foot(room)}
        </main>
      </div>
      <p class="only-read" aria-live="polite">${this.told}</p>
      ${this.#sheets(room)}`;
  }

  #header(room: Room): TemplateResult {
    const channel = this.#channel?.connection.wasConnected ? this.#channel : null;
    const count = onlineCount(
      channel ? channel.online : room.online,
      channel ? channel.onlineAt : this.#roomAt,
      now(),
    );
    const words = html`<h1 dir="auto">${room.name}</h1>
      <span class="presence">
        ${room.front ? html`${icon("ajar")}<span>Back room</span><span aria-hidden="true">·</span>` : nothing}
        ${count ? html`<i class=${this.#channel?.connection.isConnected ? "on" : ""}></i><span>${count}</span>` : nothing}
        ${room.is_private && !room.front ? html`<span aria-hidden="true">·</span>${icon("lock")}<span>Private</span>` : nothing}
        ${room.is_read_only ? html`<span aria-hidden="true">·</span><span>Read-only</span>` : nothing}
      </span>`;
    return html`<header class=${room.front ? "behind" : ""}>
      <button class="button bare icon-only narrow" type="button" aria-label=${room.front ? "Back to the front room" : "Back to the start"} @click=${() => this.#back(room)}>${icon("back")}</button>
      ${
        wide.matches
          ? html`<div class="title"><span>${words}</span></div>`
          : html`<button class="title" type="button" aria-haspopup="dialog" title="About this room" @click=${() => (this.sheet = "about")}>
            <room-picture .photo=${room.photo} code=${room.code}></room-picture><span>${words}</span>
          </button>`
      }
      <button class="button bare icon-only narrow" type="button" aria-label="People" title="People" aria-haspopup="dialog" @click=${this.#showPeople}>${icon("people")}</button>
      <button class="button bare icon-only" type="button" aria-label="Share the room" title="Share the room" aria-haspopup="dialog" @click=${() => (this.sheet = "share")}>${icon("share")}</button>
    </header>`;
  }

  #aside(room: Room): TemplateResult {
    return html`<aside aria-label="About this room">
      <nav>
        <button class="button bare" type="button" @click=${() => this.#back(room)}>${icon("back")} ${room.front ? "Front room" : "All rooms"}</button>
        <cf-theme-toggle></cf-theme-toggle>
      </nav>
      <room-about .room=${room} @ask=${this.#asked}></room-about>
      ${this.#share(room, true)}
      <section>
        <h2>People</h2>
        ${this.#peopleList(room)}
      </section>
    </aside>`;
  }

  /** Shares the front room's link for a back room, which has no public one. */
  #share(room: Room, small: boolean): TemplateResult {
    return html`<room-share ?small=${small} ?host=${room.you.role === "host"} code=${room.front ?? room.code} name=${room.name} ?private=${room.is_private && !room.front} ?behind=${room.front !== null}></room-share>`;
  }

  #peopleList(room: Room): TemplateResult {
    return html`<room-people code=${room.code} .people=${this.people} .banned=${this.banned} .problem=${this.peopleProblem} .me=${this.me} ?host=${room.you.role === "host"} .blocked=${this.blocked} @changed=${this.#peopleChanged}></room-people>`;
  }

  #top(room: Room): TemplateResult {
    const entrance =
      room.back_room && this.#isIn
        ? { mayEnter: room.back_room.code !== null, price: this.entrance }
        : null;
    return html`<room-top
      .pin=${this.#pin}
      .entrance=${entrance}
      .payment=${this.payment}
      @look=${() => this.#pin && this.messages?.goTo(this.#pin.seq)}
      @door=${() => this.#goBehind(room)}
      @forget=${() => this.#waitFor(null)}
    ></room-top>`;
  }

  #connection(): string {
    const channel = this.#channel;
    if (!channel) return "";
    if (!navigator.onLine) return "You are offline. Messages are sent when you are back online.";
    if (channel.connection.isConnected) return "";
    if (channel.connection.reconnectAt !== null && channel.connection.reconnectAt > now())
      return busyText("Connecting", channel.connection.reconnectAt, now());
    if (!channel.connection.isDelayed) return "";
    return channel.connection.wasConnected ? "Reconnecting…" : "Connecting…";
  }

  #typing(): TemplateResult | typeof nothing {
    const names = [...(this.#channel?.typing ?? [])]
      .filter(([userId, username]) => !isBlocked(this.blocked, userId, username))
      .map(([, username]) => username);
    return names.length > 0
      ? html`<span class="dots"><i></i><i></i><i></i></span><span dir="auto">${typingText(names)}</span>`
      : nothing;
  }

  #foot(room: Room): TemplateResult {
    const { you } = room;
    if (!this.#isIn) {
      return html`<div class="foot">
        <span>You can read, but not post.</span>
        <button class="button main" type="button" aria-haspopup="dialog" @click=${() => (this.sheet = "join")}>Join to chat</button>
      </div>`;
    }
    if (you.is_muted) {
      return html`<div class="foot"><span>The host has muted you. You can still read.</span></div>`;
    }
    if (room.is_read_only && you.role !== "host")
      return html`<div class="foot"><span class="soft">Only the host can post right now.</span></div>`;
    return html`<room-composer
      code=${room.code}
      .replyTo=${this.replyTo}
      placeholder=${you.username ? `Message as ${you.username}` : "Message"}
      @compose=${(event: CustomEvent<Composed>) => this.#say(event.detail.text, event.detail.replyTo)}
      @typed=${() => this.#channel?.notifyTyping()}
      @unquote=${() => (this.replyTo = null)}
    ></room-composer>`;
  }

  #sheets(room: Room): TemplateResult {
    const kind = sheetOrDialog();
    const dismiss = () => (this.sheet = null);
    const isHost = room.you.role === "host";
    return html`
      <cf-dialog kind=${kind} heading="Invite people" .open=${this.sheet === "share"} @dismiss=${dismiss}>
        ${this.sheet === "share" ? this.#share(room, false) : nothing}
      </cf-dialog>
      <cf-dialog kind=${kind} heading="People" .open=${this.sheet === "people"} @dismiss=${dismiss}>${this.sheet === "people" ? this.#peopleList(room) : nothing}</cf-dialog>
      <cf-dialog kind=${kind} heading=${room.name} .open=${this.sheet === "about"} @dismiss=${dismiss}>
        ${this.sheet === "about" ? html`<room-about .room=${room} @ask=${this.#asked}></room-about>` : nothing}
      </cf-dialog>
      <cf-dialog kind=${kind} heading="Tips" .open=${this.sheet === "tips"} @dismiss=${dismiss}>${this.sheet === "tips" ? html`<room-tips code=${room.code}></room-tips>` : nothing}</cf-dialog>
      <cf-dialog kind=${kind} heading=${this.sheet === "rename" ? "Your name here" : "Join to chat"} .open=${this.sheet === "join" || this.sheet === "rename"} @dismiss=${dismiss}>
        ${
          this.sheet === "join" || this.sheet === "rename"
            ? html`<room-join code=${room.code} ?private=${room.is_private} current=${this.sheet === "rename" ? (room.you.username ?? "") : ""} @joined=${this.#joined} @banned=${() => this.#end("banned")}></room-join>`
            : nothing
        }
      </cf-dialog>
      ${
        isHost
          ? html`<room-settings .open=${this.sheet === "settings"} .room=${room} @dismiss=${dismiss} @saved=${this.#saved} @opened=${this.#opened} @enter=${(event: CustomEvent<string>) => writeHash({ room: event.detail })} @closed=${() => this.#end("closed")}></room-settings>`
          : nothing
      }
      <message-sheet
        .item=${this.looked}
        .me=${this.me}
        ?mayTalk=${this.#mayTalk}
        ?host=${isHost}
        @dismiss=${() => (this.looked = null)}
        @react=${(event: CustomEvent<ReactionChange>) => this.#react(event.detail)}
        @answer=${(event: CustomEvent<Item>) => this.#answer(event.detail)}
        @pin=${(event: CustomEvent<Item>) => this.#wantPin(event.detail)}
        @remove=${(event: CustomEvent<Item>) => this.#remove(event.detail)}
        @block=${(event: CustomEvent<Item>) => this.#toggleBlock(event.detail)}
      ></message-sheet>
      <pay-sheet
        .wanted=${this.wanted}
        .room=${room}
        .pin=${this.#pin}
        @dismiss=${() => (this.wanted = null)}
        @paying=${(event: CustomEvent<Payment>) => this.#waitFor(event.detail)}
        @enter=${(event: CustomEvent<string>) => writeHash({ room: event.detail })}
      ></pay-sheet>
    `;
  }

  #arriving(): TemplateResult {
    if (this.problem) {
      return this.#words(
        "failed",
        "This room could not be opened",
        this.problem,
        html`<button class="button main" type="button" @click=${() => this.#enter()}>Try again</button>${this.#all()}`,
      );
    }
    const until = busyUntil();
    return html`<div class="room with-aside">
      ${wide.matches ? html`<aside></aside>` : nothing}
      <main class="chat">
        <header>
          <button class="button bare icon-only narrow" type="button" aria-label="Back to the start" @click=${this.#home}>${icon("back")}</button>
          <div class="bones"><h1 class="only-read" role="status">Opening the room</h1><i></i><i></i></div>
        </header>
        <div class="body coming"><p class="banner" role="status">${until === null ? "" : busyText("Opening it", until, Date.now())}</p>${messagesPlaceholder()}</div>
      </main>
    </div>`;
  }

  #door(room: ClosedRoom | Room): TemplateResult {
    const { front } = room;
    const asksCode = room.is_private && !front;
    const words = front
      ? "This is a back room. Only people who paid its entrance fee can join."
      : room.is_private
        ? "This room is private. Ask the person who invited you for its code."
        : "Join to read the messages.";
    return html`<main class="chat">
      <header><button class="button bare icon-only" type="button" aria-label="Back to the start" @click=${this.#home}>${icon("back")}</button></header>
      <div class="doorstep">
        <div class="door">
          <div class="words">
            <span class="badge-icon">${front ? icon("ajar") : icon(room.is_private ? "lock" : "chat")}</span>
            <h1 dir="auto">${room.name}</h1>
            <p>${words}</p>
          </div>
          <room-join code=${room.code} ?private=${asksCode} @joined=${this.#joined} @banned=${() => this.#end("banned")}></room-join>
          ${front ? this.#toFront(front) : nothing}
        </div>
      </div>
    </main>`;
  }

  #ended(why: EndReason): TemplateResult {
    switch (why) {
      case "kicked":
        return this.#shownOut(this.room?.front ?? null);
      case "banned":
        return this.#words(
          "ban",
          "You cannot join this room",
          "The host has banned you from this room.",
          this.#all(true),
        );
      case "left":
        return this.#words(
          "door",
          "You have left this room",
          "You can come back at any time.",
          html`<button class="button" type="button" @click=${() => this.#enter()}>Return to the room</button>${this.#all(true)}`,
        );
      case "members_only":
        return this.#words(
          "lock",
          "This room is now for members only",
          "The host has limited reading to members.",
          html`<button class="button main" type="button" @click=${() => this.#enter()}>Join the room</button>${this.#all()}`,
        );
      case "closed":
        return this.#words(
          "door",
          "This room is closed",
          "The host has closed it, and its messages were deleted.",
          this.#all(true),
        );
      case "missing":
        return this.#words(
          "info",
          "Room not found",
          "The link may be wrong, or the room was closed. Ask the person who shared it.",
          this.#all(true),
        );
    }
  }

  #all(main = false): TemplateResult {
    return html`<button class="button ${main ? "main" : ""}" type="button" @click=${this.#home}>Go to the start</button>`;
  }

  #shownOut(front: string | null): TemplateResult {
    if (front)
      return this.#words(
        "door",
        "You were removed",
        "You no longer have access to this back room. If your entrance fee was refunded, you can pay again in the front room.",
        html`${this.#toFront(front)}${this.#all(true)}`,
      );
    return this.#words(
      "door",
      "You were removed",
      "The host removed you from this room.",
      html`<button class="button" type="button" @click=${() => this.#enter()}>Return to the room</button>${this.#all(true)}`,
    );
  }

  #toFront(front: string): TemplateResult {
    return html`<button class="button" type="button" @click=${() => writeHash({ room: front })}>Go to the front room</button>`;
  }

  #words(shape: IconName, title: string, words: string, ways: TemplateResult): TemplateResult {
    return html`<main class="doorstep door">
      <div class="words">
        <span class="badge-icon">${icon(shape)}</span>
        <h2 tabindex="-1">${title}</h2>
        ${this.room && this.over !== "missing" ? html`<p><b><bdi>${this.room.name}</bdi></b></p>` : nothing}
        <p>${words}</p>
      </div>
      <div class="ways">${ways}</div>
    </main>`;
  }

  // Actions

  #home(): void {
    this.dispatchEvent(new Event("home", { cancelable: true }));
  }

  #back({ front }: Room): void {
    if (front) writeHash({ room: front });
    else this.#home();
  }

  #say(text: string, replyTo: Quote | null): void {
    this.replyTo = null;
    this.newFrom = 0;
    this.#channel?.post(crypto.randomUUID(), text, replyTo);
    this.messages?.toEnd();
    this.composer?.focus();
  }

  #answer({ seq, username, text, tip }: Item): void {
    const words = tip
      ? tipText(username, tip, this.#open?.you.role === "host")
      : [...text].slice(0, quoteLength).join("");
    if (seq !== null) this.replyTo = { seq, username, text: words };
  }

  async #react(reacted: ReactionChange): Promise<void> {
    const channel = this.#channel;
    const { seq, emoji, on } = reacted;
    const isSame = (each: ReactionChange) => each.seq === seq && each.emoji === emoji;
    this.reacting = [...this.reacting.filter((each) => !isSame(each)), reacted];
    let done: ReactionChange[] = [];
    try {
      channel?.apply(await rooms.react(this.code, seq, emoji, on));
      if (on) done = [{ ...reacted, isDone: true }];
    } catch (error) {
      toast(toProblem(error).message, true);
    }
    // Keeps a reaction that was changed again during the request.
    this.reacting = this.reacting.flatMap((each) => (each === reacted ? done : [each]));
  }

  async #remove({ seq }: Item): Promise<void> {
    const channel = this.#channel;
    if (seq === null || !channel) return;
    const known = channel.log.get(seq);
    try {
      await rooms.remove(this.code, seq);
      // The server's own update has the same revision, or a higher one.
      if (known)
        channel.apply({
          ...known,
          text: "",
          reply_to: null,
          is_deleted: true,
          reactions: [],
          rev: known.rev + 1,
        } satisfies Message);
    } catch (error) {
      toast(toProblem(error).message, true);
    }
  }

  #toggleBlock({ userId, username, isBlocked: hidden }: Item): void {
    this.blocked = (hidden ? unblock : block)({ user_id: userId, username });
    toast(
      hidden ? `${username} is unblocked` : `${username} is blocked. Their messages are hidden.`,
    );
  }

  #asked(event: CustomEvent<RoomAction>): void {
    const { detail } = event;
    if (detail === "leave") void this.#leave();
    else if (detail === "tip") {
      this.sheet = null;
      this.wanted = {
        what: "tip",
        seq: Math.max(this.#channel?.log.last ?? 0, this.#open?.last_seq ?? 0),
      };
    } else this.sheet = detail;
  }

  async #leave(): Promise<void> {
    const visit = this.#visit;
    try {
      await rooms.leave(this.code);
      toast("You have left the room");
      if (visit === this.#visit) this.#home();
    } catch (error) {
      toast(toProblem(error).message, true);
    }
  }

  async #joined(event: CustomEvent<Room>): Promise<void> {
    this.#newsTold += 1;
    this.room = event.detail;
    this.sheet = null;
    // An expired session means that a new user has joined.
    if ((await session()).user_id !== this.me) return this.#enter();
    // The open socket was authorized for a reader; a new one may post.
    if (this.#channel) this.#channel.renew();
    else this.#openChannel(null);
    this.#peopleChanged();
    void this.updateComplete.then(() => this.composer?.focus());
  }

  #saved(event: CustomEvent<Room>): void {
    this.#newsTold += 1;
    this.room = event.detail;
    this.sheet = null;
  }

  #opened(event: CustomEvent<string>): void {
    if (this.#open) this.room = { ...this.#open, back_room: { code: event.detail } };
  }

  // Payments

  #wantPin({ seq, username, text }: Item): void {
    if (seq !== null) this.wanted = { what: "pin", seq, username, text };
  }

  #goBehind({ back_room }: Room): void {
    if (back_room?.code) writeHash({ room: back_room.code });
    else this.wanted = { what: "back_room", seq: 0 };
  }

  #waitFor(payment: Payment | null): void {
    this.#asking?.stop();
    this.#asking = null;
    this.payment = payment && payment.until > now() ? payment : null;
    store(`paying.${this.code}`, this.payment);
    if (!this.payment) return;
    const pace = { now, random: Math.random, later, isVisible: () => !document.hidden };
    this.#asking = new PaymentPoller(
      pace,
      this.payment.until,
      () => this.#askForPayment(),
      () => {
        this.#waitFor(null);
        toast(
          "No payment has arrived yet. If you have paid, it appears here once it is confirmed.",
        );
      },
    );
  }

  async #askForPayment(): Promise<void> {
    const { payment } = this;
    if (!payment) return;
    // The order comes first: a paid order is fulfilled, so the room read after it shows the effect.
    const order = await rooms.order(payment.orderId).catch(() => null);
    await this.#readAgain();
    if (payment !== this.payment) return;
    const { words, isOver } = orderOutcome(order?.state ?? null);
    if (!isOver) return;
    this.#waitFor(null);
    toast(words, true);
  }

  #seePayment(): void {
    const { payment, me } = this;
    const room = this.#open;
    if (!payment || !room || !this.#channel) return;
    const pin = this.#pin;
    if (
      !isFulfilled(payment, {
        pin,
        mayEnter: Boolean(room.back_room?.code),
        messages: this.#channel.log.visible,
        me,
      })
    )
      return;
    this.#waitFor(null);
    toast(
      {
        pin: "Your message is pinned",
        tip: `${room.host.username} received your tip`,
        back_room: "You can enter the back room now",
      }[payment.what],
    );
  }

  async #learnEntrance(): Promise<void> {
    const room = this.#open;
    if (!room?.back_room || room.back_room.code || !this.#isIn || this.#entranceOf === room.code)
      return;
    this.#entranceOf = room.code;
    try {
      const { back_room } = await rooms.offers(room.code);
      if (room.code === this.code) this.entrance = back_room?.price ?? null;
    } catch {
      // Fetched again when the entrance is opened.
    }
  }

  /** Refetches the room when the pin expires, since a lower pin may return. */
  #followPin(): void {
    clearTimeout(this.#pinTimer);
    const until = Date.parse(this.#open?.pin?.until ?? "");
    if (Number.isNaN(until) || document.hidden) return;
    if (until > now()) this.#pinTries = 0;
    if (this.#pinTries >= asksAfterPin) return;
    this.#pinTimer = setTimeout(
      () => {
        this.#pinTries += 1;
        void this.#readAgain();
      },
      pinRefetchDelay(until, now(), this.#pinTries, Math.random()),
    );
  }

  #showPeople(): void {
    this.sheet = "people";
    void this.#loadPeople(true);
  }

  #peopleChanged(): void {
    this.blocked = blockedPeople();
    void this.#loadPeople(true);
  }

  #peopleSoon(): void {
    const wait = Math.max(0, this.#peopleAt + peopleEvery - Date.now());
    clearTimeout(this.#peopleTimer);
    this.#peopleTimer = setTimeout(() => void this.#loadPeople(), wait);
  }

  async #loadPeople(asked = false): Promise<void> {
    // The list is fetched only while it is visible.
    if (!asked && !wide.matches && this.sheet !== "people") return;
    const { code } = this;
    this.#peopleAt = Date.now();
    try {
      const { online, people, banned } = await rooms.people(code);
      if (code !== this.code) return;
      this.people = people;
      this.banned = banned ?? [];
      this.peopleProblem = "";
      const mine = people.find(({ user_id }) => user_id === this.me);
      if (mine) this.#muted(mine.is_muted);
      if (this.#channel) {
        this.#channel.setOnline(online);
        this.#online = online;
      }
    } catch (error) {
      this.peopleProblem = toProblem(error).message;
    }
  }
}

function mayRead({ you }: ClosedRoom | Room): boolean {
  return you.role !== "stranger";
}
