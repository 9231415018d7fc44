// Requests a carousel from here: a topic, an own text or a verse.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import "../ui/dialog";
import "../ui/notice";
import type { CarouselApi } from "./api";
import {
  type Format,
  formats,
  MAX_SLIDES,
  MAX_SOURCE,
  MAX_TOPIC,
  type NewCarousel,
  type Template,
  templates,
} from "./contract";
import { countedField, countedFieldStyle } from "./counted-field";
import { graphemes } from "./graphemes";
import { formatWords, languageName, languages, templateWords } from "./words";

type Kind = "topic" | "text" | "wisdom";

const kinds: [kind: Kind, label: string][] = [
  ["topic", "A topic"],
  ["text", "My own text"],
  ["wisdom", "A verse"],
];
const DEFAULT_SLIDES = 7;

@customElement("carousel-create")
export class CreateDialog extends LitElement {
  static override styles = [
    base,
    controls,
    countedFieldStyle,
    css`
      form {
        display: grid;
        gap: var(--s4);
      }
      fieldset {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1) var(--s4);
        margin: 0;
        padding: 0;
        border: 0;
        font-size: var(--t2);
      }
      legend {
        margin-block-end: var(--s1);
        padding: 0;
        font-weight: 500;
      }
      fieldset label {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
        min-block-size: 1.75rem;
      }
      .two {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 10rem), 1fr));
        gap: var(--s3);
      }
      .actions {
        display: flex;
        justify-content: flex-end;
      }
    `,
  ];

  @property({ attribute: false }) api!: CarouselApi;
  @property({ type: Boolean }) open = false;
  @state() private kind: Kind = "topic";
  @state() private text = "";
  @state() private isBusy = false;
  @state() private problem = "";
  /** One key for one request, so that a request whose answer was lost is not made twice. */
  #sent = { request: "", key: "" };

  override render() {
    return html`<cf-dialog heading="New carousel" .open=${this.open} @dismiss=${this.#close}>${this.open ? this.#form() : nothing}</cf-dialog>`;
  }

  get #limit(): number {
    return this.kind === "topic" ? MAX_TOPIC : MAX_SOURCE;
  }

  #form(): TemplateResult {
    const { kind, text } = this;
    const length = graphemes(text.trim());
    const isComplete = kind === "wisdom" || (length > 0 && length <= this.#limit);
    return html`<form @submit=${this.#submit}>
      <fieldset>
        <legend>Made from</legend>
        ${kinds.map(([one, label]) => html`<label><input type="radio" name="kind" value=${one} .checked=${one === kind} @change=${() => (this.kind = one)} />${label}</label>`)}
      </fieldset>
      ${
        kind === "wisdom"
          ? html`<p class="hint">One slide with a verse from the shelf, printed with its source.</p>`
          : countedField({
              name: "text",
              label: kind === "topic" ? "Topic" : "Text",
              value: text,
              limit: this.#limit,
              rows: kind === "topic" ? 2 : 7,
              isRequired: true,
              input: (value) => (this.text = value),
            })
      }
      <div class="two">
        ${kind === "wisdom" ? nothing : html`<label class="field">Slides <input class="input figures" name="slidesCount" type="number" inputmode="numeric" min="1" max=${MAX_SLIDES} required value=${DEFAULT_SLIDES} /></label>`}
        <label class="field">Language
          <select class="input" name="language">
            <option value="">As the text is</option>
            ${languages.map((code) => html`<option value=${code}>${languageName(code)}</option>`)}
          </select>
        </label>
        <label class="field">Template
          <select class="input" name="template">${templates.map((one) => html`<option value=${one}>${templateWords[one]}</option>`)}</select>
        </label>
        <label class="field">Format
          <select class="input" name="format">${formats.map((one) => html`<option value=${one}>${formatWords[one]}</option>`)}</select>
        </label>
      </div>
      ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
      <div class="actions"><button class="button main" ?disabled=${this.isBusy || !isComplete}>${this.isBusy ? "Requesting" : "Create"}</button></div>
    </form>`;
  }

  #requestOf(data: FormData): NewCarousel {
    const language = String(data.get("language") ?? "");
    const text = this.text.trim();
    const source = { topic: { topic: text }, text: { text }, wisdom: { wisdom: true } }[this.kind];
    return {
      ...source,
      ...(this.kind === "wisdom" ? {} : { slidesCount: Number(data.get("slidesCount")) }),
      ...(language === "" ? {} : { language }),
      template: String(data.get("template")) as Template,
      format: String(data.get("format")) as Format,
    };
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    const body = this.#requestOf(new FormData(event.target as HTMLFormElement));
    const request = JSON.stringify(body);
    if (request !== this.#sent.request) this.#sent = { request, key: crypto.randomUUID() };
    this.isBusy = true;
    this.problem = "";
    try {
      const headers = { "idempotency-key": this.#sent.key };
      const { carousel } = await this.api.call<{ carousel: string }>("POST", "/carousels", {
        body,
        headers,
      });
      this.#sent = { request: "", key: "" };
      this.text = "";
      this.dispatchEvent(new CustomEvent("created", { detail: carousel }));
    } catch (error) {
      this.problem = explain(error);
    }
    this.isBusy = false;
  }

  #close(): void {
    this.problem = "";
    this.dispatchEvent(new Event("dismiss"));
  }
}
