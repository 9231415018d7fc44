// The list of people: name, latest message, time, and unread count.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Person } from "../api/phone";
import { avatar, avatarStyle } from "../messenger/avatar";
import { chatListStyle } from "../messenger/chat-list.style";
import { readDraft } from "../messenger/drafts";
import { base } from "../ui/base";
import { now } from "../ui/clock";
import { count, exact, shortTime } from "../ui/format";
import { hashWith } from "../ui/hash";
import type { PhoneStore } from "./store";
import { ticks } from "./ticks";
import { ticksStyle } from "./ticks.style";
import { summary } from "./words";

@customElement("phone-people")
export class People extends LitElement {
  static override styles = [base, avatarStyle, ticksStyle, chatListStyle];

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
      ${last ? html`<time datetime=${new Date(last.at).toISOString()} title=${exact(last.at)}>${shortTime(last.at, now())}</time>` : html`<span></span>`}
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
