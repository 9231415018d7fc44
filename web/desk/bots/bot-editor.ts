// The editor of one bot: sections of its draft beside a preview, saving, and deploying.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import "../../ui/notice";
import "../../ui/skeleton";
import "../../ui/status";
import { toast } from "../../ui/toast";
import type { Bot } from "../contract";
import type { Desk } from "../desk";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { linkTo } from "../places";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";
import { copyBox, copyBoxStyle } from "../snippet";
import { tabs, tabsStyle } from "../tabs";
import { BotDraft, fieldWords } from "./bot-draft";
import "./deploy-dialog";
import "./form-section";
import "./greeting-section";
import "./look-section";
import "./preview";
import "./publish-section";
import "./replies-section";
import "./rules-section";

type Section = "greeting" | "form" | "replies" | "rules" | "look" | "publish";

const sections: [section: Section, label: string, fields: string[]][] = [
  [
    "greeting",
    "Greeting",
    ["name", "persona", "instructions", "languages", "appearance.strings", "csat", "reopening"],
  ],
  ["form", "Form", ["prechat"]],
  ["replies", "Replies and hand-off", ["quick_replies", "answer", "handoff"]],
  ["rules", "Rules", ["rules"]],
  ["look", "Look", ["appearance.color", "appearance.position", "appearance.launcher"]],
  ["publish", "Publish", ["origins", "identity"]],
];

/** Drafts that were left without saving, so that another page loses nothing. */
const kept = new WeakMap<Desk, Map<string, BotDraft>>();

@customElement("bot-editor")
export class BotEditor extends LitElement {
  static override styles = [
    base,
    controls,
    copyBoxStyle,
    tabsStyle,
    pageStyle,
    css`
      .column {
        max-inline-size: 70rem;
      }
      .parts {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 20rem;
        align-items: start;
        gap: var(--s5);
      }
      bot-preview {
        position: sticky;
        inset-block-start: var(--s4);
      }
      .save {
        position: sticky;
        inset-block-end: 0;
        z-index: 3;
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: flex-end;
        gap: var(--s2);
        padding: var(--s2) var(--s3);
        border: 1px solid var(--line);
        border-radius: var(--r2);
        background: var(--paper);
        box-shadow: var(--lift);
        font-size: var(--t2);
      }
      .save span {
        flex: 1;
        min-inline-size: 9rem;
      }
      .stale {
        display: grid;
        gap: var(--s2);
        padding: var(--s3);
        border-radius: var(--r2);
        background: var(--warn-soft);
        font-size: var(--t2);
      }
      .stale div {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
      }
      @media (max-width: 70rem) {
        .parts {
          grid-template-columns: minmax(0, 1fr);
        }
        bot-preview {
          position: static;
          inline-size: min(22rem, 100%);
        }
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property() bot = "";
  @property() section = "greeting";
  @state() private problem: Problem | null = null;
  @state() private isDeploying = false;
  #draft: BotDraft | null = null;

  constructor() {
    super();
    new Observing(this, () => [this.#draft, this.desk.workspace]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("beforeunload", this.#warn);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("beforeunload", this.#warn);
  }

  #warn = (event: BeforeUnloadEvent): void => {
    if (this.#draft?.isChanged) event.preventDefault();
  };

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("bot") && !changed.has("desk")) return;
    this.problem = null;
    const drafts = kept.get(this.desk) ?? new Map<string, BotDraft>();
    kept.set(this.desk, drafts);
    const known = drafts.get(this.bot);
    this.#draft = known?.isChanged ? known : null;
    if (!this.#draft) void this.#load();
  }

  #load = async (): Promise<void> => {
    const id = this.bot;
    this.problem = null;
    try {
      const bot = await this.desk.api.get<Bot>(pathOf("chatbots", id));
      if (id !== this.bot) return;
      this.#draft = new BotDraft(this.desk.api, bot);
      kept.get(this.desk)?.set(id, this.#draft);
    } catch (error) {
      if (id === this.bot) this.problem = toProblem(error);
    }
    this.requestUpdate();
  };

  override render() {
    return html`<div class="column">
      <a class="crumb" href=${linkTo("bots")}>All bots</a>
      ${this.#draft ? this.#editor(this.#draft) : this.#around()}
    </div>`;
  }

  #around(): TemplateResult {
    const { problem } = this;
    if (!problem) return html`<cf-skeleton lines="8"></cf-skeleton>`;
    return problem.status === 404
      ? html`<cf-empty heading="There is no such bot">It may have been deleted.</cf-empty>`
      : html`<cf-notice action="Try again" @retry=${this.#load}>${problem.message}</cf-notice>`;
  }

  #editor(draft: BotDraft): TemplateResult {
    const isAdmin = this.desk.may("writeBots");
    const { live } = draft.bot;
    return html`<div class="page-head">
        <h1 dir="auto">${draft.settings.name || "Bot"}</h1>
        ${live ? html`<cf-status tone="good">Live, version ${live.number}</cf-status>` : html`<cf-status>Not live</cf-status>`}
        ${isAdmin ? html`<button class="button main" type="button" ?disabled=${draft.isSaving} @click=${() => this.#deploy(draft)}>${draft.isChanged ? "Save and deploy" : "Deploy"}</button>` : nothing}
      </div>
      ${isAdmin ? this.#parts(draft) : this.#reading(draft)}
      ${draft.isChanged && isAdmin ? this.#saveBar(draft) : nothing}
      <deploy-dialog .desk=${this.desk} .draft=${draft} ?open=${this.isDeploying} @dismiss=${() => (this.isDeploying = false)}></deploy-dialog>`;
  }

  #parts(draft: BotDraft): TemplateResult {
    const choices = sections.map(([section, label, fields]) => ({
      label,
      link: linkTo("bots", { bot: this.bot, section }),
      isCurrent: section === this.#section,
      problems: draft.errorCount(fields),
    }));
    return html`${tabs("Parts of the bot", choices)} ${this.#notices(draft)}
      <div class="parts">
        ${this.#part(draft)}
        <bot-preview .draft=${draft}></bot-preview>
      </div>`;
  }

  /** What those see who may not change bots. */
  #reading(draft: BotDraft): TemplateResult {
    const { live } = draft.bot;
    return html`<cf-notice tone="warn">You can look at this bot. Admins change it.</cf-notice>
      <div class="parts">
        <section class="panel">
          <h2>Snippet</h2>
          ${live ? copyBox("Snippet", live.snippet) : html`<cf-empty heading="Not live yet">An admin deploys the bot first.</cf-empty>`}
        </section>
        <bot-preview .draft=${draft}></bot-preview>
      </div>`;
  }

  get #section(): Section {
    return sections.find(([section]) => section === this.section)?.[0] ?? "greeting";
  }

  #part(draft: BotDraft): TemplateResult {
    const { desk } = this;
    switch (this.#section) {
      case "form":
        return html`<form-section .draft=${draft}></form-section>`;
      case "replies":
        return html`<replies-section .desk=${desk} .draft=${draft}></replies-section>`;
      case "rules":
        return html`<rules-section .desk=${desk} .draft=${draft}></rules-section>`;
      case "look":
        return html`<look-section .draft=${draft}></look-section>`;
      case "publish":
        return html`<publish-section .desk=${desk} .draft=${draft}></publish-section>`;
      default:
        return html`<greeting-section .draft=${draft}></greeting-section>`;
    }
  }

  #notices(draft: BotDraft): unknown {
    const { stale, problem, errors } = draft;
    if (stale) {
      const words = (names: (keyof typeof fieldWords)[]) =>
        names.map((name) => fieldWords[name]).join(", ");
      return html`<div class="stale" role="alert">
        <p>A colleague has saved this bot meanwhile, and nothing of yours was saved. Changed there: ${words(stale.changed) || "nothing of the settings"}.${stale.both.length > 0 ? ` You have changed these too: ${words(stale.both)}. Yours would replace them.` : ""}</p>
        <div>
          <button class="button small main" type="button" @click=${() => this.#merge(draft)}>Keep both and save</button>
          <button class="button small" type="button" @click=${() => draft.takeTheirs()}>Drop my changes</button>
        </div>
      </div>`;
    }
    if (errors.length > 0)
      return html`<cf-notice>Some fields need another look. They are marked, and so are the parts that have them.</cf-notice>`;
    return problem
      ? html`<cf-notice action="Try again" @retry=${() => draft.save()}>${problem.message}</cf-notice>`
      : nothing;
  }

  #saveBar(draft: BotDraft): TemplateResult {
    return html`<div class="save">
      <span role="status">Not saved yet</span>
      <button class="button bare" type="button" ?disabled=${draft.isSaving} @click=${() => draft.discard()}>Discard</button>
      <button class="button main" type="button" ?disabled=${draft.isSaving} @click=${() => this.#save(draft)}>${draft.isSaving ? "Saving" : "Save"}</button>
    </div>`;
  }

  async #save(draft: BotDraft): Promise<boolean> {
    const isSaved = await draft.save();
    if (isSaved) {
      toast("Saved");
      void this.desk.workspace.load("bots");
    }
    return isSaved;
  }

  #merge(draft: BotDraft): void {
    draft.merge();
    void this.#save(draft);
  }

  async #deploy(draft: BotDraft): Promise<void> {
    if (draft.isChanged && !(await this.#save(draft))) return;
    this.isDeploying = true;
  }
}
