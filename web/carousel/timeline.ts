// What happened to a carousel, in the API's causal order, with the time since the request.
import { css, html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { duration, exact } from "../ui/format";
import { type IconName, icon } from "../ui/icons";
import type { CarouselEvent } from "./contract";
import { eventJson, subjectOf, summaryOf } from "./event-data";

function iconOf(type: string): IconName {
  if (/failed|error/.test(type)) return "failed";
  if (/cancelled/.test(type)) return "ban";
  if (/completed$|delivered$/.test(type) && type.startsWith("carousel.")) return "tick";
  if (type.startsWith("user.")) return "chat";
  if (type.startsWith("ai.")) return "bolt";
  return "photo";
}

export function timeline(events: CarouselEvent[]): TemplateResult {
  const start = Math.min(...events.map(({ timestamp }) => Date.parse(timestamp)));
  return html`<ol class="timeline">
    ${repeat(
      events,
      ({ id }) => id,
      (event, index) => {
        const isNew = subjectOf(event).revision !== revisionBefore(events, index);
        return step(event, Date.parse(event.timestamp) - start, isNew);
      },
    )}
  </ol>`;
}

function revisionBefore(events: CarouselEvent[], index: number): number | undefined {
  const before = events[index - 1];
  return before && subjectOf(before).revision;
}

/** The revision is named where it changes. */
function step(event: CarouselEvent, afterMs: number, isNewRevision: boolean): TemplateResult {
  const { revision } = subjectOf(event);
  return html`<li class=${/failed|error/.test(event.type) ? "bad" : ""}>
    <span class="after soft figures" title=${exact(Date.parse(event.timestamp))}>${afterMs === 0 ? "start" : `+${duration(afterMs)}`}</span>
    <span class="node">${icon(iconOf(event.type))}</span>
    <div>
      <p><strong class="mono">${event.type}</strong>${isNewRevision && revision ? html` <span class="badge">revision ${revision}</span>` : ""}</p>
      <span class="soft" dir="auto">${summaryOf(event)}</span> ${eventJson(event)}
    </div>
  </li>`;
}

export const timelineStyle = css`
  .timeline li {
    display: grid;
    grid-template-columns: 4.5rem 1.5rem minmax(0, 1fr);
    gap: 0 var(--s3);
    font-size: var(--t2);
  }
  .timeline .after {
    text-align: end;
  }
  .timeline .node {
    position: relative;
    display: grid;
    justify-items: center;
    align-content: start;
    color: var(--accent);
  }
  .timeline li:not(:last-child) .node::after {
    content: "";
    position: absolute;
    inset-block: 1.5rem 0.15rem;
    inline-size: 1px;
    background: var(--line);
  }
  .timeline .bad .node {
    color: var(--bad);
  }
  .timeline li > div {
    padding-block-end: var(--s3);
    overflow-wrap: anywhere;
  }
  .timeline strong {
    font-weight: 500;
  }
  .timeline p + .soft {
    font-size: var(--t1);
  }
  @media (max-width: 30rem) {
    .timeline li {
      grid-template-columns: 1.5rem minmax(0, 1fr);
    }
    .timeline .after {
      grid-column: 2;
      grid-row: 2;
      text-align: start;
      font-size: var(--t1);
    }
    .timeline li > div {
      padding-block-end: 0;
    }
    .timeline li:not(:last-child) .after {
      padding-block-end: var(--s3);
    }
    .timeline .node {
      grid-row: span 2;
    }
  }
`;
