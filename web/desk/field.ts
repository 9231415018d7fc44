// A labelled field with its hint, and what is wrong with it.
import { html, nothing, type TemplateResult } from "lit";

interface Field {
  label: string;
  name: string;
  control: (attributes: { id: string; describedBy: string; isInvalid: boolean }) => TemplateResult;
  hint?: unknown;
  error?: string | undefined;
}

/** Lays out a control of another kind than a text. */
export function field({ label, name, control, hint, error }: Field): TemplateResult {
  const id = `field-${name.replaceAll(/[^a-z0-9]/gi, "-")}`;
  const parts = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""];
  const attributes = { id, describedBy: parts.join(" ").trim(), isInvalid: Boolean(error) };
  return html`<div class="field" data-field=${name}>
    <label for=${id}>${label}</label>
    ${control(attributes)}
    ${error ? html`<span class="wrong" id="${id}-error">${error}</span>` : nothing}
    ${hint ? html`<small id="${id}-hint">${hint}</small>` : nothing}
  </div>`;
}

interface TextField {
  label: string;
  name: string;
  value?: string;
  type?: "text" | "email" | "password" | "url" | "number" | "tel" | "date" | "datetime-local";
  rows?: number;
  autocomplete?: string;
  placeholder?: string;
  maxLength?: number;
  min?: number;
  max?: number;
  isRequired?: boolean;
  isReadOnly?: boolean;
  isBig?: boolean;
  hint?: unknown;
  error?: string | undefined;
  input?: (value: string) => void;
}

export function textField(options: TextField): TemplateResult {
  const { label, name, hint, error, rows, input } = options;
  const typed = (event: Event) => input?.((event.target as HTMLInputElement).value);
  return field({
    label,
    name,
    hint,
    error,
    control: ({ id, describedBy, isInvalid }) =>
      rows
        ? html`<textarea class="input" id=${id} name=${name} rows=${rows} dir="auto" .value=${options.value ?? ""} maxlength=${options.maxLength ?? nothing} placeholder=${options.placeholder ?? nothing} aria-describedby=${describedBy || nothing} aria-invalid=${isInvalid} ?required=${options.isRequired} ?readonly=${options.isReadOnly} @input=${typed}></textarea>`
        : html`<input class="input ${options.isBig ? "big" : ""}" id=${id} name=${name} type=${options.type ?? "text"} dir=${isLatin(options.type) ? "ltr" : "auto"} .value=${options.value ?? ""} autocomplete=${(options.autocomplete ?? "off") as AutoFill} placeholder=${options.placeholder ?? nothing} maxlength=${options.maxLength ?? nothing} min=${options.min ?? nothing} max=${options.max ?? nothing} aria-describedby=${describedBy || nothing} aria-invalid=${isInvalid} ?required=${options.isRequired} ?readonly=${options.isReadOnly} @input=${typed} />`,
  });
}

/** Addresses, passwords and numbers are written from left to right in every language. */
function isLatin(type: TextField["type"]): boolean {
  return type !== undefined && type !== "text";
}

interface SelectField<Value extends string> {
  label: string;
  name: string;
  value: Value;
  options: readonly (readonly [Value, string])[];
  hint?: unknown;
  error?: string | undefined;
  isDisabled?: boolean;
  change: (value: Value) => void;
}

export function selectField<Value extends string>({
  label,
  name,
  value,
  options,
  hint,
  error,
  isDisabled = false,
  change,
}: SelectField<Value>): TemplateResult {
  return field({
    label,
    name,
    hint,
    error,
    control: ({ id, describedBy, isInvalid }) =>
      html`<select class="input" id=${id} name=${name} aria-describedby=${describedBy || nothing} aria-invalid=${isInvalid} ?disabled=${isDisabled} @change=${(event: Event) => change((event.target as HTMLSelectElement).value as Value)}>
        ${options.map(([one, words]) => html`<option value=${one} ?selected=${one === value}>${words}</option>`)}
      </select>`,
  });
}

export function checkField(
  label: unknown,
  isChecked: boolean,
  change: (isChecked: boolean) => void,
  hint: unknown = "",
  isDisabled = false,
): TemplateResult {
  return html`<label class="check">
    <input type="checkbox" .checked=${isChecked} ?disabled=${isDisabled} @change=${(event: Event) => change((event.target as HTMLInputElement).checked)} />
    <span>${label}</span>
    ${hint ? html`<small>${hint}</small>` : nothing}
  </label>`;
}
