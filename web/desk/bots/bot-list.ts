// The list of bots, and how a new one begins.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/dialog";
import "../../ui/empty";
import { icon } from "../../ui/icons";
import "../../ui/notice";
import "../../ui/skeleton";
import "../../ui/status";
import { type Column, table, tableStyle } from "../../ui/table";
import "../../ui/time";
import type { Bot, BotSummary, NewBot } from "../contract";
import type { Desk } from "../desk";
import { selectField, textField } from "../field";
import { formStyle } from "../form.style";
import { languages } from "../languages";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { goTo, linkTo } from "../places";
import { type Problem, toProblem } from "../problem";

type Template = "support" | "sales" | "blank";

const templates: [template: Template, label: string, hint: string][] = [
  ["support", "Support", "Sorts questions for a help desk, with a rating at the end."],
  ["sales", "Sales", "Asks for a name and a work email first, and offers a demo."],
  ["blank", "Blank", "Greets, and people answer."],
];

@customElement("bot-list")
export class BotList extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    tableStyle,
    pageStyle,
    css`
      .templates label {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        align-items: center;
        gap: 0 var(--s2);
        padding: var(--s2) var(--s3);
        border: 1px solid var(--line);
        border-radius: var(--r2);
        font-size: var(--t2);
        cursor: pointer;
      }
      .templates label:has(:checked) {
        border-color: var(--accent);
        background: var(--accent-soft);
      }
      .templates small {
        grid-column: 2;
        color: var(--ink-soft);
        font-size: var(--t1);
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @state() private isCreating = false;
  @state() private name = "";
  @state() private language = "en";
  @state() private template: Template = "support";
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace]);
  }

  override render() {
    const isAdmin = this.desk.may("writeBots");
    return html`<div class="column">
      <div class="page-head">
        <h1>Bots</h1>
        ${isAdmin ? html`<button class="button main" type="button" @click=${() => (this.isCreating = true)}>${icon("add")} New bot</button>` : nothing}
      </div>
      ${this.#content()}
      <cf-dialog heading="New bot" ?open=${this.isCreating} @dismiss=${this.#close}>${this.isCreating ? this.#form() : nothing}</cf-dialog>
    </div>`;
  }

  #content(): TemplateResult {
    const { workspace } = this.desk;
    const problem = workspace.problems.get("bots");
    if (problem)
      return html`<cf-notice action="Try again" @retry=${() => workspace.load("bots")}>${problem}</cf-notice>`;
    if (!workspace.isLoaded("bots")) return html`<cf-skeleton lines="4"></cf-skeleton>`;
    if (workspace.bots.length === 0)
      return html`<cf-empty heading="No bots yet">A bot greets the visitors of your site, answers what it can, and hands over to people.</cf-empty>`;
    return table("Bots", this.#columns, workspace.bots, ({ id }) => id);
  }

  get #columns(): Column<BotSummary>[] {
    return [
      {
        label: "Name",
        cell: ({ id, name }) => html`<a href=${linkTo("bots", { bot: id })} dir="auto">${name}</a>`,
      },
      {
        label: "State",
        cell: ({ live_number }) =>
          live_number === undefined
            ? html`<cf-status>Not live</cf-status>`
            : html`<cf-status tone="good">Live, version ${live_number}</cf-status>`,
      },
      {
        label: "Changed",
        cell: ({ updated_at }) => html`<cf-time at=${Date.parse(updated_at)}></cf-time>`,
      },
    ];
  }

  #form(): TemplateResult {
    const { problem } = this;
    const nameError = problem?.errors.find(({ field }) => field === "name")?.message;
    const isLimit = problem?.status === 402;
    return html`<form @submit=${this.#create}>
      ${textField({ label: "Name", name: "name", value: this.name, maxLength: 60, isRequired: true, error: nameError, hint: "Visitors see it.", input: (value) => (this.name = value) })}
      ${selectField({ label: "Language", name: "language", value: this.language, options: languages, change: (value) => (this.language = value) })}
      <fieldset class="templates">
        <legend>Begin with</legend>
        ${templates.map(([template, label, hint]) => html`<label><input type="radio" name="template" .checked=${template === this.template} @change=${() => (this.template = template)} /><span>${label}</span><small>${hint}</small></label>`)}
      </fieldset>
      ${problem && !nameError ? html`<cf-notice>${problem.message} ${isLimit ? html`<a href=${linkTo("settings", { section: "limits" })}>See your limits</a>` : nothing}</cf-notice>` : nothing}
      <div class="actions"><button class="button main" ?disabled=${this.isBusy}>${this.isBusy ? "Creating" : "Create"}</button></div>
    </form>`;
  }

  #close(): void {
    this.isCreating = false;
    this.problem = null;
  }

  async #create(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    const { api, workspace } = this.desk;
    this.isBusy = true;
    this.problem = null;
    try {
      const body = {
        name: this.name.trim(),
        language: this.language,
        template: this.template,
      } satisfies NewBot;
      const { id, name, created_at, updated_at } = await api.create<Bot>("/chatbots", body);
      workspace.put("bots", { id, name, created_at, updated_at });
      this.name = "";
      this.#close();
      goTo("bots", { bot: id });
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }
}
