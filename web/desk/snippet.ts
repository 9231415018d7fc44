// Text to copy: a snippet, a key or a secret.
import { css, html, type TemplateResult } from "lit";
import { copyText } from "../ui/copy";
import { icon } from "../ui/icons";

export function copyBox(label: string, text: string): TemplateResult {
  return html`<div class="copy-box">
    <pre tabindex="0" aria-label=${label} dir="ltr">${text}</pre>
    <button class="button small" type="button" aria-label="Copy: ${label}" @click=${() => copyText(text)}>${icon("copy")} Copy</button>
  </div>`;
}

export const copyBoxStyle = css`
  .copy-box {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2);
    padding: var(--s2);
    border: 1px solid var(--line);
    border-radius: var(--r2);
    background: var(--sunken);
  }
  .copy-box pre {
    flex: 1 1 14rem;
    min-inline-size: 0;
    padding: var(--s1);
    font-family: var(--mono);
    font-size: var(--t2);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
`;
