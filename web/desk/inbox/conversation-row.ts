// One row of the list: who, about what, since when, and what to know before opening it.
import { html, nothing, type TemplateResult } from "lit";
import { shortTime } from "../../ui/format";
import { avatar } from "../avatar";
import type { Head } from "../contract";
import { endWords, exactly, type Names, visitorName, waiting } from "../words";

export interface RowContext {
  now: number;
  me: string;
  names: Names;
  unread: number;
  isGone: boolean;
  /** The view, whose own condition is not repeated in its rows. */
  view: string;
}

export function conversationRow(head: Head, context: RowContext): TemplateResult {
  const { visitor, subject, last_at } = head;
  const name = visitorName(visitor);
  return html`${avatar(visitor.id, name)}
    <span class="name" dir="auto">${name}</span>
    <time datetime=${last_at} title=${exactly(last_at)}>${shortTime(Date.parse(last_at), context.now)}</time>
    <span class="subject" dir="auto">${subject || "No message yet"}</span>
    ${context.unread > 0 ? html`<span class="unread-count"><span class="only-read">Unread: </span>${context.unread > 99 ? "99+" : context.unread}</span>` : html`<span></span>`}
    <span class="facts">${facts(head, context)}</span>`;
}

function facts(head: Head, { now, me, names, view, isGone }: RowContext): unknown[] {
  const { priority, status, waiting_since, tags, assignee, snooze_until, ended } = head;
  const list: unknown[] = [];
  if (priority === "urgent" || priority === "high")
    list.push(html`<span class=${priority}>${priority === "urgent" ? "Urgent" : "High"}</span>`);
  if (status === "open" && waiting_since) {
    const words = waiting(waiting_since, now);
    list.push(html`<span class="waits">Waiting ${words === "just now" ? "" : words}</span>`);
  }
  if (status === "snoozed" && snooze_until)
    list.push(html`<span>Until ${shortTime(Date.parse(snooze_until), now)}</span>`);
  if (status === "bot" && (view !== "bot" || isGone)) list.push(html`<span>Bot</span>`);
  if (status === "closed" && ended) list.push(html`<span>${endWords[ended.reason]}</span>`);
  if (assignee && (view !== "mine" || isGone))
    list.push(
      html`<span class="elastic" dir="auto">${assignee === me ? "You" : names.person(assignee)}</span>`,
    );
  if (tags.length > 0) list.push(html`<span class="elastic" dir="auto">${tags.join(", ")}</span>`);
  return list.length > 0 ? list : [nothing];
}
