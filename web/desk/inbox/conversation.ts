// One open conversation: what may be done with it, the thread, the composer and the details.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import { icon } from "../../ui/icons";
import "../../ui/notice";
import "../../ui/skeleton";
import { toast } from "../../ui/toast";
import type { EndReason, Head, HeadPatch } from "../contract";
import type { Desk } from "../desk";
import { deskIcon } from "../icons";
import "../menu";
import type { MenuItem } from "../menu";
import { Observing } from "../observable";
import { type Problem, toProblem } from "../problem";
import { readStored, store } from "../storage";
import { initials, sentence, statusWords, visitorName } from "../words";
import { StaleHead } from "./actions";
import type { ConversationChannel, ThreadMessage } from "./channel";
import "./composer";
import type { Composer, ComposerMode } from "./composer";
import { conversationStyle } from "./conversation.style";
import "./conversation-pickers";
import type { PickerName } from "./conversation-pickers";
import "./details";
import { authorName } from "./event-words";
import type { Quote } from "./outbox-store";
import "./thread";
import type { Thread } from "./thread";
import { saveTranscript } from "./transcript";

/** A conversation that is passed on the way to another one stays unread. */
const READ_AFTER_MS = 700;
const wide = matchMedia("(min-width: 75.01rem)");

/** What only an open conversation may be given. */
const needsOpen: ReadonlySet<PickerName> = new Set(["assign", "snooze", "snooze-time"]);

@customElement("desk-conversation")
export class Conversation extends LitElement {
  static override styles = [base, controls, conversationStyle];

  @property({ attribute: false }) desk!: Desk;
  @property() conversation = "";
  @state() private problem: Problem | null = null;
  @state() private stale: { head: StaleHead; change: HeadPatch } | null = null;
  @state() private picker: PickerName = "";
  @state() private quote: Quote | null = null;
  @state() private hasDetails = wide.matches && (readStored<boolean>("details") ?? true);
  @query("desk-composer") private composer!: Composer | null;
  @query("desk-thread") private thread!: Thread | null;
  #channel: ConversationChannel | null = null;
  #unreadFrom = 0;
  #readTimer: ReturnType<typeof setTimeout> | undefined;
  /** Changes are made one after the other, each on the outcome of the one before. */
  #changes: Promise<unknown> = Promise.resolve();
  /** Heads that were made here: `id version`. */
  readonly #own = new Set<string>();
  #abort: AbortController | null = null;

  constructor() {
    super();
    new Observing(this, () => {
      const { inbox, workspace, socket } = this.desk;
      return [inbox, workspace, socket, this.#channel];
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const seen = () => this.requestUpdate();
    document.addEventListener("visibilitychange", seen, { signal });
    addEventListener("focus", seen, { signal });
    wide.addEventListener("change", () => (this.hasDetails = wide.matches), { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#abort?.abort();
    clearTimeout(this.#readTimer);
    if (this.#channel) this.desk.socket.close(this.#channel.id);
    this.#channel = null;
  }

  get head(): Head | undefined {
    return this.desk.inbox.head(this.conversation);
  }

  /** Begins a reply or a note. */
  write(mode: ComposerMode): void {
    this.composer?.write(mode);
  }

  override focus(): void {
    this.thread?.focus();
  }

  show(picker: PickerName): void {
    if (this.head?.status === "closed" && needsOpen.has(picker))
      toast("This conversation is closed. Reopen it first.");
    else this.picker = picker;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (this.#channel?.id === this.conversation && !changed.has("desk")) return;
    if (this.#channel) this.desk.socket.close(this.#channel.id);
    clearTimeout(this.#readTimer);
    this.#channel = this.desk.socket.open(this.conversation);
    this.problem = null;
    this.stale = null;
    this.picker = "";
    this.quote = null;
    if (!wide.matches) this.hasDetails = false;
    this.#unreadFrom = this.#firstUnread();
    void this.#fetch();
  }

  override updated(): void {
    this.#markRead();
  }

  override render() {
    const { head, problem } = this;
    const channel = this.#channel;
    if (!channel) return nothing;
    if (!head)
      return html`<div class="around">${problem ? this.#missing(problem) : html`<cf-skeleton lines="6"></cf-skeleton>`}</div>`;
    const { desk } = this;
    return html`${this.#bar(head, channel)}
      <div class="notices">${this.#notices()}</div>
      <desk-thread .desk=${desk} .channel=${channel} .head=${head} .unreadFrom=${this.#unreadFrom} @quote=${this.#quoted}></desk-thread>
      <desk-composer .desk=${desk} .channel=${channel} .head=${head} .quote=${this.quote} @unquote=${() => (this.quote = null)} @leave=${() => this.focus()}></desk-composer>
      ${this.hasDetails ? html`<desk-details .desk=${desk} .head=${head} @show=${this.#show} @dismiss=${this.toggleDetails}></desk-details>` : nothing}
      <conversation-pickers .desk=${desk} .head=${head} shown=${this.picker} @show=${this.#show} @patch=${(event: CustomEvent<HeadPatch>) => this.change(event.detail)}></conversation-pickers>`;
  }

  #missing(problem: Problem): TemplateResult {
    return problem.status === 404
      ? html`<cf-empty heading="There is no such conversation">It may belong to another workspace, or its time of storage is over.</cf-empty>`
      : html`<cf-notice action="Try again" @retry=${this.#fetch}>${problem.message}</cf-notice>`;
  }

  #bar(head: Head, channel: ConversationChannel): TemplateResult {
    const { assignee, status } = head;
    const name = assignee ? this.desk.workspace.person(assignee) : "";
    const isClosed = status === "closed";
    return html`<header class="bar">
      <button class="button bare icon-only back" type="button" aria-label="Back to the list" @click=${() => this.dispatchEvent(new Event("back"))}>${icon("back")}</button>
      <div class="who"><h2 dir="auto">${visitorName(head.visitor)}</h2><p>${this.#facts(head, channel)}</p></div>
      ${isClosed ? nothing : html`<button class="button assign" type="button" title="Assign (A)" @click=${() => this.show("assign")}>${icon("people")}<span>${assignee ? (assignee === this.desk.me.id ? "You" : initials(name)) : "Assign"}</span>${assignee ? html`<span class="only-read">, assigned to ${name}</span>` : nothing}</button>`}
      ${
        isClosed
          ? html`<button class="button" type="button" @click=${() => this.change({ status: "open" })}>Reopen</button>`
          : html`${status === "bot" ? html`<button class="button" type="button" @click=${() => this.change({ status: "open" })}>Take over</button>` : html`<button class="button icon-only" type="button" aria-label="Snooze" title="Snooze (S)" @click=${() => this.show("snooze")}>${icon("clock")}</button>`}
            <button class="button main" type="button" title="End (E)" @click=${() => this.end("resolved")}>${icon("tick")}<span class="long">End</span></button>`
      }
      <desk-menu label="More" .items=${this.#menu(head)}></desk-menu>
      <button class="button bare icon-only" type="button" aria-label="Details" title="Details (I)" aria-pressed=${this.hasDetails} @click=${this.toggleDetails}>${deskIcon("panel")}</button>
    </header>`;
  }

  #facts(head: Head, { isVisitorOnline }: ConversationChannel): TemplateResult {
    const { bot_id, status } = head;
    const parts = [statusWords[status]];
    if (bot_id && this.desk.workspace.bots.length > 1) parts.push(this.desk.workspace.bot(bot_id));
    return html`${isVisitorOnline ? html`<span class="online">Online</span> · ` : nothing}${parts.join(" · ")}`;
  }

  #menu(head: Head): MenuItem[] {
    const { status, bot_id, visitor } = head;
    const isClosed = status === "closed";
    const ends: [EndReason, string][] = [
      ["no_reply", "End: no reply"],
      ["spam", "End: spam"],
    ];
    return [
      ...(isClosed ? [] : [{ label: "Assign", run: () => this.show("assign") }]),
      { label: "Tags", run: () => this.show("tags") },
      { label: "Priority", run: () => this.show("priority") },
      { label: "Team", run: () => this.show("team") },
      ...(bot_id && !isClosed && status !== "bot"
        ? [
            {
              label: "Give back to the bot",
              isFirst: true,
              run: () => this.change({ status: "bot" }),
            },
          ]
        : []),
      ...(isClosed
        ? []
        : ends.map(([reason, label], index) => ({
            label,
            isFirst: index === 0,
            run: () => this.end(reason),
          }))),
      { label: "Transcript as text", isFirst: true, run: () => this.#transcript(head, "txt") },
      { label: "Transcript as a page", run: () => this.#transcript(head, "html") },
      {
        label: visitor.is_blocked ? "Unblock the visitor" : "Block the visitor",
        isFirst: true,
        isDanger: !visitor.is_blocked,
        run: () => this.#do(() => this.desk.actions.block(head, !visitor.is_blocked)),
      },
    ];
  }

  #notices(): unknown {
    const { stale, problem } = this;
    if (stale)
      return html`<cf-notice tone="warn" action="Do it anyway" @retry=${this.#changeAnyway}>This conversation has changed, and nothing was done yet. ${sentence(stale.head.changes)}</cf-notice>`;
    if (problem)
      return html`<cf-notice action="Close" @retry=${() => (this.problem = null)}>${problem.message}</cf-notice>`;
    return nothing;
  }

  /** Changes the conversation as the agent sees it now. */
  change(change: HeadPatch): Promise<void> {
    const seen = this.head;
    if (!seen) return Promise.resolve();
    return this.#enqueue(seen, change);
  }

  #enqueue(seen: Head, change: HeadPatch): Promise<void> {
    this.stale = null;
    this.problem = null;
    const run = async () => {
      // An own change before this one is known already.
      const known = this.desk.inbox.head(seen.id);
      const isOwn = known !== undefined && this.#own.has(`${known.id} ${known.version}`);
      try {
        const head = await this.desk.actions.patch(isOwn ? known : seen, change);
        this.#own.add(`${head.id} ${head.version}`);
      } catch (error) {
        if (error instanceof StaleHead) this.stale = { head: error, change };
        else this.problem = toProblem(error);
      }
    };
    const next = this.#changes.then(run);
    this.#changes = next;
    return next;
  }

  #changeAnyway(): void {
    const { stale } = this;
    if (stale) void this.#enqueue(stale.head.present, stale.change);
  }

  /** Ends the conversation after everything that was written has been sent. */
  async end(reason: EndReason): Promise<void> {
    const { head } = this;
    const channel = this.#channel;
    if (!head || !channel || head.status === "closed") return;
    await this.#do(async () => {
      await channel.settled();
      await this.desk.actions.end(head, reason);
      toast(`Ended: ${visitorName(head.visitor)}`);
    });
  }

  toggleDetails = (): void => {
    this.hasDetails = !this.hasDetails;
    if (wide.matches) store("details", this.hasDetails);
  };

  async #do(work: () => Promise<unknown>): Promise<void> {
    this.problem = null;
    try {
      await work();
    } catch (error) {
      this.problem = toProblem(error);
    }
  }

  #transcript(head: Head, format: "txt" | "html"): void {
    void this.#do(async () =>
      saveTranscript(await this.desk.actions.transcript(head, format), head, format),
    );
  }

  #show({ detail }: CustomEvent<PickerName>): void {
    this.picker = detail;
  }

  #quoted({ detail: message }: CustomEvent<ThreadMessage>): void {
    const visitor = this.head ? visitorName(this.head.visitor) : "";
    const { seq, author, text } = message;
    this.quote = { seq, author: authorName(author, visitor), text: text.slice(0, 120) };
  }

  #fetch = async (): Promise<void> => {
    const id = this.conversation;
    this.problem = null;
    try {
      const { draft } = await this.desk.inbox.fetch(id);
      this.desk.drafts.offer(id, draft?.text ?? "");
      if (id === this.conversation) this.#unreadFrom ||= this.#firstUnread();
    } catch (error) {
      // A conversation of the list is shown with what is known of it.
      const problem = toProblem(error);
      if (id === this.conversation && (!this.head || !problem.isUnreachable))
        this.problem = problem;
    }
    this.requestUpdate();
  };

  #firstUnread(): number {
    const { head } = this;
    return head && this.desk.inbox.unread(head) > 0 ? head.read_seq + 1 : 0;
  }

  /** Tells the server what has been read, once it was looked at for a moment. */
  #markRead(): void {
    const { head } = this;
    const channel = this.#channel;
    const isSeen = document.visibilityState === "visible" && document.hasFocus();
    if (!head || !channel?.log.ready || !isSeen || this.desk.inbox.unread(head) === 0) {
      clearTimeout(this.#readTimer);
      this.#readTimer = undefined;
      return;
    }
    this.#readTimer ??= setTimeout(() => {
      this.#readTimer = undefined;
      this.desk.inbox.markRead(channel.id, channel.log.complete);
      this.desk.socket.read(channel.id, channel.log.complete);
    }, READ_AFTER_MS);
  }
}
