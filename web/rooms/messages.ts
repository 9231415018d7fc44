// The messages of a room: rendering, scroll anchoring and the events of their buttons.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { base, controls } from "../ui/base";
import { now, onTick } from "../ui/clock";
import { dayName, plural } from "../ui/format";
import { icon } from "../ui/icons";
import "../ui/notice";
import { linked, onlyEmoji } from "../ui/text";
import { toast } from "../ui/toast";
import { avatar, avatarStyle } from "./avatar";
import { type Blocked, isBlocked } from "./blocks";
import type { Pending, RoomChannel } from "./channel";
import type { Money } from "./contract";
import { messagesStyle } from "./messages.style";
import { userHue } from "./names";
import { messagesPlaceholder, placeholderStyle } from "./placeholder";
import { emojis, includeOwn, isOn, setOwn } from "./reactions";
import { type Group, groupByDay, type Item, toItems } from "./thread";
import { busyText, fullTime, messageAge, priceOf, tipText } from "./words";

const nearEnd = 80;
const nearStart = 500;
const timesMoveEvery = 15_000;
const foundFor = 1400;
const pagesToJump = 12;

export interface ReactionChange {
  seq: number;
  emoji: string;
  on: boolean;
  isDone?: boolean;
}

@customElement("room-messages")
export class RoomMessages extends LitElement {
  static override styles = [base, controls, avatarStyle, placeholderStyle, messagesStyle];

  @property({ attribute: false }) channel!: RoomChannel;
  @property({ type: Number }) version = 0;
  @property() me = "";
  @property() myName = "";
  @property() hostId = "";
  @property({ type: Boolean }) mayTalk = false;
  @property({ attribute: false }) blocked: Blocked[] = [];
  /** Reactions that the server has not confirmed yet. */
  @property({ attribute: false }) reacting: readonly ReactionChange[] = [];
  /** The first unread message; 0: none. */
  @property({ type: Number }) newFrom = 0;
  @state() private picking = "";
  @state() private pickBelow = false;
  @state() private atEnd = true;
  @state() private missed = 0;
  @state() private revealed: readonly string[] = [];
  /** The message with the roving focus; empty: the latest. */
  @state() private active = "";
  @query(".scroll") private scroller!: HTMLElement;
  @query(".inner") private inner!: HTMLElement;
  #lastKey = "";
  #lastSeq = 0;
  #anchor: { key: string; top: number } | null = null;
  #sizes = new ResizeObserver(() => this.atEnd && this.#toBottom());
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopClock = () => {};

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => !document.hidden && this.requestUpdate(), timesMoveEvery);
    this.#stopClock = onTick(() => this.channel.sender.retryAt !== null && this.requestUpdate());
    document.addEventListener("pointerdown", this.#pressedElsewhere);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    this.#stopClock();
    this.#sizes.disconnect();
    document.removeEventListener("pointerdown", this.#pressedElsewhere);
  }

  /** Whether the latest message is visible. */
  get isAtEnd(): boolean {
    return this.atEnd;
  }

  override firstUpdated(): void {
    this.#sizes.observe(this.scroller);
    this.#sizes.observe(this.inner);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("channel")) {
      this.atEnd = true;
      this.missed = 0;
      this.#lastKey = "";
      this.#lastSeq = 0;
      this.active = "";
    }
    this.#anchor = this.hasUpdated && !this.atEnd ? this.#firstInSight() : null;
  }

  override updated(): void {
    const items = this.#items();
    const latest = items.at(-1);
    if (latest && latest.key !== this.#lastKey) {
      if (this.#lastKey !== "" && !this.atEnd)
        this.missed += items.filter(
          (item) => (item.seq ?? 0) > this.#lastSeq && !item.isMine && !item.isBlocked,
        ).length;
      this.#lastSeq = this.channel.log.complete;
      // One's own message always scrolls into view.
      if (latest.pending && this.#lastKey !== "") this.atEnd = true;
      this.#lastKey = latest.key;
    }
    if (this.atEnd) this.#toBottom();
    else if (this.#anchor) {
      const row = this.#find(this.#anchor.key);
      if (row) this.scroller.scrollTop += row.getBoundingClientRect().top - this.#anchor.top;
    }
    this.#fillUp();
  }

  /** Scrolls to a message, loading older pages as needed. */
  async goTo(seq: number): Promise<void> {
    const { channel } = this;
    for (
      let page = 0;
      page < pagesToJump && seq < channel.log.from && channel.log.hasOlder;
      page += 1
    ) {
      this.atEnd = false;
      await channel.sync.loadOlder();
      await this.updateComplete;
      if (channel.sync.olderProblem) return toast(channel.sync.olderProblem, true);
    }
    const item = this.#items().find((each) => each.seq === seq);
    if (item?.isBlocked && !this.revealed.includes(item.key)) {
      this.revealed = [...this.revealed, item.key];
      await this.updateComplete;
    }
    const row = this.renderRoot.querySelector<HTMLElement>(`[data-seq="${seq}"]`);
    if (!row) return toast("This message is no longer available");
    this.atEnd = false;
    row.scrollIntoView({ block: "center" });
    row.classList.add("found");
    setTimeout(() => row.classList.remove("found"), foundFor);
  }

  toEnd(): void {
    this.atEnd = true;
    this.missed = 0;
    this.#toBottom();
    this.#tellPlace();
  }

  override render() {
    const { log } = this.channel;
    return html`<div class="scroll" role="log" aria-live="off" aria-label="Messages" tabindex="0" @scroll=${this.#scrolled} @keydown=${this.#key}>
        <div class="inner">${log.ready ? this.#talk() : this.#waiting()}</div>
      </div>
      ${
        this.atEnd || !log.ready
          ? nothing
          : html`<button class="pill ${this.missed > 0 ? "" : "quiet"}" type="button" aria-label=${this.missed > 0 ? `${plural(this.missed, "new message")}, go to the latest` : "Go to the latest message"} @click=${this.toEnd}>
            ${icon("down")} ${this.missed > 0 ? plural(this.missed, "new message") : nothing}
          </button>`
      }`;
  }

  #items(): Item[] {
    const { log, outbox } = this.channel;
    if (!log.ready) return [];
    const items = toItems({
      messages: log.visible,
      pending: outbox.list,
      me: this.me,
      myName: this.myName,
      isBlocked: (userId, username) => isBlocked(this.blocked, userId, username),
    });
    for (const { seq, emoji, on, isDone } of this.reacting) {
      const item = items.find((each) => each.seq === seq);
      if (item)
        item.reactions = isDone
          ? includeOwn(item.reactions, emoji, this.me)
          : setOwn(item.reactions, emoji, this.me, on);
    }
    return items;
  }

  #waiting(): TemplateResult {
    const { problem } = this.channel.sync;
    if (problem)
      return html`<div class="empty"><cf-notice action="Try again" @retry=${() => this.channel.sync.reload()}>${problem}</cf-notice></div>`;
    return html`<span class="only-read" role="status">Loading</span>${messagesPlaceholder()}`;
  }

  #talk(): TemplateResult {
    const items = this.#items();
    if (items.length === 0) return this.#empty();
    const { channel } = this;
    const active = items.some(({ key }) => key === this.active) ? this.active : items.at(-1)?.key;
    return html`
      ${
        channel.log.hasOlder
          ? html`<div class="older">${channel.sync.olderProblem && !channel.sync.isLoadingOlder ? html`${channel.sync.olderProblem} <button class="link" type="button" @click=${() => channel.sync.loadOlder()}>Try again</button>` : "Loading earlier messages"}</div>`
          : channel.log.first > 1
            ? html`<p class="older">Earlier messages have expired</p>`
            : nothing
      }
      ${repeat(
        groupByDay(items),
        ({ at }) => new Date(at).toDateString(),
        (day) => html`<h2 class="day">${dayName(day.at, now())}</h2>
          <ol>
            ${repeat(
              day.groups.flatMap((group) =>
                group.items.map((item, index) => ({ group, index, key: item.key })),
              ),
              ({ key }) => key,
              ({ group, index, key }) => this.#row(group, index, key === active),
            )}
          </ol>`,
      )}
    `;
  }

  #empty(): TemplateResult {
    return html`<div class="empty">
      <h2>No messages yet</h2>
      <p>${this.mayTalk ? "Send the first message, or invite the people around you." : "New messages appear here."}</p>
      <div>
        ${this.mayTalk ? html`<button class="button main" type="button" @click=${() => this.#tell("hello")}>Say hello 👋</button>` : nothing}
        <button class="button" type="button" @click=${() => this.#tell("share")}>${icon("share")} Share the room</button>
      </div>
    </div>`;
  }

  /**
   * Renders one row. A group's header and footer live in its first and last rows, so that rows keep
   * their identity.
   */
  #row(group: Group, index: number, isActive: boolean): TemplateResult {
    const item = group.items[index];
    const latest = group.items.at(-1);
    if (!item || !latest) return html``;
    const first = index === 0;
    const last = index === group.items.length - 1;
    const divider =
      this.newFrom > 0 && item.seq === this.newFrom ? html`<p class="new">New</p>` : nothing;
    if (item.isBlocked && !this.revealed.includes(item.key)) {
      if (!first) return html`<li hidden></li>`;
      return html`<li class="row" data-key=${item.key}>
        ${divider}
        <p class="veil">
          ${plural(group.items.length, "message")} from someone you blocked ·
          <button class="link" type="button" @click=${() => (this.revealed = [...this.revealed, ...group.items.map(({ key }) => key)])}>Show</button>
        </p>
      </li>`;
    }
    const time = html`<time class="when" datetime=${new Date(latest.at).toISOString()} title=${fullTime(latest.at)}>${messageAge(latest.at, now())}</time>`;
    if (item.tip)
      return html`<li class="row gift">${divider} ${this.#gift(item, item.tip, isActive, time)}</li>`;
    const side = item.isMine ? "mine" : "theirs";
    return html`<li class="row ${side} ${first ? "first" : ""} ${last ? "last" : ""}" .style=${`--own:${userHue(item.userId)}`}>
      ${divider} ${last && !item.isMine ? avatar(item.userId, item.username) : nothing}
      ${first && !item.isMine ? html`<p class="who"><b><bdi>${item.username}</bdi></b>${item.userId === this.hostId ? html`<span class="role">Host</span>` : nothing}${time}</p>` : nothing}
      ${this.#message(item, isActive)} ${last && item.isMine ? this.#state(item, time) : nothing}
    </li>`;
  }

  /** Delivery state of one's latest messages. */
  #state(item: Item, time: TemplateResult): TemplateResult {
    const { pending } = item;
    if (pending?.problem) return html``;
    if (!pending || pending.seq !== null) return html`<p class="state">${time}</p>`;
    const sendsAt = this.channel.sender.retryAt;
    if (sendsAt !== null && sendsAt > now())
      return html`<p class="state" role="status">${busyText("Sending", sendsAt, now())}</p>`;
    if (!this.channel.sender.isStuck) return html`<p class="state">Sending</p>`;
    return html`<p class="state failed" role="status">
      <span>Not sent yet, still trying.</span>
      <span>
        <button class="link" type="button" @click=${() => this.channel.retry(pending.client_msg_id)}>Try now</button>
        <button class="link" type="button" @click=${() => this.channel.discard(pending.client_msg_id)}>Remove</button>
      </span>
    </p>`;
  }

  #failed({ client_msg_id, problem }: Pending): TemplateResult {
    return html`<p class="state failed" role="alert">
      <span>Not sent. ${problem}</span>
      <span>
        <button class="link" type="button" @click=${() => this.channel.retry(client_msg_id)}>Try again</button>
        <button class="link" type="button" @click=${() => this.channel.discard(client_msg_id)}>Remove</button>
      </span>
    </p>`;
  }

  #message(item: Item, isActive: boolean): TemplateResult {
    const { pending } = item;
    const underway = pending !== null && pending.problem === "" && pending.seq === null;
    const isBig = !item.isDeleted && onlyEmoji(item.text);
    return html`<div class="message ${underway ? "underway" : ""}" data-key=${item.key} data-seq=${item.seq ?? nothing}>
      <div class="line">
        <div class="bubble ${isBig && !item.replyTo ? "emoji" : ""} ${item.isDeleted ? "deleted" : ""}" title=${fullTime(item.at)} @click=${(event: MouseEvent) => this.#tapped(event, item)}>
          <span class="only-read">${item.isMine ? "You" : item.username}: </span>
          ${item.replyTo && !item.isDeleted ? this.#quote(item.replyTo) : nothing}
          ${item.isDeleted ? html`<p class="text">This message was deleted.</p>` : html`<p class="text" dir="auto">${linked(item.text)}</p>`}
        </div>
        ${pending ? nothing : this.#tools(item, isActive)}
      </div>
      ${item.reactions.length > 0 && !item.isDeleted ? this.#reactions(item) : nothing}
      ${pending?.problem ? this.#failed(pending) : nothing}
    </div>`;
  }

  /** Renders a tip: an announcement, not a quote. */
  #gift(item: Item, tip: Money, isActive: boolean, time: TemplateResult): TemplateResult {
    const toYou = this.hostId === this.me;
    return html`<div class="message" data-key=${item.key} data-seq=${item.seq}>
      <div class="line">
        <p class="bubble tip" title=${fullTime(item.at)} @click=${(event: MouseEvent) => this.#tapped(event, item)}>
          ${icon("tip")} <span dir="auto"><b><bdi>${item.isMine ? "You" : item.username}</bdi></b> gave ${toYou ? "you " : nothing}<b class="amount">${priceOf(tip)}</b></span> ${time}
        </p>
        ${this.#tools(item, isActive)}
      </div>
      ${item.reactions.length > 0 ? this.#reactions(item) : nothing}
    </div>`;
  }

  #quote({ seq, username, text }: NonNullable<Item["replyTo"]>): TemplateResult {
    const original = this.channel.log.get(seq);
    const isHidden = isBlocked(this.blocked, original?.user_id ?? "", username);
    const said = original?.tip ? tipText(username, original.tip, this.hostId === this.me) : text;
    const words =
      original?.is_deleted || (text === "" && !original?.tip)
        ? "Deleted message"
        : isHidden
          ? "Message from someone you blocked"
          : said;
    return html`<button class="quote" type="button" title="Go to the quoted message" @click=${() => this.goTo(seq)}>
      <span class="only-read">Replying to </span><b><bdi>${username}</bdi></b><span dir="auto">${words}</span>
    </button>`;
  }

  #reactions(item: Item): TemplateResult {
    return html`<div class="reactions" role="group" aria-label="Reactions">
      ${item.reactions.map(({ emoji, count, users }) => {
        const mine = users.includes(this.me);
        return html`<button type="button" aria-pressed=${mine} aria-label="${emoji} ${count}" title=${this.#names(users, count)} ?disabled=${!this.mayTalk} @click=${() => this.#react(item, emoji, !mine)}>
          <span class="glyph">${emoji}</span> <span>${count}</span>
        </button>`;
      })}
    </div>`;
  }

  #names(users: string[], count: number): string {
    const known = new Map(
      this.channel.log.visible.map(({ user_id, username }) => [user_id, username]),
    );
    const names = users.flatMap((user) => (user === this.me ? "You" : (known.get(user) ?? [])));
    const others = count - names.length;
    return [...names, ...(others > 0 ? [`${others} more`] : [])].join(", ");
  }

  #tools(item: Item, isActive: boolean): TemplateResult {
    const tab = isActive ? 0 : -1;
    const open = this.picking === item.key;
    const says = this.mayTalk && !item.isDeleted;
    return html`<div class="tools ${open ? "open" : ""}">
        ${
          says
            ? html`<button class="button bare icon-only smile" type="button" tabindex=${tab} aria-label="React" title="React" aria-expanded=${open} @click=${(event: Event) => this.#pick(event, item)}>${icon("smile")}</button>
              <button class="button bare icon-only" type="button" tabindex=${tab} aria-label="Reply" title="Reply" @click=${() => this.#tell("answer", item)}>${icon("reply")}</button>`
            : nothing
        }
        <button class="button bare icon-only more" type="button" tabindex=${tab} aria-label="More" title="More" aria-haspopup="dialog" @click=${() => this.#tell("more", item)}>${icon("more")}</button>
      </div>
      ${
        open
          ? html`<div class="emojis ${this.pickBelow ? "below" : ""}" role="group" aria-label="Reactions" @keydown=${this.#pickKey}>
            ${emojis.map((emoji) => {
              const on = isOn(item.reactions, emoji, this.me);
              return html`<button type="button" aria-pressed=${on} aria-label=${emoji} @click=${() => this.#react(item, emoji, !on)}>${emoji}</button>`;
            })}
          </div>`
          : nothing
      }`;
  }

  async #pick(event: Event, item: Item): Promise<void> {
    if (this.picking === item.key) {
      this.picking = "";
      return;
    }
    const button = event.currentTarget as HTMLElement;
    this.pickBelow =
      button.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top < 72;
    this.picking = item.key;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(".emojis button")?.focus();
  }

  #pickKey(event: KeyboardEvent): void {
    const buttons = [...this.renderRoot.querySelectorAll<HTMLElement>(".emojis button")];
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      event.preventDefault();
      const at = buttons.indexOf(this.shadowRoot?.activeElement as HTMLElement);
      buttons[(at + step + buttons.length) % buttons.length]?.focus();
    }
    if (event.key !== "Escape") return;
    event.stopPropagation();
    const row = this.#find(this.picking);
    this.picking = "";
    row?.querySelector<HTMLElement>(".smile")?.focus();
  }

  #pressedElsewhere = (event: Event): void => {
    if (!this.picking) return;
    const inside = event
      .composedPath()
      .some(
        (node) => node instanceof Element && (node.matches(".emojis") || node.matches(".smile")),
      );
    if (!inside) this.picking = "";
  };

  #react({ seq, key }: Item, emoji: string, on: boolean): void {
    if (this.picking) {
      this.picking = "";
      this.#find(key)?.querySelector<HTMLElement>(".smile")?.focus();
    }
    if (seq !== null)
      this.dispatchEvent(new CustomEvent<ReactionChange>("react", { detail: { seq, emoji, on } }));
  }

  /** On touch screens, tapping a message opens its actions. */
  #tapped(event: MouseEvent, item: Item): void {
    if (
      item.pending ||
      !matchMedia("(hover: none)").matches ||
      (event.target as Element).closest("a, button")
    )
      return;
    if (String(document.getSelection()) !== "") return;
    this.#tell("more", item);
  }

  #tell(what: "answer" | "more" | "hello" | "share", item?: Item): void {
    this.dispatchEvent(new CustomEvent<Item | undefined>(what, { detail: item }));
  }

  #tellPlace(): void {
    this.dispatchEvent(new Event("place"));
  }

  #scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    const before = this.atEnd;
    this.atEnd = scrollHeight - scrollTop - clientHeight < nearEnd;
    if (this.atEnd) this.missed = 0;
    if (this.atEnd !== before) this.#tellPlace();
    this.#fillUp();
  }

  #fillUp(): void {
    const { channel } = this;
    if (
      this.scroller.scrollTop < nearStart &&
      channel.log.hasOlder &&
      !channel.sync.isLoadingOlder &&
      !channel.sync.olderProblem
    )
      void channel.sync.loadOlder();
  }

  #toBottom(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #firstInSight(): { key: string; top: number } | null {
    const edge = this.scroller.getBoundingClientRect().top;
    for (const row of this.renderRoot.querySelectorAll<HTMLElement>("[data-key]")) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom > edge) return { key: row.dataset.key ?? "", top };
    }
    return null;
  }

  #find(key: string): HTMLElement | undefined {
    return [...this.renderRoot.querySelectorAll<HTMLElement>("[data-key]")].find(
      ({ dataset }) => dataset.key === key,
    );
  }

  /** Arrow keys move between messages, so that Tab does not stop at each one. */
  #key(event: KeyboardEvent): void {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    const rows = [...this.renderRoot.querySelectorAll<HTMLElement>(".message")].filter((row) =>
      row.querySelector(".tools"),
    );
    const from = rows.findIndex(({ dataset }) => dataset.key === this.active);
    const row =
      rows[Math.min(rows.length - 1, Math.max(0, from < 0 ? rows.length - 1 : from + step))];
    if (!row) return;
    event.preventDefault();
    this.active = row.dataset.key ?? "";
    this.atEnd = row === rows.at(-1);
    row.scrollIntoView({ block: "nearest" });
    row.querySelector<HTMLElement>(".tools .more")?.focus();
  }
}
