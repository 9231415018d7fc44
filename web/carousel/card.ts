// One carousel in the pipeline: a link with its title, progress, origin, language and age.
import { css, html, nothing, type TemplateResult } from "lit";
import { now } from "../ui/clock";
import { plural, span } from "../ui/format";
import "../ui/time";
import { isRunning } from "./board";
import type { Card } from "./contract";
import { carouselLink } from "./links";
import { failureText, languageName, originWords } from "./words";

/** The saga's own deadlines are shorter, so a card that waits longer is stuck. */
const OVERDUE_MS = 5 * 60_000;

/** Delivery may wait for a person, so it is never overdue here. */
export function isOverdue({ state, changedAt }: Card, at: number): boolean {
  const isAtWork = state === "requested" || state === "rendering";
  return isAtWork && at - Date.parse(changedAt) > OVERDUE_MS;
}

export function cardView(card: Card): TemplateResult {
  const { id, state, title, origin, language, isComposed, requestedAt, changedAt } = card;
  const isAtWork = isRunning(state);
  return html`<li data-key=${id}>
    <a class="card" href=${carouselLink(id)}>
      <span class="title ${title ? "" : "soft"}" dir="auto">${title ?? "Not written yet"}</span>
      ${state === "failed" ? html`<span class="why bad">${failureText(card.failure ?? "unknown").what}</span>` : nothing}
      <span class="line">
        <span>${progress(card)}</span>
        <cf-time .at=${Date.parse(isAtWork ? requestedAt : changedAt)}></cf-time>
      </span>
      ${isAtWork ? ticks(card) : nothing}
      ${isOverdue(card, now()) ? html`<span class="badge warn">no change for ${span(now() - Date.parse(changedAt))}</span>` : nothing}
      <span class="line">
        <span><span>${languageName(language)}</span> · <span>${originWords[origin] ?? origin}</span></span>
        ${isComposed ? html`<span class="badge">no model</span>` : nothing}
      </span>
    </a>
  </li>`;
}

function progress({ state, slides }: Card): string {
  const of = isRunning(state) ? `${slides.done} of ` : "";
  return `${of}${plural(isRunning(state) ? slides.total : slides.done, "slide")}`;
}

function ticks({ slides }: Card): TemplateResult {
  const parts = Array.from({ length: slides.total }, (_, index) => index < slides.done);
  return html`<span class="ticks" aria-hidden="true">${parts.map((isDone) => html`<i class=${isDone ? "done" : ""}></i>`)}</span>`;
}

export const cardStyle = css`
  .card {
    display: grid;
    gap: var(--s1);
    padding: var(--s2) var(--s3);
    border: 1px solid var(--line);
    border-radius: var(--r2);
    background: var(--raised);
    color: var(--ink);
    font-size: var(--t2);
    text-decoration: none;
    transition: border-color var(--quick);
  }
  .card:hover {
    border-color: var(--line-strong);
  }
  .card:focus-visible {
    border-radius: var(--r2);
  }
  .card .title {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    overflow: hidden;
    font-weight: 500;
    overflow-wrap: anywhere;
  }
  .card .title.soft {
    font-weight: 400;
  }
  .card .badge {
    justify-self: start;
  }
  .card .why {
    font-size: var(--t1);
  }
  .card .line {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    justify-content: space-between;
    gap: 0 var(--s2);
    color: var(--ink-soft);
    font-size: var(--t1);
    font-variant-numeric: tabular-nums;
  }
  .ticks {
    display: flex;
    gap: 2px;
  }
  .ticks i {
    flex: 1;
    block-size: 4px;
    border-radius: 2px;
    background: var(--line);
    transition: background var(--quick);
  }
  .ticks i.done {
    background: var(--accent);
  }
`;
