// API keys: what programs may do. The key itself is shown once.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/dialog";
import "../../ui/empty";
import { icon } from "../../ui/icons";
import { type Column, table, tableStyle } from "../../ui/table";
import "../../ui/time";
import "../confirm";
import type { Question } from "../confirm";
import type { ApiKey, CreatedApiKey } from "../contract";
import type { Desk } from "../desk";
import { formStyle } from "../form.style";
import { Loading } from "../loading";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { pathOf } from "../request";
import { copyBox, copyBoxStyle } from "../snippet";
import { loadAll } from "../workspace";
import "./key-form";
import { partStyle } from "./part.style";

@customElement("desk-keys")
export class Keys extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    tableStyle,
    copyBoxStyle,
    pageStyle,
    partStyle,
  ];

  @property({ attribute: false }) desk!: Desk;
  @state() private isCreating = false;
  @state() private created: CreatedApiKey | null = null;
  @state() private question: Question | null = null;
  readonly #keys = new Loading(this, () => loadAll<ApiKey>(this.desk.api, "/auth/api-keys"));

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace]);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("desk")) return;
    this.desk.workspace.want("bots");
    void this.#keys.load();
  }

  override render() {
    return html`<div class="page-head">
        <h1>API keys</h1>
        <button class="button main" type="button" @click=${() => (this.isCreating = true)}>${icon("add")} New key</button>
      </div>
      <section class="panel">
        ${this.#keys.render((keys) =>
          keys.length === 0
            ? html`<cf-empty heading="No keys yet">A key lets your own programs read and write what you choose.</cf-empty>`
            : table("API keys", this.#columns, keys, ({ id }) => id),
        )}
      </section>
      <cf-dialog heading="New key" ?open=${this.isCreating} @dismiss=${() => (this.isCreating = false)}>${this.isCreating ? html`<key-form .desk=${this.desk} @created=${(event: CustomEvent<CreatedApiKey>) => this.#created(event.detail)}></key-form>` : nothing}</cf-dialog>
      <cf-dialog heading="Your key" ?open=${this.created !== null} @dismiss=${() => (this.created = null)}>${this.created ? this.#once(this.created) : nothing}</cf-dialog>
      <desk-confirm .question=${this.question} @dismiss=${() => (this.question = null)}></desk-confirm>`;
  }

  get #columns(): Column<ApiKey>[] {
    const { workspace } = this.desk;
    return [
      {
        label: "Name",
        cell: ({ name, prefix }) =>
          html`<bdi>${name}</bdi><br /><span class="mono soft">${prefix}…</span>`,
      },
      { label: "Scopes", wide: true, cell: ({ scopes }) => scopes.join(", ") },
      {
        label: "Bots",
        minor: true,
        cell: ({ bot_ids }) =>
          bot_ids.length === 0 ? "All" : bot_ids.map((id) => workspace.bot(id)).join(", "),
      },
      {
        label: "Last used",
        cell: ({ last_used_at, last_ip }) =>
          last_used_at
            ? html`<cf-time at=${Date.parse(last_used_at)}></cf-time>${last_ip ? html` <bdi class="soft">${last_ip}</bdi>` : nothing}`
            : "Never",
      },
      {
        label: "Ends",
        cell: ({ expires_at }) =>
          expires_at ? html`<cf-time at=${Date.parse(expires_at)}></cf-time>` : "Never",
      },
      {
        label: "Actions",
        actions: true,
        cell: (key) =>
          html`<button class="button small danger" type="button" aria-label="Delete ${key.name}" @click=${() => this.#askDelete(key)}>Delete</button>`,
      },
    ];
  }

  #once({ key }: CreatedApiKey): TemplateResult {
    return html`<div class="form">
      <p>Copy it now. It is not shown again.</p>
      ${copyBox("API key", key)}
    </div>`;
  }

  #created({ key, ...rest }: CreatedApiKey): void {
    this.isCreating = false;
    this.created = { key, ...rest };
    this.#keys.set([...(this.#keys.data ?? []), rest]);
  }

  #askDelete({ id, name }: ApiKey): void {
    this.question = {
      heading: `Delete ${name}?`,
      text: "Programs that use it are refused at once.",
      action: "Delete",
      isDanger: true,
      run: async () => {
        await this.desk.api.remove(pathOf("auth", "api-keys", id));
        this.#keys.set((this.#keys.data ?? []).filter((key) => key.id !== id));
      },
    };
  }
}
