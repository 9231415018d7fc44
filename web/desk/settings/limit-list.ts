// The limits of a plan, each with a bar.
import { css, html, nothing, type TemplateResult } from "lit";
import { count } from "../../ui/format";
import type { Limit, Limits } from "../contract";
import { exactly, limitWords, planWords } from "../words";

const policyWords: Record<Limit["policy"], string> = {
  hard: "More is refused",
  soft: "More is allowed, and you are told",
  metered: "More is allowed, and charged",
};

/** The limits of a workspace, each with a bar. */
export function limitList({ plan, limits }: Limits): TemplateResult {
  return html`<section class="panel">
    <h2>${planWords[plan]}</h2>
    <ul class="limits">${limits.map((limit) => bar(limit))}</ul>
  </section>`;
}

function bar(limit: Limit): TemplateResult {
  const { name, used, reserved, resets_at, policy, cap } = limit;
  const most = cap === null ? limit.limit : Math.min(cap, limit.limit);
  const all = used + reserved;
  const share = most === 0 ? 1 : Math.min(1, all / most);
  const look = share >= 1 ? "full" : share >= 0.8 ? "near" : "";
  const label = limitWords[name] ?? name;
  return html`<li>
    <b>${label}</b>
    <span class="amount">${count(all)} of ${count(most)}</span>
    <div class="bar ${look}" role="meter" aria-label=${label} aria-valuemin="0" aria-valuemax=${most} aria-valuenow=${Math.min(all, most)}><i .style=${`inline-size:${share * 100}%`}></i></div>
    <small>${policyWords[policy]}${reserved > 0 ? ` · ${count(reserved)} reserved` : nothing}${resets_at ? ` · begins anew ${exactly(resets_at)}` : nothing}</small>
  </li>`;
}

export const limitListStyle = css`
  .limits li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 2px var(--s3);
    padding-block: var(--s2);
    border-block-end: 1px solid var(--line);
    font-size: var(--t2);
  }
  .limits li:last-child {
    border: 0;
  }
  .limits .amount {
    font-variant-numeric: tabular-nums;
  }
  .limits b {
    font-weight: 500;
  }
  .limits .bar {
    grid-column: 1 / -1;
    block-size: 0.5rem;
    border-radius: 1rem;
    background: var(--sunken);
    overflow: hidden;
  }
  .limits .bar i {
    display: block;
    block-size: 100%;
    border-radius: 1rem;
    background: var(--accent);
  }
  .limits .bar.near i {
    background: var(--warn);
  }
  .limits .bar.full i {
    background: var(--bad);
  }
  .limits small {
    grid-column: 1 / -1;
    color: var(--ink-soft);
    font-size: var(--t1);
  }
`;
