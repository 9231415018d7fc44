// Template and format of a carousel. Each change is a revision that draws the slides anew.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { type Detail, type Format, formats, type Template, templates } from "./contract";
import { formatWords, templateWords } from "./words";

export type LookChange = { template: Template } | { format: Format };

@customElement("carousel-look")
export class LookForm extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        gap: var(--s3);
      }
      form {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: var(--s2);
      }
      .field {
        flex: 1 1 12rem;
      }
      p {
        font-size: var(--t2);
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) look!: Detail["look"];
  @property({ type: Boolean }) isBusy = false;
  @state() private template: Template = "essay";
  @state() private format: Format = "portrait";

  override willUpdate(changed: PropertyValues<this>): void {
    const former = changed.get("look");
    if (!changed.has("look")) return;
    // A fetch that brought the same look leaves the choices alone.
    if (former?.template !== this.look.template) this.template = this.look.template;
    if (former?.format !== this.look.format) this.format = this.look.format;
  }

  override render() {
    const { template, format, look } = this;
    return html`
      ${this.#form(
        { template },
        template === look.template,
        html`<label class="field">Template
        <select class="input" @change=${(event: Event) => (this.template = chosen(event) as Template)}>
          ${templates.map((one) => html`<option value=${one} .selected=${one === template}>${templateWords[one]}</option>`)}
        </select>
      </label>`,
      )}
      ${this.#form(
        { format },
        format === look.format,
        html`<label class="field">Format
        <select class="input" @change=${(event: Event) => (this.format = chosen(event) as Format)}>
          ${formats.map((one) => html`<option value=${one} .selected=${one === format}>${formatWords[one]}</option>`)}
        </select>
      </label>`,
      )}
      ${this.#brand()}
    `;
  }

  #form(change: LookChange, isSame: boolean, field: TemplateResult): TemplateResult {
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      this.dispatchEvent(new CustomEvent<LookChange>("look", { detail: change }));
    };
    const what = "template" in change ? "template" : "format";
    return html`<form @submit=${submit}>
      ${field}
      <button class="button" ?disabled=${this.isBusy || isSame}>Change the ${what}</button>
    </form>`;
  }

  #brand(): TemplateResult | typeof nothing {
    const { name, handle, color } = this.look.brand ?? {};
    const texts = [name, handle, color].filter(Boolean);
    if (texts.length === 0) return nothing;
    return html`<p class="soft" dir="auto">Brand: ${texts.join(", ")}</p>`;
  }
}

function chosen(event: Event): string {
  return (event.target as HTMLSelectElement).value;
}
