// The first steps of a workspace: a name, the address of the site, the snippet, and the first message.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import { icon } from "../../ui/icons";
import "../../ui/notice";
import "../../ui/skeleton";
import type { Bot, BotSettings, DeployRequest, Head, LiveDeployment, NewBot } from "../contract";
import type { Desk } from "../desk";
import { textField } from "../field";
import { formStyle } from "../form.style";
import { Observing } from "../observable";
import { toOrigin } from "../origins";
import { pageStyle } from "../page.style";
import { linkTo, readPlace } from "../places";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";
import { copyBox, copyBoxStyle } from "../snippet";
import { visitorName } from "../words";
import "./new-workspace";
import { SetupWatch } from "./setup-watch";

type Step = "name" | "site" | "snippet";

const steps: [step: Step, label: string][] = [
  ["name", "Name"],
  ["site", "Your site"],
  ["snippet", "Snippet"],
];

@customElement("desk-start")
export class Start extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    copyBoxStyle,
    pageStyle,
    css`
      ol {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1) var(--s4);
        color: var(--ink-soft);
        font-size: var(--t2);
      }
      ol li {
        display: flex;
        align-items: center;
        gap: var(--s1);
      }
      ol b {
        display: inline-grid;
        place-items: center;
        inline-size: 1.375rem;
        block-size: 1.375rem;
        border: 1px solid var(--line-strong);
        border-radius: 50%;
        font-size: var(--t1);
        font-weight: 600;
      }
      ol [aria-current] {
        color: var(--ink);
        font-weight: 600;
      }
      ol [aria-current] b {
        border-color: var(--accent);
        background: var(--accent);
        color: var(--on-accent);
      }
      ol .done b {
        border-color: var(--good);
        color: var(--good);
      }
      .waits {
        display: flex;
        align-items: center;
        gap: var(--s3);
        padding: var(--s3);
        border-radius: var(--r2);
        background: var(--sunken);
        font-size: var(--t3);
      }
      .waits.here {
        background: var(--accent-soft);
      }
      .waits p {
        flex: 1;
        min-inline-size: 0;
        overflow-wrap: anywhere;
      }
      .pulse {
        flex: none;
        inline-size: 0.625rem;
        block-size: 0.625rem;
        border-radius: 50%;
        background: var(--accent);
        animation: pulse 1.6s ease-in-out infinite;
      }
      @keyframes pulse {
        50% {
          opacity: 0.25;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .pulse {
          animation: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @state() private step: Step = "name";
  @state() private bot: Bot | null = null;
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;
  @state() private name = "";
  @state() private site = "";
  readonly #setup = new SetupWatch(this);

  constructor() {
    super();
    new Observing(this, () => [this.desk.inbox, this.desk.workspace]);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("desk") || this.#isNew) return;
    this.bot = null;
    this.problem = null;
    if (this.desk.may("writeBots")) this.#setup.watch(this.desk, () => void this.#loadBot());
  }

  /** The person has no workspace, or wants another one. */
  get #isNew(): boolean {
    return this.desk.me.tenantId === "" || readPlace().section === "new";
  }

  override render() {
    return html`<div class="column narrow">${this.#content()}</div>`;
  }

  #content(): TemplateResult {
    if (this.#isNew) return html`<new-workspace .desk=${this.desk}></new-workspace>`;
    if (!this.desk.may("writeBots"))
      return html`<cf-empty heading="Admins set up the chat">Ask an admin of your workspace to put the chat on your site.</cf-empty>`;
    if (!this.bot) return this.#loading();
    return html`<div class="page-head"><h1>Put the chat on your site</h1></div>
      ${this.#progress()} ${this.#panel(this.bot)}`;
  }

  #loading(): TemplateResult {
    const problem = this.problem?.message ?? this.#setup.problem;
    if (problem)
      return html`<cf-notice action="Try again" @retry=${this.#retry}>${problem}</cf-notice>`;
    const { progress } = this.#setup;
    const words = progress
      ? `Setting up your workspace, step ${progress.step + 1} of ${progress.of}`
      : "Loading";
    return html`<p class="lead" role="status">${words}</p><cf-skeleton lines="4"></cf-skeleton>`;
  }

  #progress(): TemplateResult {
    const at = steps.findIndex(([step]) => step === this.step);
    return html`<ol>${steps.map(([, label], index) => html`<li class=${index < at ? "done" : ""} aria-current=${index === at ? "step" : nothing}><b>${index < at ? icon("tick") : index + 1}</b>${label}</li>`)}</ol>`;
  }

  #panel(bot: Bot): TemplateResult {
    if (this.step === "name") return this.#nameForm();
    if (this.step === "site") return this.#siteForm();
    return this.#snippet(bot.live);
  }

  #nameForm(): TemplateResult {
    return html`<form class="panel" @submit=${this.#saveName}>
      ${textField({ label: "What is the chat called?", name: "name", value: this.name, maxLength: 60, isRequired: true, hint: "Visitors see this name above the chat.", error: this.#errorOf("name"), input: (value) => (this.name = value) })}
      ${this.#notice()}
      <div class="actions"><button class="button main" ?disabled=${this.isBusy}>Continue</button></div>
    </form>`;
  }

  #siteForm(): TemplateResult {
    return html`<form class="panel" novalidate @submit=${this.#saveSite}>
      ${textField({ label: "Where will it run?", name: "site", type: "url", value: this.site, placeholder: "https://shop.example", isRequired: true, hint: "The address of your site. The chat runs there and nowhere else. You can add more later.", error: this.#errorOf("origins[0]"), input: (value) => (this.site = value) })}
      ${this.#notice()}
      <div class="actions">
        <button class="button bare" type="button" @click=${() => (this.step = "name")}>Back</button>
        <button class="button main" ?disabled=${this.isBusy || this.site.trim() === ""}>${this.isBusy ? "Publishing" : "Publish"}</button>
      </div>
    </form>`;
  }

  #snippet(live: LiveDeployment | null): TemplateResult {
    const first = this.bot ? this.desk.inbox.firstOfBot(this.bot.id) : undefined;
    return html`<section class="panel">
        <h2>Paste this before the end of your page's body</h2>
        ${live ? copyBox("Snippet", live.snippet) : nothing}
        <p class="hint">It loads after your page and moves nothing on it. Works with any site builder that takes custom code.</p>
      </section>
      ${first ? this.#arrived(first) : this.#waiting()}`;
  }

  #waiting(): TemplateResult {
    return html`<div class="waits" role="status"><i class="pulse" aria-hidden="true"></i><p>Waiting for the first message. Open your site and write one.</p></div>
      <div class="actions">
        <button class="button bare" type="button" @click=${() => (this.step = "site")}>Back</button>
        <a class="button" href=${linkTo("inbox", { view: "all" })}>Do this later</a>
      </div>`;
  }

  #arrived(head: Head): TemplateResult {
    const view = head.status === "bot" ? "bot" : "all";
    return html`<div class="waits here" role="status">${icon("tick")}<p>It works. ${visitorName(head.visitor)} wrote: <strong dir="auto">${head.subject || "a first message"}</strong></p></div>
      <div class="actions"><a class="button main" href=${linkTo("inbox", { view, conversation: head.id })}>Answer it</a></div>`;
  }

  #notice(): TemplateResult | typeof nothing {
    const { problem } = this;
    if (!problem || problem.errors.length > 0) return nothing;
    const isLimit = problem.status === 402;
    return html`<cf-notice>${problem.message}${isLimit ? html` <a href=${linkTo("settings", { section: "limits" })}>See your limits</a>` : nothing}</cf-notice>`;
  }

  #errorOf(field: string): string | undefined {
    return this.problem?.errors.find((error) => error.field === field)?.message;
  }

  #retry = (): void => {
    this.problem = null;
    this.#setup.retry();
  };

  /** Continues with the bot that the workspace began with, or makes one. */
  async #loadBot(): Promise<void> {
    const { api, workspace, me } = this.desk;
    try {
      await workspace.load("bots");
      const known =
        workspace.bots.find(({ live_number }) => live_number === undefined) ?? workspace.bots[0];
      const body = {
        name: me.workspace.slice(0, 60) || "Chat",
        language: "en",
        template: "support",
      } satisfies NewBot;
      const bot = known
        ? await api.get<Bot>(pathOf("chatbots", known.id))
        : await api.create<Bot>("/chatbots", body);
      this.bot = bot;
      this.name = known && bot.version > 1 ? bot.name : me.workspace || bot.name;
      this.site = bot.origins[0] ?? "";
      this.step = bot.live ? "snippet" : "name";
    } catch (error) {
      this.problem = toProblem(error);
    }
  }

  #saveName(event: Event): void {
    event.preventDefault();
    void this.#do(async (bot) => {
      this.bot = await this.#save(bot, { name: this.name.trim() });
      this.step = "site";
    });
  }

  #saveSite(event: Event): void {
    event.preventDefault();
    void this.#do(async (bot) => {
      this.site = toOrigin(this.site);
      const others = bot.origins.slice(1);
      const saved = await this.#save(bot, { origins: [this.site, ...others] });
      const path = pathOf("chatbots", bot.id, "deploy");
      const live = await this.desk.api.create<LiveDeployment>(path, {
        version: saved.version,
      } satisfies DeployRequest);
      this.bot = { ...saved, live };
      void this.desk.workspace.load("bots");
      this.step = "snippet";
    });
  }

  async #do(work: (bot: Bot) => Promise<void>): Promise<void> {
    const { bot } = this;
    if (this.isBusy || !bot) return;
    this.isBusy = true;
    this.problem = null;
    try {
      await work(bot);
    } catch (error) {
      this.problem = toProblem(error);
      // The steps are few: what another admin has changed is taken, and the step is done again.
      if (this.problem.isStale) await this.#loadBot();
    }
    this.isBusy = false;
  }

  #save(bot: Bot, change: Partial<BotSettings>): Promise<Bot> {
    const { id, created_at: _, updated_at: __, live: ___, ...settings } = bot;
    return this.desk.api.put<Bot>(pathOf("chatbots", id), { ...settings, ...change });
  }
}
