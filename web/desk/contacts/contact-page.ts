// One contact: what is known, the conversations, blocking, and joining with another one.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import { type Column, table, tableStyle } from "../../ui/table";
import "../../ui/time";
import "../confirm";
import type { Question } from "../confirm";
import "../contact-form";
import type { Contact, ContactBlock, ContactMerge, Head, Page } from "../contract";
import type { Desk } from "../desk";
import { formStyle } from "../form.style";
import { Loading } from "../loading";
import { pageStyle } from "../page.style";
import { Paged } from "../paged";
import { pagedFooter } from "../paged-footer";
import "../picker";
import type { Option } from "../picker";
import { goTo, linkTo } from "../places";
import { pathOf } from "../request";
import { languageName, statusWords, visitorName } from "../words";

@customElement("contact-page")
export class ContactPage extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    tableStyle,
    pageStyle,
    css`
      :host {
        padding: 0;
      }
      contact-form {
        max-inline-size: 26rem;
      }
      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1) var(--s4);
        color: var(--ink-soft);
        font-size: var(--t2);
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property() contact = "";
  @state() private question: Question | null = null;
  @state() private others: Option[] | null = null;
  readonly #loaded = new Loading(this, () =>
    this.desk.api.get<Contact>(pathOf("contacts", this.contact)),
  );
  readonly #history = new Paged<Head>(this, (after) =>
    this.desk.api.get<Page<Head>>(pathOf("conversations", "visitor", this.contact), {
      limit: 25,
      after,
    }),
  );

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("contact")) return;
    this.#loaded.data = null;
    void this.#loaded.load();
    void this.#history.restart();
  }

  override render() {
    return html`<div class="column">
      <a class="crumb" href=${linkTo("contacts")}>All contacts</a>
      ${this.#loaded.problem?.status === 404 ? html`<cf-empty heading="There is no such contact">It may have been erased.</cf-empty>` : this.#loaded.render((contact) => this.#page(contact), 6)}
      <desk-confirm .question=${this.question} @dismiss=${() => (this.question = null)}></desk-confirm>
      <desk-picker heading="Join with another contact" ?open=${this.others !== null} .options=${this.others ?? []} @pick=${(event: CustomEvent<string>) => this.#askMerge(event.detail)} @dismiss=${() => (this.others = null)}></desk-picker>
    </div>`;
  }

  #page(contact: Contact): TemplateResult {
    const isBlocked = contact.blocked_at !== null;
    return html`<div class="page-head">
        <h1 dir="auto">${visitorName(contact)}</h1>
        <button class="button" type="button" @click=${this.#findOthers}>Join with another</button>
        <button class="button ${isBlocked ? "" : "danger"}" type="button" @click=${() => this.#askBlock(contact, !isBlocked)}>${isBlocked ? "Unblock" : "Block"}</button>
      </div>
      ${isBlocked ? html`<cf-notice tone="warn">Blocked: this visitor cannot write.</cf-notice>` : nothing}
      <section class="panel">
        <contact-form .desk=${this.desk} .contact=${contact} @saved=${(event: CustomEvent<Contact>) => this.#loaded.set(event.detail)}></contact-form>
        <p class="facts">
          <span>${contact.is_verified ? "Verified by your site" : "Not verified"}</span>
          ${contact.language ? html`<span>${languageName(contact.language)}</span>` : nothing}
          <span>First seen <cf-time at=${Date.parse(contact.created_at)}></cf-time></span>
          ${contact.merged.length > 0 ? html`<span>Joined with ${contact.merged.length}</span>` : nothing}
        </p>
      </section>
      <section class="panel">
        <h2>Conversations</h2>
        ${this.#history.isReady && this.#history.items.length === 0 ? html`<cf-empty heading="None yet">This visitor has not written.</cf-empty>` : nothing}
        ${this.#history.items.length > 0 ? table("Conversations", columns, this.#history.items, ({ id }) => id) : nothing}
        ${pagedFooter(this.#history)}
      </section>`;
  }

  async #findOthers(): Promise<void> {
    const page = await this.desk.api
      .get<Page<Contact>>("/contacts", { limit: 100 })
      .catch(() => ({ items: [] as Contact[] }));
    this.others = page.items
      .filter(({ id }) => id !== this.contact)
      .map((other) => ({
        id: other.id,
        label: visitorName(other),
        hint: other.email ?? (other.is_verified ? "Verified" : ""),
      }));
  }

  #askMerge(into: string): void {
    const other = this.others?.find(({ id }) => id === into);
    this.question = {
      heading: `Join with ${other?.label ?? "the other contact"}?`,
      text: "Their conversations are shown together from now on. This cannot be taken back.",
      action: "Join",
      run: async () => {
        await this.desk.api.post(pathOf("contacts", this.contact, "merge"), {
          into,
        } satisfies ContactMerge);
        goTo("contacts", { contact: into });
      },
    };
  }

  #askBlock(contact: Contact, isBlocked: boolean): void {
    this.question = {
      heading: isBlocked ? `Block ${visitorName(contact)}?` : `Unblock ${visitorName(contact)}?`,
      text: isBlocked
        ? "This visitor cannot write any more, and open conversations end as spam."
        : "This visitor may write again.",
      action: isBlocked ? "Block" : "Unblock",
      isDanger: isBlocked,
      run: async () => {
        const path = pathOf("contacts", contact.id, "block");
        this.#loaded.set(
          await this.desk.api.post<Contact>(path, { is_blocked: isBlocked } satisfies ContactBlock),
        );
        void this.#history.restart();
      },
    };
  }
}

const columns: Column<Head>[] = [
  {
    label: "Subject",
    cell: ({ id, subject, status }) =>
      html`<a href=${linkTo("inbox", { view: status === "open" ? "all" : status, conversation: id })} dir="auto">${subject || "No message yet"}</a>`,
  },
  { label: "State", cell: ({ status }) => statusWords[status] },
  {
    label: "Last message",
    cell: ({ last_at }) => html`<cf-time at=${Date.parse(last_at)}></cf-time>`,
  },
];
