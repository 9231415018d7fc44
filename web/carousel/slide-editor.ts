// The editor of one slide: its texts, a drawing of unsaved ones beside the picture, and conflicts with newer revisions.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { CallError, explain } from "../ui/call";
import "../ui/dialog";
import { writeHash } from "../ui/hash";
import { icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import { toast } from "../ui/toast";
import { type CarouselApi, carouselPath } from "./api";
import { type Detail, MAX_BODY, MAX_TITLE, type Slide } from "./contract";
import { countedField, countedFieldStyle } from "./counted-field";
import { type Draft, draftOf, isChanged, isTooLong, keepMine, rebase, type Texts } from "./draft";
import { pictureStyle } from "./picture.style";
import { slideEditorStyle } from "./slide-editor.style";
import "./slide-preview";
import { slideWords } from "./words";

const PREVIEW_DELAY_MS = 500;

@customElement("slide-editor")
export class SlideEditor extends LitElement {
  static override styles = [base, controls, countedFieldStyle, pictureStyle, slideEditorStyle];

  @property({ attribute: false }) api!: CarouselApi;
  @property({ attribute: false }) detail: Detail | undefined;
  /** From 1; 0: closed. */
  @property({ type: Number }) slide = 0;
  @property({ attribute: false }) linkOf: (link: string) => string = (link) => link;
  @state() private draft: Draft | undefined;
  @state() private isConflict = false;
  @state() private isBusy = false;
  /** The draft that was accepted and is not in the carousel yet. */
  @state() private accepted: Draft | undefined;
  @state() private problem = "";
  /** The link of the drawing of changed texts. */
  @state() private preview = "";
  @state() private previewProblem = "";
  /** Unsaved texts, so that a closed drawer loses none. */
  readonly #drafts = new Map<string, Draft>();
  #edited = "";
  #previewed = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  get #page(): Slide | undefined {
    return this.detail?.pages.find(({ number }) => number === this.slide);
  }

  get #key(): string {
    return `${this.detail?.id}/${this.slide}`;
  }

  override willUpdate(): void {
    if (this.#key !== this.#edited) {
      this.#edited = this.#key;
      this.draft = undefined;
      this.accepted = undefined;
      this.problem = "";
      this.preview = "";
      this.previewProblem = "";
      this.#previewed = "";
      clearTimeout(this.#timer);
    }
    const { detail } = this;
    const page = this.#page;
    if (!detail || !page) return;
    this.draft ??= this.#drafts.get(this.#key) ?? draftOf(page, detail.revision);
    const { draft, isConflict } = rebase(this.draft, page, detail.revision);
    this.draft = draft;
    this.isConflict = isConflict;
    this.#keep();
    this.#askPreview();
  }

  /** Holds texts that the carousel does not have yet. */
  #keep(): void {
    if (this.draft && isChanged(this.draft)) this.#drafts.set(this.#key, this.draft);
    else this.#drafts.delete(this.#key);
  }

  /** An accepted save is waited for, until the carousel moves on or the text is changed again. */
  get #isSaving(): boolean {
    return this.accepted !== undefined && this.accepted === this.draft;
  }

  #write(texts: Partial<Draft>): void {
    if (this.draft) this.draft = { ...this.draft, ...texts };
  }

  /** Only the title of a quotation can be edited. */
  #textsToSend({ title, body }: Draft): Texts {
    return { title, body: this.#page?.verse?.text ?? body };
  }

  #isTooLong(draft: Draft): boolean {
    return isTooLong(draft, Boolean(this.#page?.verse));
  }

  /** Asks for a drawing of changed texts, once the typing pauses. */
  #askPreview(): void {
    const { draft, detail } = this;
    if (!draft || !detail) return;
    const { template, format } = detail.look;
    const texts = [draft.title, draft.body, template, format];
    const wanted = isChanged(draft) && !this.#isTooLong(draft) ? JSON.stringify(texts) : "";
    if (wanted === this.#previewed) return;
    this.#previewed = wanted;
    clearTimeout(this.#timer);
    if (wanted === "") this.preview = "";
    else this.#timer = setTimeout(() => void this.#loadPreview(wanted), PREVIEW_DELAY_MS);
  }

  async #loadPreview(wanted: string): Promise<void> {
    const { draft, detail, slide } = this;
    if (!draft || !detail) return;
    const path = carouselPath(detail.id, "slides", slide, "preview");
    const body = this.#textsToSend(draft);
    try {
      const { png } = await this.api.call<{ png: string }>("POST", path, { body });
      if (wanted !== this.#previewed) return;
      this.preview = png;
      this.previewProblem = "";
    } catch (error) {
      if (wanted === this.#previewed) this.previewProblem = explain(error);
    }
  }

  override render() {
    const page = this.#page;
    const total = this.detail?.pages.length ?? 0;
    const heading = page
      ? `Slide ${page.number} of ${total}: ${slideWords[page.type] ?? page.type}`
      : "Slide";
    return html`<cf-dialog kind="drawer" heading=${heading} .open=${this.slide > 0} @dismiss=${() => writeHash({ slide: null }, "replace")}>
      ${this.slide === 0 ? nothing : this.#content(page)}
    </cf-dialog>`;
  }

  #content(page: Slide | undefined): TemplateResult {
    const { draft, detail } = this;
    if (!detail) return html`<cf-skeleton lines="6"></cf-skeleton>`;
    if (!page || !draft)
      return html`<cf-notice tone="warn">There is no slide ${this.slide}. The carousel has ${detail.pages.length}.</cf-notice>`;
    return html`<div class="body">
      ${this.isConflict ? this.#conflict(page, detail) : nothing}
      <form @submit=${this.#save}>
        ${countedField({ name: "title", label: "Title", value: draft.title, limit: MAX_TITLE, rows: 2, input: (title) => this.#write({ title }) })}
        ${
          page.verse
            ? html`<figure class="verse"><blockquote dir="auto">${page.verse.text}</blockquote><figcaption class="soft" dir="auto">${page.verse.source}. Quotations are printed as they are and cannot be edited.</figcaption></figure>`
            : countedField({
                name: "body",
                label: "Text",
                value: draft.body,
                limit: MAX_BODY,
                rows: 4,
                input: (body) => this.#write({ body }),
              })
        }
        ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
        <div class="actions">
          <button class="button main" ?disabled=${this.isBusy || this.#isSaving || this.isConflict || !isChanged(draft) || this.#isTooLong(draft)}>${this.#isSaving ? "Saving" : "Save"} as revision ${draft.revision + 1}</button>
          ${isChanged(draft) && !this.#isSaving ? html`<button class="button bare" type="button" @click=${() => (this.draft = draftOf(page, detail.revision))}>Discard changes</button>` : nothing}
          <button class="button" type="button" ?disabled=${this.isBusy} @click=${this.#again}>${icon("shuffle")} Write this slide again</button>
        </div>
      </form>
      ${this.#pictures(page, detail)}
    </div>`;
  }

  #conflict(page: Slide, detail: Detail): TemplateResult {
    return html`<section class="conflict" role="alert" aria-label="Conflict">
      <p><strong>This slide was changed meanwhile.</strong> Revision ${detail.revision} says:</p>
      <blockquote dir="auto"><strong>${page.title}</strong><br />${page.body}</blockquote>
      <div class="actions">
        <button class="button" type="button" @click=${() => this.#resolve(page, detail, true)}>Keep my text</button>
        <button class="button" type="button" @click=${() => this.#resolve(page, detail, false)}>Take revision ${detail.revision}</button>
      </div>
    </section>`;
  }

  #resolve(page: Slide, { revision }: Detail, isMine: boolean): void {
    if (!this.draft) return;
    this.draft = isMine ? keepMine(this.draft, page, revision) : draftOf(page, revision);
    this.problem = "";
  }

  #pictures(page: Slide, detail: Detail): TemplateResult {
    const isBehind = this.#isSaving || !page.isDrawn;
    const picture = page.jpg ?? page.png;
    return html`<div class="pictures">
      <div>
        ${this.previewProblem ? html`<cf-notice tone="warn">${this.previewProblem}</cf-notice>` : nothing}
        <slide-preview .link=${this.preview} .format=${detail.look.format} alt="Preview of slide ${page.number}"></slide-preview>
      </div>
      <figure>
        <figcaption>Picture <span class="soft">${isBehind ? "is being drawn" : `of revision ${detail.revision}`}</span></figcaption>
        ${picture ? html`<img class=${isBehind ? "old" : ""} src=${this.linkOf(picture)} alt=${page.alt || page.title} />` : html`<div class="blank ${detail.look.format}"></div>`}
      </figure>
    </div>`;
  }

  async #save(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const { draft, detail } = this;
    if (!draft || !detail || this.isBusy) return;
    const body = { revision: draft.revision, ...this.#textsToSend(draft) };
    await this.#send(async () => {
      const path = carouselPath(detail.id, "slides", this.slide);
      await this.api.call("PUT", path, { body });
      this.accepted = draft;
      toast("Saved. The slide is being drawn.");
    });
  }

  async #again(): Promise<void> {
    const { detail, slide } = this;
    if (!detail) return;
    await this.#send(async () => {
      const body = { revision: detail.revision, number: slide };
      await this.api.call("POST", carouselPath(detail.id, "again"), { body });
      toast("The slide is being written again.");
    });
  }

  async #send(work: () => Promise<void>): Promise<void> {
    this.isBusy = true;
    this.problem = "";
    try {
      await work();
    } catch (error) {
      const isMoved = error instanceof CallError && error.code === "revision_moved";
      this.problem = isMoved
        ? "The carousel has a newer revision. Your text is kept; save it again."
        : explain(error);
    }
    this.isBusy = false;
    this.dispatchEvent(new Event("acted"));
  }
}
