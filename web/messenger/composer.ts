// The composer: text, files with a preview, and the quoted message. Its slot holds further buttons.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { base, controls } from "../ui/base";
import { icon } from "../ui/icons";
import { toast } from "../ui/toast";
import { type Attachment, toDocument, toPhoto } from "./attachment";
import { composerStyle } from "./composer.style";
import { readDraft, storeDraft } from "./drafts";

export interface ComposedMessage {
  text: string;
  files: Attachment[];
}

@customElement("message-composer")
export class Composer extends LitElement {
  static override styles = [base, controls, composerStyle];

  /** Names the draft, and changes with the chat. */
  @property() draft = "";
  /** The message that is answered, in one line. */
  @property() quote = "";
  @property() placeholder = "Message";
  /** Whether files other than pictures can be sent. */
  @property({ type: Boolean }) documents = false;
  @state() private text = "";
  @state() private files: Attachment[] = [];
  @query("textarea") private area!: HTMLTextAreaElement;
  @query("input[type=file]") private picker!: HTMLInputElement;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("draft")) return;
    this.files = [];
    this.#write(readDraft(this.draft));
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("draft") || (changed.has("quote") && this.quote)) this.area.focus();
  }

  override focus(): void {
    this.area.focus();
  }

  /** Takes pasted, dropped and picked files. */
  async attach(files: Iterable<File>): Promise<void> {
    for (const file of files) {
      const isPhoto = file.type.startsWith("image/");
      if (!isPhoto && !this.documents) {
        toast(`${file.name} is not a picture. This phone sends pictures only.`, true);
        continue;
      }
      try {
        this.add([await (isPhoto ? toPhoto(file) : toDocument(file))]);
      } catch {
        toast(`${file.name} cannot be read${isPhoto ? " as a picture" : ""}.`, true);
      }
    }
    this.area.focus();
  }

  add(files: Attachment[]): void {
    this.files = [...this.files, ...files];
  }

  clear(): void {
    this.files = [];
    this.#write("");
    storeDraft(this.draft, "");
  }

  override render() {
    const empty = this.text.trim() === "" && this.files.length === 0;
    const captioned = this.files.length > 0;
    return html`<form @submit=${this.#submit}>
      ${this.quote ? this.#quoted() : nothing} ${captioned ? this.#tray() : nothing}
      <div class="row">
        <input type="file" accept=${this.documents ? nothing : "image/*"} multiple hidden @change=${this.#picked} />
        <button class="button bare icon-only" type="button" aria-label=${this.#attachLabel} title=${this.#attachLabel} @click=${() => this.picker.click()}>${icon(this.documents ? "attach" : "photo")}</button>
        <slot></slot>
        <textarea
          rows="1"
          dir="auto"
          enterkeyhint="send"
          aria-label=${captioned ? "Caption" : "Message"}
          placeholder=${captioned ? "Add a caption" : this.placeholder}
          .value=${this.text}
          @input=${this.#typed}
          @keydown=${this.#key}
          @paste=${this.#pasted}
        ></textarea>
        <button class="button main icon-only send" ?disabled=${empty} aria-label="Send" title="Send (Enter)">${icon("send")}</button>
      </div>
    </form>`;
  }

  get #attachLabel(): string {
    return this.documents ? "Attach photos or files" : "Attach photos";
  }

  #quoted(): TemplateResult {
    return html`<div class="reply">
      ${icon("reply")}
      <p dir="auto" title="Answering">${this.quote}</p>
      <button class="button bare icon-only" type="button" aria-label="Do not quote" @click=${() => this.dispatchEvent(new Event("unquote"))}>${icon("close")}</button>
    </div>`;
  }

  #tray(): TemplateResult {
    const name = this.files.every(({ isPhoto }) => isPhoto) ? "Photos" : "Files";
    return html`<ul class="tray" aria-label="${name} to send">
      ${repeat(
        this.files,
        ({ key }) => key,
        (file, index) => html`<li>
          ${file.isPhoto ? html`<img src=${file.url} alt="Photo ${index + 1}" />` : html`<span class="file" title=${file.name}><bdi>${file.name}</bdi></span>`}
          <button type="button" aria-label="Remove ${file.isPhoto ? "photo" : "file"} ${index + 1}" @click=${() => (this.files = this.files.filter(({ key }) => key !== file.key))}>${icon("close")}</button>
        </li>`,
      )}
    </ul>`;
  }

  #picked(): void {
    void this.attach([...(this.picker.files ?? [])]);
    this.picker.value = "";
  }

  #pasted(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void this.attach(files);
  }

  #typed(): void {
    this.#write(this.area.value);
    storeDraft(this.draft, this.text);
  }

  #write(text: string): void {
    this.text = text;
    this.dispatchEvent(new CustomEvent("typed", { detail: text }));
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.quote) this.dispatchEvent(new Event("unquote"));
    // During IME composition, Enter picks a candidate.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit(event);
  }

  #submit(event: Event): void {
    event.preventDefault();
    const text = this.text.trim();
    const { files } = this;
    if (text === "" && files.length === 0) return;
    this.clear();
    this.dispatchEvent(new CustomEvent<ComposedMessage>("compose", { detail: { text, files } }));
    this.area.focus();
  }
}
