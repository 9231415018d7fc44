// The composer: text, photos with a preview, and the quoted message.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Message } from "../api/phone";
import { base, controls } from "../ui/base";
import { icon } from "../ui/icons";
import { toast } from "../ui/toast";
import { composerStyle } from "./composer.style";
import { readDraft, storeDraft } from "./drafts";
import { type Photo, toPhoto } from "./photo";
import { summary } from "./words";

const SAMPLE_COUNT = 10;

export interface ComposedMessage {
  text: string;
  photos: Photo[];
  replyTo: string | null;
}

@customElement("phone-composer")
export class Composer extends LitElement {
  static override styles = [base, controls, composerStyle];

  @property() person = "";
  @property({ attribute: false }) replyTo: Message | null = null;
  @state() private text = "";
  @state() private photos: Photo[] = [];
  @query("textarea") private area!: HTMLTextAreaElement;
  @query("input[type=file]") private picker!: HTMLInputElement;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("person")) return;
    this.text = readDraft(this.person);
    this.photos = [];
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("person") || (changed.has("replyTo") && this.replyTo)) this.area.focus();
  }

  /** Takes pasted, dropped and picked files. */
  async attach(files: Iterable<File>): Promise<void> {
    for (const file of files) {
      if (!file.type.startsWith("image/")) {
        toast(`${file.name} is not a picture. This phone sends pictures only.`, true);
        continue;
      }
      try {
        this.photos = [...this.photos, await toPhoto(file)];
      } catch {
        toast(`${file.name} cannot be read as a picture.`, true);
      }
    }
    this.area.focus();
  }

  override render() {
    const empty = this.text.trim() === "" && this.photos.length === 0;
    return html`<form @submit=${this.#submit}>
      ${this.replyTo ? this.#reply(this.replyTo) : nothing} ${this.photos.length > 0 ? this.#tray() : nothing}
      <div class="row">
        <input type="file" accept="image/*" multiple hidden @change=${this.#picked} />
        <button class="button bare icon-only" type="button" aria-label="Attach photos" title="Attach photos" @click=${() => this.picker.click()}>${icon("photo")}</button>
        <button class="button bare icon-only" type="button" aria-label="Attach ten sample selfies" title="Attach ten sample selfies" @click=${this.#samples}>${icon("people")}</button>
        <textarea
          rows="1"
          dir="auto"
          enterkeyhint="send"
          aria-label=${this.photos.length > 0 ? "Caption" : "Message"}
          placeholder=${this.photos.length > 0 ? "Add a caption" : "Message"}
          .value=${this.text}
          @input=${this.#typed}
          @keydown=${this.#key}
          @paste=${this.#pasted}
        ></textarea>
        <button class="button main icon-only send" ?disabled=${empty} aria-label="Send" title="Send (Enter)">${icon("send")}</button>
      </div>
    </form>`;
  }

  #reply(message: Message): TemplateResult {
    return html`<div class="reply">
      ${icon("reply")}
      <p dir="auto" title="Answering">${summary(message.content)}</p>
      <button class="button bare icon-only" type="button" aria-label="Do not quote" @click=${() => this.dispatchEvent(new Event("unquote"))}>${icon("close")}</button>
    </div>`;
  }

  #tray(): TemplateResult {
    return html`<ul class="tray" aria-label="Photos to send">
      ${repeat(
        this.photos,
        ({ key }) => key,
        ({ key, url }, index) => html`<li>
          <img src=${url} alt="Photo ${index + 1}" />
          <button type="button" aria-label="Remove photo ${index + 1}" @click=${() => (this.photos = this.photos.filter((photo) => photo.key !== key))}>${icon("close")}</button>
        </li>`,
      )}
    </ul>`;
  }

  /** Ten photos of an invented face, to try the photo studio with. */
  async #samples(): Promise<void> {
    const person = encodeURIComponent(this.person);
    const sample = async (number: number): Promise<Photo> => {
      const answer = await fetch(`/astria/selfies/${number}.jpg?kind=good&person=${person}`);
      if (!answer.ok) throw new Error(`${answer.status}`);
      return toPhoto(await answer.blob());
    };
    try {
      this.photos = [
        ...this.photos,
        ...(await Promise.all([...Array(SAMPLE_COUNT).keys()].map(sample))),
      ];
    } catch {
      toast("Sample selfies are unavailable right now.", true);
    }
    this.area.focus();
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
    this.text = this.area.value;
    storeDraft(this.person, this.text);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.replyTo) this.dispatchEvent(new Event("unquote"));
    // During IME composition, Enter picks a candidate.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit(event);
  }

  #submit(event: Event): void {
    event.preventDefault();
    const text = this.text.trim();
    if (text === "" && this.photos.length === 0) return;
    this.dispatchEvent(
      new CustomEvent<ComposedMessage>("compose", {
        detail: { text, photos: this.photos, replyTo: this.replyTo?.id ?? null },
      }),
    );
    this.text = "";
    this.photos = [];
    storeDraft(this.person, "");
    this.area.focus();
  }
}
