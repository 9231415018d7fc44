// What to know of a conversation and its visitor, and the visitor's earlier conversations.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import { now } from "../../ui/clock";
import { shortTime, span } from "../../ui/format";
import { icon } from "../../ui/icons";
import "../../ui/notice";
import "../../ui/skeleton";
import "../../ui/time";
import { avatar, avatarStyle } from "../avatar";
import "../contact-form";
import type { Contact, Head, Page } from "../contract";
import type { Desk } from "../desk";
import { Observing } from "../observable";
import { linkTo } from "../places";
import { toProblem } from "../problem";
import { pathOf } from "../request";
import { languageName, priorityWords, statusWords, visitorName } from "../words";
import type { PickerName } from "./conversation-pickers";

@customElement("desk-details")
export class Details extends LitElement {
  static override styles = [
    base,
    controls,
    avatarStyle,
    css`
      :host {
        display: block;
        padding: var(--s3);
        --avatar: 2.5rem;
      }
      section {
        padding-block: var(--s3);
        border-block-start: 1px solid var(--line);
      }
      h3 {
        margin-block-end: var(--s1);
        color: var(--ink-soft);
        font-size: var(--t1);
        font-weight: 500;
      }
      .who {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: center;
        gap: var(--s3);
        padding-block-end: var(--s3);
      }
      .who strong,
      .who small {
        display: block;
        overflow-wrap: anywhere;
      }
      .who strong {
        text-align: -webkit-match-parent;
        text-align: match-parent;
      }
      .who small {
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      .facts {
        display: grid;
        gap: 2px;
      }
      .facts button,
      .facts div {
        display: grid;
        grid-template-columns: 5rem minmax(0, 1fr);
        gap: var(--s2);
        inline-size: 100%;
        min-block-size: 1.75rem;
        align-items: baseline;
        padding: var(--s1);
        border: 0;
        border-radius: var(--r1);
        background: none;
        font-size: var(--t2);
        text-align: start;
      }
      .facts button {
        cursor: pointer;
      }
      .facts button:hover {
        background: var(--sunken);
      }
      .facts i {
        color: var(--ink-soft);
        font-style: normal;
      }
      .facts span {
        overflow-wrap: anywhere;
        text-align: -webkit-match-parent;
        text-align: match-parent;
      }
      .tags {
        display: flex;
        flex-wrap: wrap;
        gap: 3px;
      }
      li a {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 var(--s2);
        padding: var(--s1);
        border-radius: var(--r1);
        color: inherit;
        font-size: var(--t2);
        text-decoration: none;
      }
      li a:hover {
        background: var(--sunken);
      }
      li a span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      li a small {
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      .none {
        padding: var(--s1);
        color: var(--ink-soft);
        font-size: var(--t2);
      }
      .close {
        display: none;
      }
      @media (max-width: 75rem) {
        .close {
          display: inline-flex;
        }
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) head!: Head;
  @state() private contact: Contact | null = null;
  @state() private earlier: Head[] | null = null;
  @state() private problem = "";
  #visitor = "";

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace]);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("head") || this.head.visitor.id === this.#visitor) return;
    this.#visitor = this.head.visitor.id;
    void this.#load();
  }

  #load = async (): Promise<void> => {
    const visitor = this.#visitor;
    const { api } = this.desk;
    this.contact = null;
    this.earlier = null;
    this.problem = "";
    try {
      const [contact, page] = await Promise.all([
        api.get<Contact>(pathOf("contacts", visitor)),
        api.get<Page<Head>>(pathOf("conversations", "visitor", visitor), { limit: 25 }),
      ]);
      if (visitor !== this.#visitor) return;
      this.contact = contact;
      this.earlier = page.items;
    } catch (error) {
      if (visitor === this.#visitor) this.problem = toProblem(error).message;
    }
  };

  override render() {
    const { head, problem } = this;
    return html`${this.#who(head)}
      <section class="facts" aria-label="Conversation">${this.#facts(head)}</section>
      ${problem ? html`<section><cf-notice action="Try again" @retry=${this.#load}>${problem}</cf-notice></section>` : nothing}
      ${this.#contact()} ${this.#prechat(head)} ${this.#earlier(head)}`;
  }

  #who({ visitor }: Head): TemplateResult {
    const name = visitorName(visitor);
    const note = visitor.is_blocked
      ? "Blocked"
      : visitor.is_verified
        ? "Verified by your site"
        : "Not verified";
    return html`<div class="who">
      ${avatar(visitor.id, name)}
      <div><strong dir="auto">${name}</strong><small>${note}</small></div>
      <button class="button bare icon-only close" type="button" aria-label="Close the details" @click=${() => this.dispatchEvent(new Event("dismiss"))}>${icon("close")}</button>
    </div>`;
  }

  #facts(head: Head): TemplateResult {
    const { workspace, me } = this.desk;
    const { assignee, team, priority, tags, csat, first_reply_ms, started_at, bot_id } = head;
    const people = assignee ? (assignee === me.id ? "You" : workspace.person(assignee)) : "No one";
    const assigned = html`<span dir="auto">${people}</span>`;
    return html`${head.status === "closed" ? html`<div><i>Assignee</i>${assigned}</div>` : this.#choice("assign", "Assignee", assigned)}
      ${workspace.teams.length > 0 || team ? this.#choice("team", "Team", html`<span dir="auto">${team ? workspace.team(team) : "None"}</span>`) : nothing}
      ${this.#choice("priority", "Priority", html`<span>${priorityWords[priority]}</span>`)}
      ${this.#choice("tags", "Tags", tags.length > 0 ? html`<span class="tags">${tags.map((tag) => html`<span class="badge" dir="auto">${tag}</span>`)}</span>` : html`<span class="soft">Add</span>`)}
      ${bot_id ? html`<div><i>Bot</i><span dir="auto">${workspace.bot(bot_id)}</span></div>` : nothing}
      <div><i>Started</i><cf-time at=${Date.parse(started_at)}></cf-time></div>
      ${first_reply_ms === null ? nothing : html`<div><i>First reply</i><span>after ${span(first_reply_ms)}</span></div>`}
      ${csat ? html`<div><i>Rating</i><span>${csat.score} of 5${csat.comment ? html`: <bdi>${csat.comment}</bdi>` : nothing}</span></div>` : nothing}`;
  }

  #choice(picker: PickerName, label: string, value: TemplateResult): TemplateResult {
    return html`<button type="button" @click=${() => this.dispatchEvent(new CustomEvent("show", { detail: picker }))}><i>${label}</i>${value}</button>`;
  }

  #contact(): unknown {
    const { contact } = this;
    if (!contact)
      return this.problem
        ? nothing
        : html`<section><cf-skeleton lines="3"></cf-skeleton></section>`;
    return html`<section aria-label="Contact">
      <h3>Contact</h3>
      <contact-form .desk=${this.desk} .contact=${contact} @saved=${(event: CustomEvent<Contact>) => (this.contact = event.detail)}></contact-form>
      <div class="facts">
        ${contact.language ? html`<div><i>Language</i><span>${languageName(contact.language)}</span></div>` : nothing}
        <div><i>First seen</i><cf-time at=${Date.parse(contact.created_at)}></cf-time></div>
        ${contact.subject ? html`<div><i>Your id</i><span class="mono"><bdi>${contact.subject}</bdi></span></div>` : nothing}
      </div>
    </section>`;
  }

  #prechat({ prechat }: Head): unknown {
    const answers = Object.entries(prechat).filter(([key]) => key !== "name" && key !== "email");
    if (answers.length === 0) return nothing;
    return html`<section class="facts" aria-label="Answers to the form">
      <h3>Answers to the form</h3>
      ${answers.map(([key, value]) => html`<div><i dir="auto">${key}</i><span dir="auto">${value === "true" ? "Yes" : value}</span></div>`)}
    </section>`;
  }

  #earlier(head: Head): unknown {
    if (!this.earlier) return nothing;
    const others = this.earlier.filter(({ id }) => id !== head.id);
    return html`<section aria-label="Other conversations">
      <h3>Other conversations</h3>
      ${
        others.length === 0
          ? html`<p class="none">This is the first one.</p>`
          : html`<ul>${others.map(({ id, subject, last_at, status }) => html`<li><a href=${linkTo("inbox", { view: viewOf(status), conversation: id })}><span dir="auto">${subject || "No message yet"}</span><small>${shortTime(Date.parse(last_at), now())}</small><small>${statusWords[status]}</small></a></li>`)}</ul>`
      }
    </section>`;
  }
}

function viewOf(status: Head["status"]): string {
  return status === "open" ? "all" : status;
}
