// An event's data in words, and all of it as JSON on demand.
import { css, html, type TemplateResult } from "lit";
import { count, duration } from "../ui/format";
import type { CarouselEvent } from "./contract";
import { dollars } from "./micros";
import { asWords } from "./words";

interface Subject {
  carousel?: string;
  revision?: number;
}

/** The carousel that an event is about. */
export function subjectOf({ data }: CarouselEvent): Subject {
  const { subject } = data as { subject?: unknown };
  return typeof subject === "object" && subject !== null ? (subject as Subject) : {};
}

/** Short values, in the order of the event; lists and objects as their size. */
export function summaryOf({ data }: CarouselEvent): string {
  return Object.entries(data)
    .filter(([name, value]) => name !== "subject" && value !== null)
    .map(([name, value]) => part(name, value))
    .join(", ");
}

function part(name: string, value: unknown): string {
  const words = asWords(name).toLowerCase().replace(/^is /, "");
  if (typeof value === "boolean") return value ? words : `not ${words}`;
  if (Array.isArray(value)) return `${words} ${value.length}`;
  if (typeof value === "object") return words;
  if (typeof value !== "number") return `${words} ${value}`;
  if (/micros$/i.test(name)) return dollars(value);
  return /millis$/i.test(name)
    ? `${words} ${duration(value)}`.replace(/ ?millis /, " ").trim()
    : `${words} ${count(value)}`;
}

export function eventJson(event: CarouselEvent): TemplateResult {
  return html`<details>
    <summary aria-label="JSON of ${event.id}">JSON</summary>
    <pre class="mono" tabindex="0" aria-label="Event ${event.id}">${JSON.stringify(event, null, 2)}</pre>
  </details>`;
}

export const eventStyle = css`
  details:not([open]) {
    display: inline-block;
    margin-inline-start: var(--s1);
  }
  details summary {
    inline-size: max-content;
    color: var(--ink-soft);
    font-size: var(--t1);
    cursor: pointer;
  }
  details pre {
    max-block-size: 20rem;
    margin-block: var(--s2);
    padding: var(--s3);
    border-radius: var(--r2);
    background: var(--sunken);
    font-size: var(--t1);
    overflow: auto;
    /* Its long lines scroll and do not widen a table. */
    contain: inline-size;
  }
`;
