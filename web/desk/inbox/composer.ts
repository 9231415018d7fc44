// Writes a reply or a note: canned replies after a slash, mentions after an @, and a draft that the server keeps.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import { count } from "../../ui/format";
import { icon } from "../../ui/icons";
import { toast } from "../../ui/toast";
import type { Head } from "../contract";
import type { Desk } from "../desk";
import { Observing } from "../observable";
import type { ConversationChannel } from "./channel";
import { composerStyle } from "./composer.style";
import type { Quote } from "./outbox-store";
import {
  fillCanned,
  findTrigger,
  type Suggestion,
  suggestCanned,
  suggestMembers,
  type Trigger,
} from "./suggestions";
import { composerHint } from "./typing-words";
import { uploadList, uploadListStyle } from "./upload-list";
import { ACCEPTED, Uploads } from "./uploads";

const MAX_CHARS = 4_000;
/** From here on the characters that are left are shown. */
const COUNT_FROM = 3_600;
const segmenter = new Intl.Segmenter();

export type ComposerMode = "reply" | "note";

@customElement("desk-composer")
export class Composer extends LitElement {
  static override styles = [base, controls, composerStyle, uploadListStyle];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) channel!: ConversationChannel;
  @property({ attribute: false }) head!: Head;
  @property({ attribute: false }) quote: Quote | null = null;
  @state() private mode: ComposerMode = "reply";
  @state() private text = "";
  @state() private trigger: Trigger | null = null;
  @state() private active = 0;
  @query("textarea") private area!: HTMLTextAreaElement;
  @query("input[type=file]") private files!: HTMLInputElement;
  #uploads: Uploads | null = null;
  /** Mentioned members by the name that the text has. */
  #mentions = new Map<string, string>();
  /** Something was typed or sent since the conversation was opened. */
  #isTouched = false;
  #abort: AbortController | null = null;

  constructor() {
    super();
    new Observing(this, () => [this.channel, this.desk.workspace, this.desk.drafts, this.#uploads]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const hidden = () => document.hidden && this.desk.drafts.saveAll();
    document.addEventListener("visibilitychange", hidden, { signal });
    addEventListener("pagehide", () => this.desk.drafts.saveAll(), { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#abort?.abort();
    this.desk.drafts.saveAll();
  }

  /** Begins a reply or a note. */
  write(mode: ComposerMode): void {
    this.#setMode(mode);
    void this.updateComplete.then(() => this.area.focus());
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("channel")) this.#open(changed.get("channel"));
    // The server's draft arrives after the conversation was opened.
    else if (this.mode === "reply" && this.text === "" && !this.#isTouched)
      this.text = this.desk.drafts.text(this.channel.id);
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("quote") && this.quote) this.area.focus();
    this.renderRoot.querySelector("li[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  override render() {
    const { mode, text } = this;
    const isNote = mode === "note";
    const length = this.#length;
    const hint = composerHint(this.head, this.channel, this.desk, isNote);
    return html`<p class="hint" aria-live="polite">${hint}</p>
      <form class="box" data-mode=${mode} @submit=${this.#submit}>
        ${this.trigger ? this.#menu() : nothing}
        <div class="modes" role="group" aria-label="Kind of message">
          ${(["reply", "note"] as const).map((one) => html`<button type="button" aria-pressed=${mode === one} title=${one === "reply" ? "Reply (R)" : "Note (N)"} @click=${() => this.write(one)}>${one === "reply" ? "Reply" : "Note"}</button>`)}
          <span>${isNote ? "Only your team sees notes" : this.#draftWords}</span>
        </div>
        ${this.quote ? this.#quoted(this.quote) : nothing}
        ${uploadList(this.#uploads)}
        <div class="line">
          <input type="file" accept=${ACCEPTED} multiple hidden @change=${this.#picked} />
          <button class="button bare icon-only" type="button" aria-label="Attach files" title="Attach files" @click=${() => this.files.click()}>${icon("attach")}</button>
          <textarea
            rows="1"
            dir="auto"
            enterkeyhint="send"
            aria-label=${isNote ? "Note" : "Reply"}
            aria-autocomplete="list"
            aria-controls=${this.trigger ? "suggestions" : nothing}
            aria-activedescendant=${this.trigger && this.#suggestions.length > 0 ? `suggestion-${this.active}` : nothing}
            placeholder=${isNote ? "Write a note, @ mentions a colleague" : "Write a reply, / for canned replies"}
            .value=${text}
            @input=${this.#typed}
            @keydown=${this.#key}
            @click=${this.#findTrigger}
            @blur=${this.#left}
            @paste=${this.#pasted}
          ></textarea>
          ${length > COUNT_FROM ? html`<span class="count ${length > MAX_CHARS ? "over" : ""}" role="status">${count(MAX_CHARS - length)}</span>` : nothing}
          <button class="button main icon-only" ?disabled=${!this.#canSend} aria-label="Send" title="Send (Enter)">${icon("send")}</button>
        </div>
      </form>`;
  }

  get #canSend(): boolean {
    const files = this.#uploads?.list ?? [];
    const isEmpty = this.text.trim() === "" && files.length === 0;
    return !isEmpty && this.#length <= MAX_CHARS && (this.#uploads?.areReady ?? true);
  }

  /** Counts characters as people do. Short texts cannot be over the limit. */
  get #length(): number {
    const { text } = this;
    return text.length <= COUNT_FROM ? text.length : [...segmenter.segment(text.trim())].length;
  }

  get #draftWords(): string {
    const words = { saved: "Draft saved", saving: "", unsaved: "Draft not saved yet", none: "" };
    return this.text === "" ? "" : words[this.desk.drafts.state(this.channel.id)];
  }

  #quoted({ author, text }: Quote): TemplateResult {
    return html`<div class="quoted">
      <p dir="auto">${author}: ${text}</p>
      <button class="button bare small" type="button" aria-label="Do not quote" @click=${this.#unquote}>${icon("close")}</button>
    </div>`;
  }

  get #suggestions(): Suggestion[] {
    return this.trigger ? this.#suggest(this.trigger) : [];
  }

  #suggest({ kind, typed }: Trigger): Suggestion[] {
    const { workspace, me } = this.desk;
    return kind === "canned"
      ? suggestCanned(workspace.canned, typed)
      : suggestMembers(workspace.members, typed, me.id);
  }

  /** A lone slash explains canned replies even if there are none. */
  #offers(trigger: Trigger): boolean {
    const isLoneSlash = trigger.kind === "canned" && trigger.typed === "";
    return isLoneSlash || this.#suggest(trigger).length > 0;
  }

  #menu(): TemplateResult {
    const list = this.#suggestions;
    const isCanned = this.trigger?.kind === "canned";
    if (list.length === 0)
      return isCanned && this.desk.workspace.canned.length === 0
        ? html`<div class="suggestions"><p>There are no canned replies yet. Admins add them in the settings.</p></div>`
        : html``;
    return html`<ul class="suggestions" id="suggestions" role="listbox" aria-label=${isCanned ? "Canned replies" : "Colleagues"}>
      ${list.map((one, index) => html`<li id="suggestion-${index}" role="option" aria-selected=${index === this.active} @pointerdown=${(event: Event) => event.preventDefault()} @click=${() => this.#take(one)}><b dir="auto">${one.label}</b><span dir="auto">${one.text}</span></li>`)}
    </ul>`;
  }

  #open(before: ConversationChannel | undefined): void {
    if (before) void this.desk.drafts.save(before.id);
    this.mode = "reply";
    this.text = this.desk.drafts.text(this.channel.id);
    this.trigger = null;
    this.#isTouched = false;
    this.#uploads = new Uploads(this.desk.api, this.channel.id);
    this.#mentions.clear();
  }

  #setMode(mode: ComposerMode): void {
    if (mode === this.mode) return;
    const { id } = this.channel;
    this.mode = mode;
    this.trigger = null;
    const { drafts } = this.desk;
    this.text = mode === "note" ? drafts.note(id) : drafts.text(id);
  }

  #write(text: string): void {
    this.text = text;
    this.#isTouched = true;
    const { id } = this.channel;
    if (this.mode === "note") this.desk.drafts.writeNote(id, text);
    else this.desk.drafts.write(id, text);
  }

  #typed(): void {
    this.#write(this.area.value);
    this.#findTrigger();
    if (this.mode === "note") return;
    if (this.text === "") this.channel.notifyTypingStopped();
    else this.channel.notifyTyping();
  }

  #findTrigger(): void {
    const caret = this.area.selectionStart;
    const trigger = findTrigger(this.area.value, caret, this.mode === "note");
    if (trigger?.typed !== this.trigger?.typed) this.active = 0;
    this.trigger = trigger && this.#offers(trigger) ? trigger : null;
  }

  #left(): void {
    this.trigger = null;
    this.channel.notifyTypingStopped();
    void this.desk.drafts.save(this.channel.id);
  }

  #key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (this.trigger && this.#menuKey(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key === "Escape") {
      event.preventDefault();
      if (this.quote) this.#unquote();
      else this.dispatchEvent(new Event("leave"));
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit(event);
    }
  }

  /** Returns whether the key was one of the menu. */
  #menuKey({ key, shiftKey }: KeyboardEvent): boolean {
    const list = this.#suggestions;
    if (key === "Escape") {
      this.trigger = null;
      return true;
    }
    if (list.length === 0) return false;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[key];
    if (step) {
      this.active = (this.active + step + list.length) % list.length;
      return true;
    }
    const chosen = list[this.active];
    if ((key !== "Enter" && key !== "Tab") || shiftKey || !chosen) return false;
    this.#take(chosen);
    return true;
  }

  #take({ id, label, text }: Suggestion): void {
    const { trigger } = this;
    if (!trigger) return;
    const isMention = trigger.kind === "mention";
    const inserted = isMention
      ? `@${label} `
      : fillCanned(text, this.head, this.desk.me.name, this.desk.me.workspace);
    if (isMention) this.#mentions.set(`@${label}`, id);
    const { value, selectionStart } = this.area;
    const before = value.slice(0, trigger.at) + inserted;
    this.#write(before + value.slice(selectionStart));
    this.trigger = null;
    void this.updateComplete.then(() => {
      this.area.focus();
      this.area.setSelectionRange(before.length, before.length);
    });
  }

  #picked(): void {
    this.#attach([...(this.files.files ?? [])]);
    this.files.value = "";
  }

  #pasted(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.#attach(files);
  }

  #attach(files: File[]): void {
    const problem = this.#uploads?.add(files);
    if (problem) toast(problem, true);
    this.requestUpdate();
    this.area.focus();
  }

  #unquote(): void {
    this.dispatchEvent(new Event("unquote"));
    this.area.focus();
  }

  #submit(event: Event): void {
    event.preventDefault();
    if (!this.#canSend) return;
    const files = this.#uploads?.list ?? [];
    // A message has a text: without one, the names of its files.
    const text = this.text.trim() || files.map(({ name }) => name).join(", ");
    const attachments = this.#uploads?.take() ?? [];
    const isNote = this.mode === "note";
    const mentions = isNote
      ? [...this.#mentions].filter(([name]) => text.includes(name)).map(([, id]) => id)
      : [];
    this.channel.post({ text, isNote, mentions, attachments, quote: this.quote });
    this.#mentions.clear();
    this.trigger = null;
    this.#write("");
    void this.desk.drafts.save(this.channel.id);
    if (this.quote) this.dispatchEvent(new Event("unquote"));
    this.dispatchEvent(new CustomEvent("sent", { detail: isNote }));
    this.area.focus();
  }
}
