// From the first message to the export: people at each step, and how many of the step before.
import { css, html, type TemplateResult } from "lit";
import "../ui/empty";
import { count } from "../ui/format";
import type { Stats } from "./contract";
import { asWords } from "./words";

const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });

/** The share of the step before; empty for the first step and after an empty one. */
export function shareOf(people: number, before: number | undefined): string {
  return before === undefined || before === 0 ? "" : percent.format(people / before);
}

export function funnel(steps: Stats["funnel"]): TemplateResult {
  const most = Math.max(...steps.map(({ people }) => people), 0);
  if (most === 0)
    return html`<cf-empty heading="No people yet">The funnel begins when a person starts the bot.</cf-empty>`;
  return html`<div class="compact"><table class="funnel">
    <caption class="only-read">People at each step</caption>
    <thead>
      <tr><th scope="col">Step</th><th scope="col"><span class="only-read">Share of the largest step</span></th><th scope="col" class="figures">People</th><th scope="col" class="figures">Of the step before</th></tr>
    </thead>
    <tbody>
      ${steps.map(({ step, people }, index) => {
        const share = shareOf(people, steps[index - 1]?.people);
        return html`<tr>
          <th scope="row">${asWords(step)}</th>
          <td class="bar"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="10" rx="1" class="rail" /><rect width=${(people / most) * 100} height="10" rx="1" /></svg><span class="only-read">${percent.format(people / most)}</span></td>
          <td class="figures">${count(people)}</td>
          <td class="figures soft">${share}</td>
        </tr>`;
      })}
    </tbody>
  </table></div>`;
}

export const funnelStyle = css`
  .funnel th,
  .funnel td {
    padding: var(--s1) var(--s3) var(--s1) 0;
    border: 0;
    vertical-align: middle;
    text-align: start;
    font-weight: 400;
  }
  .funnel thead th {
    vertical-align: bottom;
    white-space: normal;
  }
  .funnel tbody th {
    white-space: nowrap;
  }
  .funnel .bar {
    position: relative;
    inline-size: 40%;
  }
  .funnel .bar svg {
    display: block;
    inline-size: 100%;
    block-size: 0.75rem;
  }
  .funnel rect {
    fill: var(--accent);
  }
  .funnel rect.rail {
    fill: var(--sunken);
  }
  .funnel .figures {
    text-align: end;
  }
`;
