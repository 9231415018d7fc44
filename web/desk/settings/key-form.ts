// Creates an API key: what it may do, for which bots, until when and from where.

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import type { ApiKeyRequest, CreatedApiKey } from "../contract";
import "../../ui/notice";
import type { Desk } from "../desk";
import { checkField, field, selectField, textField } from "../field";
import { formStyle } from "../form.style";
import { Observing } from "../observable";
import { type Problem, toProblem } from "../problem";

/** Scopes by what they are about. Those of bots can be limited to some. */
const scopes: [about: string, scopes: string[], isOfBots: boolean][] = [
  ["Bots", ["chatbots:read", "chatbots:write"], true],
  ["Conversations", ["conversations:read", "conversations:write"], true],
  ["Contacts", ["contacts:read", "contacts:write"], false],
  ["Members", ["members:read", "members:write"], false],
  ["Plan", ["billing:read"], false],
];

const ends: readonly (readonly [string, string])[] = [
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In a year"],
  ["", "Never"],
];
const DAY_MS = 86_400_000;

const fieldOfCode: Record<string, string> = {
  bad_name: "name",
  bad_scope: "scopes",
  scope_not_of_bots: "bots",
  bad_allowed_ips: "addresses",
};

@customElement("key-form")
export class KeyForm extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    css`
      .scopes {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto auto;
        gap: var(--s1) var(--s4);
        align-items: center;
        font-size: var(--t2);
      }
      .scopes label {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @state() private name = "";
  @state() private scopes = new Set<string>();
  @state() private bots = new Set<string>();
  @state() private days = "90";
  @state() private addresses = "";
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace]);
  }

  override render() {
    const { problem } = this;
    return html`<form @submit=${this.#create}>
      ${textField({ label: "Name", name: "name", value: this.name, maxLength: 80, isRequired: true, hint: "Which program uses it.", error: this.#error("name"), input: (value) => (this.name = value) })}
      <fieldset>
        <legend>What it may do</legend>
        <div class="scopes">${scopes.map(([about, names]) => html`<span>${about}</span>${this.#scope(about, names[0])}${this.#scope(about, names[1])}`)}</div>
        ${this.#error("scopes") ? html`<span class="wrong">${this.#error("scopes")}</span>` : nothing}
      </fieldset>
      ${this.#botChoice()}
      ${selectField({ label: "Ends", name: "days", value: this.days, options: ends, change: (days) => (this.days = days) })}
      ${field({
        label: "From these addresses alone, one in each line",
        name: "addresses",
        hint: "Empty is everywhere.",
        error: this.#error("addresses"),
        control: ({ id, describedBy, isInvalid }) =>
          html`<textarea class="input" id=${id} rows="2" dir="ltr" .value=${this.addresses} aria-describedby=${describedBy} aria-invalid=${isInvalid} @input=${(event: Event) => (this.addresses = (event.target as HTMLTextAreaElement).value)}></textarea>`,
      })}
      ${problem && !fieldOfCode[problem.code] ? html`<cf-notice>${problem.message}</cf-notice>` : nothing}
      <div class="actions"><button class="button main" ?disabled=${this.isBusy || this.scopes.size === 0}>Create</button></div>
    </form>`;
  }

  #scope(about: string, name: string | undefined): TemplateResult {
    if (!name) return html`<span></span>`;
    const verb = name.endsWith(":read") ? "Read" : "Write";
    return html`<label><input type="checkbox" aria-label="${verb} ${about}" .checked=${this.scopes.has(name)} @change=${() => (this.scopes = toggled(this.scopes, name))} />${verb}</label>`;
  }

  #botChoice(): TemplateResult | typeof nothing {
    const { bots } = this.desk.workspace;
    const wide = scopes.some(
      ([, names, isOfBots]) => !isOfBots && names.some((name) => this.scopes.has(name)),
    );
    if (bots.length === 0 || wide || this.scopes.size === 0) return nothing;
    return html`<fieldset>
      <legend>For these bots; none is all of them</legend>
      ${bots.map(({ id, name }) => checkField(html`<bdi>${name}</bdi>`, this.bots.has(id), () => (this.bots = toggled(this.bots, id))))}
      ${this.#error("bots") ? html`<span class="wrong">${this.#error("bots")}</span>` : nothing}
    </fieldset>`;
  }

  #error(name: string): string | undefined {
    const { problem } = this;
    return problem && fieldOfCode[problem.code] === name ? problem.message : undefined;
  }

  async #create(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = null;
    const days = Number(this.days);
    const body = {
      name: this.name.trim(),
      scopes: [...this.scopes],
      bot_ids: [...this.bots],
      allowed_ips: this.addresses
        .split("\n")
        .map((text) => text.trim())
        .filter(Boolean),
      ...(days > 0 ? { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() } : {}),
    } satisfies ApiKeyRequest;
    try {
      // Without an idempotency key: its kept answer would hold the secret.
      const detail = await this.desk.api.post<CreatedApiKey>("/auth/api-keys", body);
      this.dispatchEvent(new CustomEvent("created", { detail }));
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }
}

function toggled(set: Set<string>, name: string): Set<string> {
  const next = new Set(set);
  if (!next.delete(name)) next.add(name);
  return next;
}
