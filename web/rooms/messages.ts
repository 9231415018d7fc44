// The messages of a room: rendering, scroll anchoring and the events of their buttons.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { base, controls } from "../ui/base";
import { now, onTick } from "../ui/clock";
import { dayName, plural } from "../ui/format";
import { icon } from "../ui/icons";
import {
  type Anchor,
  firstVisibleRow,
  isNearEnd,
  restore,
  rowAfter,
  showRow,
  stepOf,
} from "../ui/scroll";
import { toast } from "../ui/toast";
import { avatarStyle } from "./avatar";
import { type Blocked, isBlocked } from "./blocks";
import type { RoomChannel } from "./channel";
import { type MessageList, rowView } from "./message-row";
import { messagesStyle } from "./messages.style";
import { emptyView, historyView, waitingView } from "./messages-view";
import { placeholderStyle } from "./placeholder";
import { ReactionPicker } from "./reaction-picker";
import { applyPending, type ReactionChange } from "./reactions";
import { type Group, groupByDay, type Item, toItems } from "./thread";

const END_MARGIN_PX = 80;
const OLDER_MARGIN_PX = 500;
const TIMES_REFRESH_MS = 15_000;
const MAX_PAGES_TO_JUMP = 12;

@customElement("room-messages")
export class RoomMessages extends LitElement implements MessageList {
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
  @state() private atEnd = true;
  @state() private missed = 0;
  @state() revealed: readonly string[] = [];
  /** The message with the roving focus; empty: the latest. */
  @state() private active = "";
  @query(".scroll") scroller!: HTMLElement;
  @query(".inner") private inner!: HTMLElement;
  readonly picker = new ReactionPicker(this);
  #lastKey = "";
  #lastSeq = 0;
  #anchor: Anchor | null = null;
  #sizes = new ResizeObserver(() => this.atEnd && this.#toBottom());
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopClock = () => {};

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => !document.hidden && this.requestUpdate(), TIMES_REFRESH_MS);
    this.#stopClock = onTick(() => this.channel.sender.retryAt !== null && this.requestUpdate());
    document.addEventListener("pointerdown", this.#pressed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    this.#stopClock();
    this.#sizes.disconnect();
    document.removeEventListener("pointerdown", this.#pressed);
  }

  #pressed = (event: Event): void => this.picker.onPressElsewhere(event);

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
    this.#anchor = this.hasUpdated && !this.atEnd ? firstVisibleRow(this.scroller) : null;
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
    else if (this.#anchor) restore(this.scroller, this.#anchor);
    this.#fillUp();
  }

  /** Scrolls to a message, loading older pages as needed. */
  async goTo(seq: number): Promise<void> {
    const { channel } = this;
    for (
      let page = 0;
      page < MAX_PAGES_TO_JUMP && seq < channel.log.from && channel.log.hasOlder;
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
    showRow(row);
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
        <div class="inner">${log.ready ? this.#talk() : waitingView(this.channel)}</div>
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
    applyPending(items, this.reacting, this.me);
    return items;
  }

  #talk(): TemplateResult {
    const items = this.#items();
    if (items.length === 0) return emptyView(this);
    const { channel } = this;
    const active = items.some(({ key }) => key === this.active) ? this.active : items.at(-1)?.key;
    return html`
      ${historyView(channel)}
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
              ({ group, index, key }) => rowView(this, group, index, key === active),
            )}
          </ol>`,
      )}
    `;
  }

  react({ seq }: Item, emoji: string, on: boolean): void {
    this.picker.close();
    if (seq !== null)
      this.dispatchEvent(new CustomEvent<ReactionChange>("react", { detail: { seq, emoji, on } }));
  }

  reveal(group: Group): void {
    this.revealed = [...this.revealed, ...group.items.map(({ key }) => key)];
  }

  answer(item: Item): void {
    this.#emit("answer", item);
  }

  more(item: Item): void {
    this.#emit("more", item);
  }

  hello(): void {
    this.#emit("hello");
  }

  share(): void {
    this.#emit("share");
  }

  #emit(what: "answer" | "more" | "hello" | "share", item?: Item): void {
    this.dispatchEvent(new CustomEvent<Item | undefined>(what, { detail: item }));
  }

  #tellPlace(): void {
    this.dispatchEvent(new Event("place"));
  }

  #scrolled(): void {
    const before = this.atEnd;
    this.atEnd = isNearEnd(this.scroller, END_MARGIN_PX);
    if (this.atEnd) this.missed = 0;
    if (this.atEnd !== before) this.#tellPlace();
    this.#fillUp();
  }

  #fillUp(): void {
    const { channel } = this;
    if (
      this.scroller.scrollTop < OLDER_MARGIN_PX &&
      channel.log.hasOlder &&
      !channel.sync.isLoadingOlder &&
      !channel.sync.olderProblem
    )
      void channel.sync.loadOlder();
  }

  #toBottom(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Arrow keys move between messages, so that Tab does not stop at each one. */
  #key(event: KeyboardEvent): void {
    const step = stepOf(event, "ArrowUp", "ArrowDown");
    if (!step) return;
    const rows = [...this.renderRoot.querySelectorAll<HTMLElement>(".message")].filter((row) =>
      row.querySelector(".tools"),
    );
    const row = rowAfter(rows, this.active, step);
    if (!row) return;
    event.preventDefault();
    this.active = row.dataset.key ?? "";
    this.atEnd = row === rows.at(-1);
    row.scrollIntoView({ block: "nearest" });
    row.querySelector<HTMLElement>(".tools .more")?.focus();
  }
}
