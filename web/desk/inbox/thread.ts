// The messages of a conversation. The view stays at the end, and older pages load at the top.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { ThreadScroll } from "../../messenger/thread-scroll";
import { base, controls } from "../../ui/base";
import { now } from "../../ui/clock";
import { dayName } from "../../ui/format";
import "../../ui/notice";
import { type Anchor, firstVisibleRow, restore } from "../../ui/scroll";
import "../../ui/skeleton";
import { toast } from "../../ui/toast";
import type { FileView, Head } from "../contract";
import type { Desk } from "../desk";
import { Observing } from "../observable";
import { toProblem } from "../problem";
import { pathOf } from "../request";
import { exactly, visitorName } from "../words";
import type { ConversationChannel, ThreadMessage } from "./channel";
import { eventWords } from "./event-words";
import { messageStyle } from "./message.style";
import { messageRow, pendingRow } from "./message-row";
import { type ThreadItem, threadItems } from "./thread-items";

const LOAD_OLDER_PX = 300;

@customElement("desk-thread")
export class Thread extends LitElement {
  static override styles = [
    base,
    controls,
    messageStyle,
    css`
      :host {
        position: relative;
        display: grid;
        min-block-size: 0;
      }
      .scroller {
        display: flex;
        flex-direction: column;
        min-block-size: 0;
        padding: var(--s2) var(--s4) var(--s3);
        overflow-y: auto;
        overscroll-behavior: contain;
      }
      .scroller:focus-visible {
        outline-offset: -2px;
      }
      .scroller::before {
        content: "";
        flex: 1;
      }
      .pill {
        position: absolute;
        inset-block-end: var(--s2);
        inset-inline-end: var(--s4);
        display: inline-flex;
        align-items: center;
        gap: var(--s1);
        min-block-size: 2rem;
        padding: 0 var(--s2);
        border: 1px solid var(--line);
        border-radius: 1rem;
        background: var(--raised);
        box-shadow: var(--lift);
        font-size: var(--t2);
        cursor: pointer;
      }
      .loading {
        padding: var(--s2);
        color: var(--ink-soft);
        font-size: var(--t1);
        text-align: center;
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) channel!: ConversationChannel;
  @property({ attribute: false }) head!: Head;
  /** The first number that was unread when the conversation was opened. */
  @property({ type: Number }) unreadFrom = 0;
  @query(".scroller") private scroller!: HTMLElement;
  readonly #scroll = new ThreadScroll(this, () => this.scroller);
  #anchor: Anchor | null = null;
  #from = 0;

  constructor() {
    super();
    new Observing(this, () => [this.channel, this.desk.workspace]);
  }

  override focus(): void {
    this.scroller.focus();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("channel")) {
      this.#scroll.reset();
      this.#from = this.channel.log.from;
    }
    // Older messages come in above: what is read stays in its place.
    const { from, ready } = this.channel.log;
    this.#anchor =
      ready && from < this.#from && this.scroller ? firstVisibleRow(this.scroller) : null;
    this.#from = from;
  }

  override updated(): void {
    if (this.#anchor) restore(this.scroller, this.#anchor);
    const latest = this.#items.at(-1);
    const isOwn =
      latest?.type === "pending" ||
      (latest?.type === "message" && latest.message.user_id === this.desk.me.id);
    this.#scroll.follow(latest ? { key: latest.key, isOwn } : undefined);
  }

  override render() {
    const { log, problem } = this.channel;
    return html`<div class="scroller" tabindex="0" role="log" aria-label="Messages" aria-live=${log.ready ? "polite" : "off"} @scroll=${this.#scrolled}>
        ${problem ? html`<cf-notice tone="warn">${problem} Trying again.</cf-notice>` : nothing}
        ${log.ready ? this.#content() : problem ? nothing : html`<cf-skeleton lines="6"></cf-skeleton>`}
      </div>
      ${this.#scroll.pill(() => this.focus())}`;
  }

  get #items(): ThreadItem[] {
    const { log, pending } = this.channel;
    return threadItems(log.visible, pending, this.desk.me.id, this.unreadFrom);
  }

  #content(): TemplateResult {
    const { sync, log } = this.channel;
    const seen = this.#seenSeq;
    return html`${sync.isLoadingOlder ? html`<p class="loading">Loading older messages</p>` : nothing}
      ${sync.olderProblem ? html`<cf-notice action="Try again" @retry=${() => sync.loadOlder()}>${sync.olderProblem}</cf-notice>` : nothing}
      ${log.hasOlder && !sync.isLoadingOlder && !sync.olderProblem ? html`<p class="loading"><button class="link" type="button" @click=${() => sync.loadOlder()}>Older messages</button></p>` : nothing}
      ${repeat(
        this.#items,
        ({ key }) => key,
        (item) => this.#item(item, seen),
      )}`;
  }

  #item(item: ThreadItem, seen: number): TemplateResult {
    const { desk, head, channel } = this;
    const visitor = visitorName(head.visitor);
    switch (item.type) {
      case "day":
        return html`<p class="day">${dayName(item.at, now())}</p>`;
      case "new":
        return html`<p class="new">New</p>`;
      case "event": {
        const { event, author } = item.message;
        return html`<p class="event" data-key=${item.key} dir="auto" title=${exactly(item.message.at)}>${event ? eventWords(event, author, visitor, desk.workspace) : nothing}</p>`;
      }
      case "pending":
        return pendingRow(item.pending, item.isFirst, {
          isStuck: channel.isStuck,
          retry: (id) => channel.retry(id),
          discard: (id) => channel.discard(id),
        });
      default:
        return messageRow(item.message, item.isFirst, {
          me: desk.me.id,
          visitor,
          members: desk.workspace.members,
          isSeen: item.message.seq === seen,
          quoted: item.message.reply_to ? channel.log.get(item.message.reply_to) : undefined,
          mayDelete: this.#mayDelete(item.message),
          quote: () => this.dispatchEvent(new CustomEvent("quote", { detail: item.message })),
          goTo: (seq) => this.#scroll.goTo(String(seq)),
          remove: () => this.#remove(item.message),
          openFile: (uploadId) => this.#openFile(uploadId),
        });
    }
  }

  /** The number of the last message, if it is ours and the visitor has read it. */
  get #seenSeq(): number {
    const last = this.channel.log.visible.findLast(({ kind }) => kind === "message");
    if (!last || last.author.kind === "visitor") return 0;
    return last.seq <= this.head.visitor_read_seq ? last.seq : 0;
  }

  #mayDelete({ author, is_deleted }: ThreadMessage): boolean {
    const isOwn = author.kind === "agent" && author.id === this.desk.me.id;
    return !is_deleted && (isOwn || this.desk.may("deleteMessageOfOthers"));
  }

  async #remove(message: ThreadMessage): Promise<void> {
    const path = pathOf("conversations", this.channel.id, "messages", message.seq);
    try {
      await this.desk.api.remove(path);
      this.channel.log.take([{ ...message, text: "", is_deleted: true, rev: message.rev + 1 }]);
      this.requestUpdate();
    } catch (error) {
      toast(toProblem(error).message, true);
    }
  }

  /** Opens a file by a link of its own, which is made anew each time. */
  async #openFile(uploadId: string): Promise<void> {
    const path = pathOf("conversations", this.channel.id, "attachments", uploadId);
    try {
      const { url } = await this.desk.api.get<FileView>(path);
      if (url) openLink(url);
      else toast("This file is still being checked.");
    } catch (error) {
      toast(toProblem(error).message, true);
    }
  }

  #scrolled(): void {
    this.#scroll.scrolled();
    const { log, sync } = this.channel;
    if (this.scroller.scrollTop < LOAD_OLDER_PX && log.hasOlder && !sync.olderProblem)
      void sync.loadOlder();
  }
}

function openLink(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.click();
}
