// The list of people: name, latest message, time, and unread count.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Person } from "../api/phone";
import { base } from "../ui/base";
import { now } from "../ui/clock";
import { count, dayName, exact, hourMinute } from "../ui/format";
import { hashWith } from "../ui/hash";
import { readDraft } from "./drafts";
import { avatar, avatarStyle } from "./person";
import type { PhoneStore } from "./store";
import { ticks } from "./ticks";
import { ticksStyle } from "./ticks.style";
import { summary } from "./words";

@customElement("phone-people")
export class People extends LitElement {
  static override styles = [
    base,
    avatarStyle,
    ticksStyle,
    css`
      :host {
        display: block;
        overflow-y: auto;
      }
      .none {
        padding: var(--s2) var(--s4);
        color: var(--ink-soft);
      }
      a {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 0 var(--s3);
        align-items: center;
        padding: var(--s2) var(--s4);
        color: inherit;
        text-decoration: none;
      }
      a:hover {
        background: var(--sunken);
      }
      a[aria-current] {
        background: var(--accent-soft);
      }
      a:focus-visible {
        outline-offset: -2px;
      }
      .avatar {
        grid-row: span 2;
      }
      .name {
        font-weight: 550;
      }
      .name,
      .cut {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .said {
        display: flex;
        align-items: center;
        gap: 0.3em;
        min-inline-size: 0;
      }
      .cut {
        min-inline-size: 0;
        text-align: -webkit-match-parent;
        text-align: match-parent;
      }
      .said,
      time {
        color: var(--ink-soft);
        font-size: var(--t2);
      }
      time {
        font-size: var(--t1);
      }
      .typing {
        color: var(--accent);
      }
      .unread {
        justify-self: end;
        min-inline-size: 1.25rem;
        padding-inline: 0.35rem;
        border-radius: 1rem;
        background: var(--accent);
        color: var(--on-accent);
        font-size: var(--t1);
        font-weight: 600;
        line-height: 1.25rem;
        text-align: center;
      }
    `,
  ];

  @property({ attribute: false }) people: Person[] = [];
  @property() open = "";
  @property({ attribute: false }) store!: PhoneStore;
  @property({ type: Number }) version = 0;

  override render() {
    if (this.people.length === 0) return html`<p class="none">No people yet.</p>`;
    const latest = [...this.people].sort(
      (a, b) => (b.last?.at ?? Infinity) - (a.last?.at ?? Infinity),
    );
    return html`<ul aria-label="People">
      ${repeat(
        latest,
        ({ id }) => id,
        (person) => html`<li>${this.#row(person)}</li>`,
      )}
    </ul>`;
  }

  #row(person: Person): TemplateResult {
    const { id, name, last, unread } = person;
    return html`<a href=${hashWith({ chat: id })} aria-current=${id === this.open ? "true" : nothing}>
      ${avatar(person)}
      <span class="name"><bdi>${name}</bdi></span>
      ${last ? html`<time datetime=${new Date(last.at).toISOString()} title=${exact(last.at)}>${when(last.at)}</time>` : html`<span></span>`}
      ${this.#said(person)} ${unread > 0 ? html`<span class="unread">${count(unread)}<span class="only-read"> unread</span></span>` : html`<span></span>`}
    </a>`;
  }

  #said({ id, last }: Person): TemplateResult {
    const draft = id === this.open ? "" : readDraft(id);
    if (this.store.chat(id).typing) return html`<span class="said typing">typing…</span>`;
    if (draft)
      return html`<span class="said"><span class="bad">Draft:</span> <span class="cut" dir="auto">${draft}</span></span>`;
    if (!last) return html`<span class="said">No messages yet</span>`;
    return html`<span class="said">${last.from === "person" ? ticks(last.status) : nothing} <span class="cut" dir="auto">${summary(last.content)}</span></span>`;
  }
}

function when(at: number): string {
  const day = dayName(at, now());
  return day === "Today" ? hourMinute(at) : day.replace(/, \d{4}$/, "");
}
