// A list of named figures.
import { css, html, type TemplateResult } from "lit";

export function figures(items: [name: string, value: unknown][]): TemplateResult {
  return html`<dl class="figures-list">${items.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export const figuresStyle = css`
  .figures-list {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr));
    gap: var(--s2) var(--s4);
    font-size: var(--t2);
  }
  .figures-list dt {
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .figures-list dd {
    font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere;
  }
`;
