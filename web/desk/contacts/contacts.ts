// Contacts: the visitors that something is known of, and the history of one.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import { type Column, table, tableStyle } from "../../ui/table";
import "../../ui/time";
import type { Contact, Page } from "../contract";
import type { Desk } from "../desk";
import { textField } from "../field";
import { formStyle } from "../form.style";
import { pageStyle } from "../page.style";
import { Paged } from "../paged";
import { pagedFooter } from "../paged-footer";
import { linkTo, type Place } from "../places";
import { visitorName } from "../words";
import "./contact-page";

const SEARCH_DELAY_MS = 250;

@customElement("desk-contacts")
export class Contacts extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    tableStyle,
    pageStyle,
    css`
      .field {
        max-inline-size: 24rem;
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) place!: Place;
  @state() private text = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #contacts = new Paged<Contact>(this, (after) =>
    this.desk.api.get<Page<Contact>>("/contacts", {
      limit: 50,
      after,
      q: this.text.trim() || undefined,
    }),
  );

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk") && this.desk.may("readContacts")) void this.#contacts.restart();
  }

  override render() {
    if (!this.desk.may("readContacts"))
      return html`<cf-empty heading="Contacts are for agents">Ask an admin to make you an agent.</cf-empty>`;
    const id = this.place.contact;
    return id
      ? html`<contact-page .desk=${this.desk} contact=${id}></contact-page>`
      : html`<div class="column"><div class="page-head"><h1>Contacts</h1></div>${this.#list()}</div>`;
  }

  #list(): TemplateResult {
    const list = this.#contacts;
    return html`${textField({ label: "Search", name: "search", value: this.text, placeholder: "Name, email or phone", input: (text) => this.#search(text) })}
      ${list.isReady && list.items.length === 0 ? this.#empty() : nothing}
      ${list.items.length > 0 ? table("Contacts", columns, list.items, ({ id }) => id) : nothing}
      ${pagedFooter(list)}`;
  }

  #empty(): TemplateResult {
    return this.text.trim() === ""
      ? html`<cf-empty heading="No contacts yet">Visitors who leave a name or an address are listed here.</cf-empty>`
      : html`<cf-empty heading="Nothing found">No contact has these words in its name, email or phone.</cf-empty>`;
  }

  #search(text: string): void {
    this.text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#contacts.restart(), SEARCH_DELAY_MS);
  }
}

const columns: Column<Contact>[] = [
  {
    label: "Name",
    cell: (contact) =>
      html`<a href=${linkTo("contacts", { contact: contact.id })} dir="auto">${visitorName(contact)}</a>${contact.blocked_at ? html` <span class="badge bad">Blocked</span>` : nothing}`,
  },
  { label: "Email", wide: true, cell: ({ email }) => html`<bdi>${email ?? ""}</bdi>` },
  { label: "Phone", minor: true, cell: ({ phone }) => html`<bdi>${phone ?? ""}</bdi>` },
  {
    label: "Identity",
    cell: ({ is_verified }) =>
      is_verified ? "Verified" : html`<span class="soft">Not verified</span>`,
  },
  {
    label: "Last seen",
    cell: ({ last_seen_at }) => html`<cf-time at=${Date.parse(last_seen_at)}></cf-time>`,
  },
];
