// A contact's name, address and phone, changed in place. A stale change says what is there now.
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import "../ui/notice";
import type { Contact, ContactPatch } from "./contract";
import type { Desk } from "./desk";
import { textField } from "./field";
import { formStyle } from "./form.style";
import { type Problem, toProblem } from "./problem";
import { pathOf } from "./request";

const names = ["name", "email", "phone"] as const;
type Name = (typeof names)[number];

const labels: Record<Name, string> = { name: "Name", email: "Email", phone: "Phone" };
const types = { name: "text", email: "email", phone: "tel" } as const;
const fieldOfCode: Record<string, Name> = {
  bad_name: "name",
  bad_email: "email",
  verified_email: "email",
  bad_phone: "phone",
};

@customElement("contact-form")
export class ContactForm extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    css`
      form {
        gap: 2px;
      }
      .field {
        grid-template-columns: 5rem minmax(0, 1fr);
        align-items: center;
        gap: 0 var(--s2);
        padding-inline-start: var(--s1);
        font-weight: 400;
      }
      .field label {
        color: var(--ink-soft);
      }
      .field :not(label, input) {
        grid-column: 2;
      }
      .input {
        inline-size: calc(100% + 2px + 2 * var(--s1));
        min-block-size: 1.75rem;
        margin-inline: calc(-1px - var(--s1));
        padding-inline: var(--s1);
        text-align: -webkit-match-parent;
        text-align: match-parent;
        border-color: transparent;
        background: none;
      }
      .input:not([readonly]):hover {
        border-color: var(--line-strong);
      }
      .input:focus {
        background: var(--raised);
      }
      div.actions {
        margin-block-start: var(--s1);
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) contact!: Contact;
  @state() private changes: Partial<Record<Name, string>> = {};
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("contact");
    if (before && before.id !== this.contact.id) {
      this.changes = {};
      this.problem = null;
    }
  }

  override render() {
    const isChanged = Object.keys(this.changes).length > 0;
    const { problem } = this;
    return html`<form novalidate @submit=${this.#save}>
      ${names.map((name) => this.#field(name))}
      ${problem && !fieldOfCode[problem.code] ? html`<cf-notice tone=${problem.isStale ? "warn" : "bad"}>${problem.isStale ? "A colleague has changed this contact. Check the fields and save again." : problem.message}</cf-notice>` : nothing}
      ${
        isChanged
          ? html`<div class="actions">
              <button class="button small bare" type="button" @click=${this.#discard}>Cancel</button>
              <button class="button small main" ?disabled=${this.isBusy}>Save</button>
            </div>`
          : nothing
      }
    </form>`;
  }

  #field(name: Name) {
    const { contact, problem } = this;
    const isVerified = name === "email" && contact.is_verified && contact.email !== null;
    return textField({
      label: labels[name],
      name,
      type: types[name],
      value: this.changes[name] ?? contact[name] ?? "",
      placeholder: "None",
      isReadOnly: isVerified || !this.desk.may("readContacts"),
      hint: isVerified ? "Verified by your site" : "",
      error: problem && fieldOfCode[problem.code] === name ? problem.message : undefined,
      input: (value) => {
        const { [name]: _, ...rest } = this.changes;
        this.changes = value === (contact[name] ?? "") ? rest : { ...rest, [name]: value };
      },
    });
  }

  #discard(): void {
    this.changes = {};
    this.problem = null;
  }

  async #save(event: Event): Promise<void> {
    event.preventDefault();
    const { api } = this.desk;
    const path = pathOf("contacts", this.contact.id);
    this.isBusy = true;
    this.problem = null;
    try {
      const body = { version: this.contact.version, ...this.changes } satisfies ContactPatch;
      this.#saved(await api.patch<Contact>(path, body));
      this.changes = {};
    } catch (error) {
      this.problem = toProblem(error);
      // What was typed stays, beside the values that are there now.
      if (this.problem.isStale) this.#saved(await api.get<Contact>(path).catch(() => this.contact));
    }
    this.isBusy = false;
  }

  #saved(contact: Contact): void {
    this.contact = contact;
    this.dispatchEvent(new CustomEvent("saved", { detail: contact }));
  }
}
