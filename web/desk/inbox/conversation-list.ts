// The list of one view or search. Only the rows in sight exist, and their order rests under the pointer.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { base, controls } from "../../ui/base";
import { now, onTick } from "../../ui/clock";
import "../../ui/empty";
import { plural } from "../../ui/format";
import { icon } from "../../ui/icons";
import "../../ui/notice";
import { avatarStyle } from "../avatar";
import type { Desk } from "../desk";
import { deskIcon } from "../icons";
import { Observing } from "../observable";
import { viewWords } from "../sidebar";
import { conversationListStyle, ROW_REM } from "./conversation-list.style";
import { conversationRow } from "./conversation-row";
import { emptyView } from "./empty-view";
import type { ConversationList, ViewName } from "./inbox";
import { ListOrder } from "./list-order";

const OVERSCAN_ROWS = 6;
const LOAD_AHEAD_ROWS = 20;
const SEARCH_DELAY_MS = 250;

@customElement("conversation-list")
export class ConversationListElement extends LitElement {
  static override styles = [base, controls, avatarStyle, conversationListStyle];

  @property({ attribute: false }) desk!: Desk;
  @property() view = "mine";
  @property({ attribute: false }) selected: string | null = null;
  @state() private text = "";
  @state() private query = "";
  @state() private first = 0;
  @state() private inSight = 20;
  @query(".scroller") private scroller!: HTMLElement;
  @query("input") private input!: HTMLInputElement;
  readonly #order = new ListOrder();
  #list: ConversationList | null = null;
  #searchTimer: ReturnType<typeof setTimeout> | undefined;
  #stopTicks = () => {};
  #resizes = new ResizeObserver(() => this.#measure());
  /** The row at the top edge, to be kept in place. */
  #anchor: string | null = null;

  constructor() {
    super();
    new Observing(this, () => [this.desk.inbox, this.desk.workspace]);
    this.addEventListener("pointerenter", (event) => {
      if (event.pointerType !== "touch") this.#order.freeze();
    });
    this.addEventListener("pointerleave", () => this.#release());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // Waiting times are in minutes.
    let ticks = 0;
    this.#stopTicks = onTick(() => ticks++ % 20 === 0 && this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopTicks();
    this.#resizes.disconnect();
    clearTimeout(this.#searchTimer);
  }

  /** Returns the conversation before or after one, or null at the end of the list. */
  beside(id: string | null, step: 1 | -1): string | null {
    return this.#order.after(id, step);
  }

  focusSearch(): void {
    this.input.focus();
    this.input.select();
  }

  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>(".space")?.focus();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("view")) this.#search("");
    const { inbox } = this.desk;
    const list = inbox.list(this.view, this.query);
    if (list !== this.#list) {
      this.#list = list;
      this.#order.reset();
      this.first = 0;
    }
    inbox.want(list);
    this.#order.update(
      inbox.rows(list).map(({ id }) => id),
      this.selected,
    );
  }

  override firstUpdated(): void {
    this.#resizes.observe(this.scroller);
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("view")) this.scroller.scrollTop = 0;
    else this.#keepAnchor();
    if (changed.has("selected") && this.selected) this.#reveal(this.selected);
    if (this.#list?.isReady && this.first + this.inSight + LOAD_AHEAD_ROWS >= this.#order.length)
      void this.desk.inbox.loadMore(this.#list);
  }

  override render() {
    const title = viewWords[this.view as ViewName] ?? "Inbox";
    const { fresh } = this.#order;
    return html`<div class="head">
        <div class="title"><h1>${title}</h1><slot></slot></div>
        <div class="search" role="search">
          ${deskIcon("search")}
          <input type="search" dir=${this.text ? "auto" : nothing} aria-label="Search ${title}" placeholder="Search" .value=${this.text} @input=${this.#typed} @keydown=${this.#searchKey} />
          ${this.text ? html`<button class="button bare small" type="button" aria-label="Clear the search" @click=${() => this.#search("")}>${icon("close")}</button>` : nothing}
        </div>
      </div>
      ${fresh > 0 ? html`<button class="fresh" type="button" @click=${this.#showFresh}>${plural(fresh, "new conversation")}, show</button>` : nothing}
      <div class="scroller" @scroll=${this.#scrolled}>${this.#content(title)}</div>`;
  }

  get #activeRow(): string | typeof nothing {
    return this.selected && this.#order.indexOf(this.selected) >= 0
      ? `row-${this.selected}`
      : nothing;
  }

  #content(title: string): TemplateResult {
    const list = this.#list;
    if (!list) return html``;
    const { length } = this.#order;
    if (length === 0) return html`<div class="around">${this.#around(list)}</div>`;
    const last = Math.min(length, this.first + this.inSight + OVERSCAN_ROWS);
    const first = Math.max(0, this.first - OVERSCAN_ROWS);
    const rows = this.#order.rows.slice(first, last);
    return html`<div class="space" role="listbox" tabindex="0" aria-label=${title} aria-activedescendant=${this.#activeRow} .style=${`block-size:${length * ROW_REM}rem`} @keydown=${this.#key}>
        ${repeat(
          rows,
          ({ id }) => id,
          ({ id, isGone }, index) => this.#row(id, isGone, first + index),
        )}
      </div>
      ${list.problem ? html`<div class="around"><cf-notice action="Try again" @retry=${() => this.desk.inbox.retry(list)}>${list.problem.message}</cf-notice></div>` : nothing}
      ${list.isLoading && !list.isComplete ? html`<p class="more">Loading more</p>` : nothing}`;
  }

  #row(id: string, isGone: boolean, index: number) {
    const { inbox, me, workspace } = this.desk;
    const head = inbox.head(id);
    if (!head) return nothing;
    const unread = inbox.unread(head);
    const context = { now: now(), me: me.id, names: workspace, unread, isGone, view: this.view };
    const style = `transform:translateY(${index * ROW_REM}rem)`;
    return html`<div class="row ${unread > 0 ? "unread" : ""} ${isGone ? "gone" : ""}" id="row-${id}" role="option" aria-selected=${id === this.selected} aria-setsize=${this.#list?.isComplete ? this.#order.length : -1} aria-posinset=${index + 1} .style=${style} @click=${() => this.#choose(id)}>${conversationRow(head, context)}</div>`;
  }

  /** What is said where no rows are. */
  #around(list: ConversationList): unknown {
    const { problem } = list;
    if (problem)
      return html`<cf-notice action="Try again" @retry=${() => this.desk.inbox.retry(list)}>${problem.message}</cf-notice>`;
    if (!list.isReady)
      return html`<span class="only-read" role="status">Loading</span>${Array.from({ length: 8 }, () => html`<div class="placeholder"><i></i><i></i></div>`)}`;
    if (this.query)
      return html`<cf-empty heading="Nothing found">No conversation of this view has “${this.query}” in its subject or its visitor's name.</cf-empty>`;
    return emptyView(this.view as ViewName, this.desk);
  }

  #choose(id: string): void {
    this.dispatchEvent(new CustomEvent("choose", { detail: id }));
  }

  #typed(): void {
    this.text = this.input.value;
    clearTimeout(this.#searchTimer);
    this.#searchTimer = setTimeout(() => {
      this.query = this.text.trim();
    }, SEARCH_DELAY_MS);
  }

  #search(text: string): void {
    clearTimeout(this.#searchTimer);
    this.text = text;
    this.query = text;
  }

  #searchKey(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      event.preventDefault();
      this.#search("");
      this.input.blur();
    } else if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      clearTimeout(this.#searchTimer);
      this.query = this.text.trim();
      this.focus();
    }
  }

  #key(event: KeyboardEvent): void {
    const steps: Record<string, 1 | -1> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const next = this.beside(this.selected, step);
    if (next) this.#choose(next);
  }

  get #rowPx(): number {
    return ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  }

  #measure(): void {
    this.inSight = Math.ceil(this.scroller.clientHeight / this.#rowPx) + 1;
    this.#scrolled();
  }

  #scrolled(): void {
    const { scrollTop } = this.scroller;
    this.first = Math.max(0, Math.floor(scrollTop / this.#rowPx));
    this.#anchor = scrollTop > 0 ? (this.#order.rows[this.first]?.id ?? null) : null;
  }

  /** Rows that come in above must not move what is being read. */
  #keepAnchor(): void {
    if (this.#anchor === null) return;
    const index = this.#order.indexOf(this.#anchor);
    if (index < 0 || index === this.first) return;
    this.scroller.scrollTop += (index - this.first) * this.#rowPx;
    this.#scrolled();
  }

  #reveal(id: string): void {
    const index = this.#order.indexOf(id);
    if (index < 0) return;
    const top = index * this.#rowPx;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + this.#rowPx > scrollTop + clientHeight)
      this.scroller.scrollTop = top + this.#rowPx - clientHeight;
  }

  #release(): void {
    if (!this.#order.isFrozen) return;
    this.#order.release();
    this.requestUpdate();
  }

  #showFresh(): void {
    this.#order.release();
    this.#anchor = null;
    this.scroller.scrollTop = 0;
    this.requestUpdate();
  }
}
