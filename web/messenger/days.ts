// The days of a chat, each with its bubbles.
import { html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { now } from "../ui/clock";
import { dayName } from "../ui/format";
import type { Bubble, Day, ThreadItem } from "./thread";

export function renderDays<Item extends ThreadItem>(
  days: Day<Item>[],
  render: (bubble: Bubble<Item>) => TemplateResult,
): TemplateResult {
  return html`${repeat(
    days,
    ({ at }) => new Date(at).toDateString(),
    ({ at, bubbles }) => html`<h3 class="day"><span>${dayName(at, now())}</span></h3>
      <ol>
        ${repeat(bubbles, ({ items: [first] }) => first?.key, render)}
      </ol>`,
  )}`;
}
