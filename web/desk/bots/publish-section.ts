// Where a bot runs: its sites, the snippet, versions that were deployed, and the identity of visitors.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/dialog";
import "../../ui/empty";
import "../../ui/notice";
import "../../ui/skeleton";
import "../../ui/status";
import { type Column, table, tableStyle } from "../../ui/table";
import "../../ui/time";
import { toast } from "../../ui/toast";
import type { Deployment, IdentitySecret, LiveDeployment } from "../contract";
import type { Desk } from "../desk";
import { checkField } from "../field";
import { formStyle } from "../form.style";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { goTo } from "../places";
import { toProblem } from "../problem";
import { pathOf } from "../request";
import { copyBox, copyBoxStyle } from "../snippet";
import { exactly } from "../words";
import { loadAll } from "../workspace";
import type { BotDraft } from "./bot-draft";
import { linesField } from "./lines-field";
import { botSectionStyle } from "./section.style";

@customElement("publish-section")
export class PublishSection extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    tableStyle,
    copyBoxStyle,
    pageStyle,
    botSectionStyle,
    css`
      :host {
        padding: 0;
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) draft!: BotDraft;
  @state() private deployments: Deployment[] | null = null;
  @state() private problem = "";
  @state() private secret: IdentitySecret | null = null;
  @state() private asks: "" | "secret" | "delete" = "";
  @state() private isBusy = false;
  #liveNumber = 0;

  constructor() {
    super();
    new Observing(this, () => [this.draft, this.desk.workspace]);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const number = this.draft.bot.live?.number ?? 0;
    if (!changed.has("draft") && number === this.#liveNumber) return;
    this.#liveNumber = number;
    void this.#load();
  }

  override render() {
    return html`${this.#sites()} ${this.#install()} ${this.#versions()} ${this.#identity()} ${this.#danger()} ${this.#dialogs()}`;
  }

  #sites(): TemplateResult {
    const { draft } = this;
    return html`<section class="panel">
      <h2>Sites</h2>
      ${linesField({
        label: "Where the chat may run, one address in each line",
        name: "origins",
        rows: 3,
        lines: draft.settings.origins,
        placeholder: "https://shop.example",
        hint: "https://*.shop.example stands for every subdomain. The chat is refused everywhere else.",
        error: draft.listError("origins"),
        change: (origins) => draft.set({ origins }),
      })}
    </section>`;
  }

  #install(): TemplateResult {
    const { live } = this.draft.bot;
    return html`<section class="panel">
      <h2>Snippet</h2>
      ${
        live
          ? html`${copyBox("Snippet", live.snippet)}<p class="hint">Paste it before the end of your page's body. It stays the same when you deploy again.</p>`
          : html`<cf-empty heading="Not live yet">Deploy the bot to get the snippet for your site.</cf-empty>`
      }
    </section>`;
  }

  #versions(): TemplateResult {
    const { deployments, problem } = this;
    return html`<section class="panel">
      <h2>Versions</h2>
      ${problem ? html`<cf-notice action="Try again" @retry=${this.#load}>${problem}</cf-notice>` : nothing}
      ${
        deployments === null
          ? problem
            ? nothing
            : html`<cf-skeleton lines="3"></cf-skeleton>`
          : deployments.length === 0
            ? html`<cf-empty heading="None yet">Each deployment is kept, so that you can go back to it.</cf-empty>`
            : table("Versions", this.#columns, deployments, ({ number }) => number)
      }
    </section>`;
  }

  get #columns(): Column<Deployment>[] {
    const { workspace } = this.desk;
    return [
      { label: "Version", cell: ({ number }) => html`${number}` },
      {
        label: "Deployed",
        cell: ({ deployed_at }) => html`<cf-time at=${Date.parse(deployed_at)}></cf-time>`,
      },
      {
        label: "By",
        cell: ({ deployed_by }) => html`<bdi>${workspace.person(deployed_by)}</bdi>`,
      },
      { label: "Note", wide: true, cell: ({ note }) => html`<bdi>${note ?? ""}</bdi>` },
      {
        label: "State",
        actions: true,
        cell: (one) =>
          one.is_live
            ? html`<cf-status tone="good">Live</cf-status>`
            : html`<button class="button small" type="button" ?disabled=${this.isBusy} @click=${() => this.#activate(one)}>Make live</button>`,
      },
    ];
  }

  #identity(): TemplateResult {
    const { draft } = this;
    return html`<section class="panel">
      <h2>Identity of visitors</h2>
      <p class="lead">Your server can vouch for who is signed in on your site. Verified visitors find their conversations on every device.</p>
      ${checkField("Only visitors whom the site vouches for may chat", draft.settings.identity.required, (required) => draft.set({ identity: { required } }))}
      <div class="actions"><button class="button" type="button" @click=${() => (this.asks = "secret")}>New secret</button></div>
    </section>`;
  }

  #danger(): TemplateResult {
    return html`<section class="panel">
      <h2>Delete the bot</h2>
      <p class="lead">The chat disappears from your site at once. Its conversations stay.</p>
      <div class="actions"><button class="button danger" type="button" @click=${() => (this.asks = "delete")}>Delete</button></div>
    </section>`;
  }

  #dialogs(): TemplateResult {
    const { asks, secret } = this;
    const close = () => (this.asks = "");
    return html`<cf-dialog heading="New secret" ?open=${asks === "secret"} @dismiss=${close}>
        <div class="form">
          <p>A new secret takes the place of the present one, with which your server may sign for another 24 hours.</p>
          <div class="actions">
            <button class="button" type="button" @click=${close}>Cancel</button>
            <button class="button main" type="button" ?disabled=${this.isBusy} @click=${this.#rotateSecret}>Make a new secret</button>
          </div>
        </div>
      </cf-dialog>
      <cf-dialog heading="Your secret" ?open=${secret !== null} @dismiss=${() => (this.secret = null)}>${secret ? this.#secretOnce(secret) : nothing}</cf-dialog>
      <cf-dialog heading="Delete ${this.draft.bot.name}?" ?open=${asks === "delete"} @dismiss=${close}>
        <div class="form">
          <p>The chat disappears from your site at once. This cannot be undone.</p>
          <div class="actions">
            <button class="button" type="button" @click=${close}>Cancel</button>
            <button class="button danger" type="button" ?disabled=${this.isBusy} @click=${this.#delete}>Delete the bot</button>
          </div>
        </div>
      </cf-dialog>`;
  }

  #secretOnce({ secret, previous_valid_until }: IdentitySecret): TemplateResult {
    return html`<div class="form">
      <p>Copy it to your server now. It is not shown again.</p>
      ${copyBox("Secret", secret)}
      <p class="hint">Sign a JWT with HS256: <code>{ sub, email?, name?, exp }</code>, at most 24 hours long, and pass it to <code>Desk.identify(token)</code>.${previous_valid_until ? ` The one before works until ${exactly(previous_valid_until)}.` : ""}</p>
    </div>`;
  }

  #load = async (): Promise<void> => {
    const { id } = this.draft.bot;
    this.problem = "";
    try {
      const list = await loadAll<Deployment>(this.desk.api, pathOf("chatbots", id, "deployments"));
      if (id === this.draft.bot.id) this.deployments = list;
    } catch (error) {
      this.problem = toProblem(error).message;
    }
  };

  async #activate({ number }: Deployment): Promise<void> {
    await this.#do(async () => {
      const { bot } = this.draft;
      const path = pathOf("chatbots", bot.id, "deployments", number, "activate");
      const live = await this.desk.api.post<LiveDeployment>(path);
      this.draft.refresh({ ...bot, live });
      void this.desk.workspace.load("bots");
      toast(`Version ${number} is live`);
    });
  }

  #rotateSecret(): Promise<void> {
    return this.#do(async () => {
      const path = pathOf("chatbots", this.draft.bot.id, "identity-secret");
      this.secret = await this.desk.api.post<IdentitySecret>(path);
    });
  }

  #delete(): Promise<void> {
    return this.#do(async () => {
      const { bot } = this.draft;
      await this.desk.api.remove(pathOf("chatbots", bot.id));
      this.desk.workspace.remove("bots", bot.id);
      toast(`Deleted: ${bot.name}`);
      goTo("bots");
    });
  }

  async #do(work: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      await work();
    } catch (error) {
      toast(toProblem(error).message, true);
    }
    this.isBusy = false;
    this.asks = "";
  }
}
