// The form before the chat: its fields, in the order in which visitors fill them in.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import { icon } from "../../ui/icons";
import type { PrechatField, PrechatType } from "../contract";
import { checkField, selectField, textField } from "../field";
import { formStyle } from "../form.style";
import { deskIcon } from "../icons";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import type { BotDraft } from "./bot-draft";
import { keyOf } from "./form-keys";
import { linesField } from "./lines-field";
import { botSectionStyle } from "./section.style";

const MAX_FIELDS = 8;

const types: readonly (readonly [PrechatType, string])[] = [
  ["text", "Text"],
  ["email", "Email address"],
  ["select", "List"],
  ["checkbox", "Checkbox"],
];

@customElement("form-section")
export class FormSection extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    pageStyle,
    botSectionStyle,
    css`
      :host {
        padding: 0;
      }
    `,
  ];

  @property({ attribute: false }) draft!: BotDraft;

  constructor() {
    super();
    new Observing(this, () => [this.draft]);
  }

  override render() {
    const { prechat } = this.draft.settings;
    const error = this.draft.error("prechat");
    return html`<section class="panel">
      <h2>Form before the chat</h2>
      <p class="lead">Short forms are filled in. Fields with the keys name and email fill the contact too.</p>
      ${prechat.length === 0 ? html`<cf-empty heading="No form">Visitors write at once.</cf-empty>` : prechat.map((field, index) => this.#field(field, index))}
      ${error ? html`<span class="wrong">${error}</span>` : nothing}
      ${
        prechat.length < MAX_FIELDS
          ? html`<div class="actions">
              ${this.#known("name", "Name", "text")} ${this.#known("email", "Email", "email")}
              <button class="button" type="button" @click=${() => this.#add({ key: keyOf("field", this.#keys), label: "", type: "text", required: false })}>${icon("add")} Field</button>
            </div>`
          : nothing
      }
    </section>`;
  }

  get #keys(): string[] {
    return this.draft.settings.prechat.map(({ key }) => key);
  }

  #known(key: string, label: string, type: PrechatType): TemplateResult | typeof nothing {
    if (this.#keys.includes(key)) return nothing;
    return html`<button class="button" type="button" @click=${() => this.#add({ key, label, type, required: true })}>${icon("add")} ${label}</button>`;
  }

  #field(field: PrechatField, index: number): TemplateResult {
    const { draft } = this;
    const path = `prechat[${index}]`;
    const change = (part: Partial<PrechatField>, at = path) => this.#change(index, part, at);
    const last = draft.settings.prechat.length - 1;
    return html`<fieldset class="card">
      <div class="card-head">
        <strong dir="auto">${field.label || "New field"}</strong>
        <button class="button bare small" type="button" aria-label="Move up" ?disabled=${index === 0} @click=${() => this.#move(index, -1)}>${deskIcon("up")}</button>
        <button class="button bare small" type="button" aria-label="Move down" ?disabled=${index === last} @click=${() => this.#move(index, 1)}>${deskIcon("below")}</button>
        <button class="button bare small" type="button" aria-label="Remove" @click=${() => this.#remove(index)}>${icon("trash")}</button>
      </div>
      <div class="two">
        ${textField({ label: "Label", name: `${path}.label`, value: field.label, maxLength: 80, error: draft.error(`${path}.label`), input: (label) => change({ label }, `${path}.label`) })}
        ${selectField({ label: "Type", name: `${path}.type`, value: field.type, options: types, change: (type) => change({ type, options: type === "select" ? (field.options ?? []) : [] }) })}
        ${textField({ label: "Key", name: `${path}.key`, value: field.key, hint: "By which answers are found.", error: draft.error(`${path}.key`), input: (key) => change({ key }, `${path}.key`) })}
      </div>
      ${field.type === "select" ? linesField({ label: "Options, one in each line", name: `${path}.options`, lines: field.options ?? [], error: draft.listError(`${path}.options`), change: (options) => change({ options }, `${path}.options`) }) : nothing}
      ${checkField(field.type === "checkbox" ? "Must be ticked" : "Required", field.required, (required) => change({ required }))}
    </fieldset>`;
  }

  #add(field: PrechatField): void {
    this.draft.set({ prechat: [...this.draft.settings.prechat, field] });
  }

  #change(index: number, part: Partial<PrechatField>, path: string): void {
    const { prechat } = this.draft.settings;
    const changed = prechat.map((field, at) => {
      if (at !== index) return field;
      // The key of a new field follows its label.
      const others = this.#keys.filter((_, other) => other !== index);
      const isNew = /^field(_\d+)?$/.test(field.key) || field.key === keyOf(field.label, others);
      const isKnown = field.key === "name" || field.key === "email";
      const key =
        part.label !== undefined && isNew && !isKnown ? keyOf(part.label, others) : field.key;
      return { ...field, key, ...part };
    });
    this.draft.set({ prechat: changed }, path);
  }

  #move(index: number, step: 1 | -1): void {
    const prechat = [...this.draft.settings.prechat];
    const [field] = prechat.splice(index, 1);
    if (field) prechat.splice(index + step, 0, field);
    this.draft.set({ prechat });
  }

  #remove(index: number): void {
    this.draft.set({ prechat: this.draft.settings.prechat.filter((_, at) => at !== index) });
  }
}
