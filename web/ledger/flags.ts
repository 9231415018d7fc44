// Flags that need a manual review, each with its resolution. Empty when all is well.
import { css, html, nothing, type TemplateResult } from "lit";
import type { Flag, FlagKind } from "../api/ledger";
import { plural } from "../ui/format";
import "../ui/time";
import { orderLink } from "./paths";
import type { Day } from "./store";
import { flagWords } from "./words";

const MAX_SHOWN_NOTICES = 3;

export function flags({ flags: all }: Day): TemplateResult | typeof nothing {
  // A resolved payment is history.
  const open = all.filter(({ is_open }) => is_open).reverse();
  if (open.length === 0) return nothing;
  const kinds = new Map<FlagKind, Flag[]>();
  for (const one of open) kinds.set(one.flag, [...(kinds.get(one.flag) ?? []), one]);
  return html`<section class="flags" aria-labelledby="flags-title">
    <h2 id="flags-title">Needs attention</h2>
    <ul>
      ${[...kinds].map(([kind, found]) => flagged(kind, found))}
    </ul>
  </section>`;
}

function flagged(kind: FlagKind, found: Flag[]): TemplateResult {
  const { what, todo } = flagWords[kind];
  const rest = found.slice(MAX_SHOWN_NOTICES);
  return html`<li>
    <h3>${what} <span class="badge bad">${plural(found.length, "notice")}</span></h3>
    <p>${todo}</p>
    <ul>${found.slice(0, MAX_SHOWN_NOTICES).map(notice)}</ul>
    ${rest.length > 0 ? html`<details><summary>${plural(rest.length, "earlier notice")}</summary><ul>${rest.map(notice)}</ul></details>` : nothing}
  </li>`;
}

function notice({ order_id, payment, event, at }: Flag): TemplateResult {
  return html`<li class="notice">
    ${order_id ? html`<a class="mono" href=${orderLink(order_id)}>${order_id}</a>` : nothing} ${payment ? html`<span class="mono">${payment}</span>` : nothing} <span class="mono soft">${event}</span>
    <cf-time class="soft" .at=${Date.parse(at)}></cf-time>
  </li>`;
}

export const flagsStyle = css`
  .flags {
    display: grid;
    gap: var(--s2);
    padding: var(--s3) var(--s4);
    border-inline-start: 3px solid var(--bad);
    background: var(--bad-soft);
    font-size: var(--t2);
  }
  .flags h2 {
    font-size: var(--t4);
    font-weight: 600;
  }
  .flags > ul {
    display: grid;
    gap: var(--s4);
  }
  .flags h3 {
    font-size: var(--t3);
    font-weight: 600;
  }
  .flags p {
    max-inline-size: 75ch;
    margin-block-end: var(--s1);
  }
  .flags .soft {
    color: var(--ink);
  }
  .flags .badge.bad {
    background: var(--paper);
  }
  .notice {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--s3);
    overflow-wrap: anywhere;
  }
  .notice > * {
    min-inline-size: 0;
  }
  .flags summary {
    cursor: pointer;
  }
`;
