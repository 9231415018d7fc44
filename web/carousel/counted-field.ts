// A text field with its count of characters and their limit.
import { css, html, type TemplateResult } from "lit";
import { graphemes } from "./graphemes";

export interface CountedField {
  name: string;
  label: string;
  value: string;
  limit: number;
  rows: number;
  isRequired?: boolean;
  input: (text: string) => void;
}

export function countedField(field: CountedField): TemplateResult {
  const { name, label, value, limit, rows, isRequired = false, input } = field;
  const length = graphemes(value);
  const isOver = length > limit;
  const over = isOver ? `, ${length - limit} too many` : "";
  return html`<div class="field">
    <label for=${name}>${label}</label>
    <textarea class="input" id=${name} name=${name} rows=${rows} dir="auto" ?required=${isRequired} aria-describedby="${name}-count" aria-invalid=${isOver ? "true" : "false"} .value=${value} @input=${(event: Event) => input((event.target as HTMLTextAreaElement).value)}></textarea>
    <small id="${name}-count" class="figures ${isOver ? "bad" : ""}">${length} of ${limit}<span class="only-read"> characters</span>${over}</small>
  </div>`;
}

export const countedFieldStyle = css`
  .field small.bad {
    color: var(--bad);
    font-weight: 500;
  }
  textarea[aria-invalid="true"] {
    border-color: var(--bad);
  }
`;
