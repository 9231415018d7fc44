// Links to the parts of a page. A part with problems says how many.
import { css, html, nothing, type TemplateResult } from "lit";

export interface Tab {
  label: string;
  link: string;
  isCurrent: boolean;
  problems?: number;
}

export function tabs(label: string, items: Tab[]): TemplateResult {
  return html`<nav class="tabs" aria-label=${label}>
    ${items.map(
      (tab) =>
        html`<a href=${tab.link} aria-current=${tab.isCurrent ? "page" : nothing}>${tab.label}${tab.problems ? html` <b class="badge bad">${tab.problems}<span class="only-read"> to correct</span></b>` : nothing}</a>`,
    )}
  </nav>`;
}

export const tabsStyle = css`
  .tabs {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--s1);
    border-block-end: 1px solid var(--line);
  }
  .tabs a {
    padding: var(--s2) var(--s3);
    border-block-end: 2px solid transparent;
    color: var(--ink-soft);
    font-size: var(--t2);
    text-decoration: none;
  }
  .tabs a:hover {
    color: var(--ink);
  }
  .tabs a[aria-current] {
    border-color: var(--accent);
    color: var(--ink);
    font-weight: 600;
  }
`;
