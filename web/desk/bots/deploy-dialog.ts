// Deploys the saved draft: visitors meet it from now on.
import { html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/dialog";
import "../../ui/notice";
import { toast } from "../../ui/toast";
import type { DeployRequest, LiveDeployment } from "../contract";
import type { Desk } from "../desk";
import { checkField, textField } from "../field";
import { formStyle } from "../form.style";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";
import type { BotDraft } from "./bot-draft";

@customElement("deploy-dialog")
export class DeployDialog extends LitElement {
  static override styles = [base, controls, formStyle];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) draft!: BotDraft;
  @property({ type: Boolean }) open = false;
  @state() private note = "";
  @state() private rotates = false;
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;

  override render() {
    return html`<cf-dialog heading="Deploy ${this.draft.bot.name}" ?open=${this.open} @dismiss=${this.#close}>${this.open ? this.#form() : nothing}</cf-dialog>`;
  }

  #form() {
    const { problem } = this;
    const words = problem?.isStale
      ? "A colleague has changed the bot meanwhile. Close this, and look at the changes first."
      : problem?.message;
    return html`<form @submit=${this.#deploy}>
      <p>Visitors meet this version from now on. You can go back to an earlier one at any time.</p>
      ${textField({ label: "Note", name: "note", value: this.note, maxLength: 200, hint: "What has changed, for your colleagues.", input: (note) => (this.note = note) })}
      ${this.draft.bot.live ? checkField("Make a new key", this.rotates, (rotates) => (this.rotates = rotates), "The snippet changes. The old one works for another 24 hours.") : nothing}
      ${words ? html`<cf-notice>${words}</cf-notice>` : nothing}
      <div class="actions">
        <button class="button" type="button" @click=${this.#close}>Cancel</button>
        <button class="button main" ?disabled=${this.isBusy}>${this.isBusy ? "Deploying" : "Deploy"}</button>
      </div>
    </form>`;
  }

  #close = (): void => {
    this.problem = null;
    this.dispatchEvent(new Event("dismiss"));
  };

  async #deploy(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    const { bot } = this.draft;
    const note = this.note.trim();
    this.isBusy = true;
    this.problem = null;
    try {
      const live = await this.desk.api.create<LiveDeployment>(
        pathOf("chatbots", bot.id, "deploy"),
        {
          version: bot.version,
          ...(note ? { note } : {}),
          rotate_key: this.rotates,
        } satisfies DeployRequest,
      );
      this.draft.refresh({ ...this.draft.bot, live });
      void this.desk.workspace.load("bots");
      toast(`Version ${live.number} is live`);
      this.note = "";
      this.rotates = false;
      this.dispatchEvent(new Event("deployed"));
      this.#close();
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }
}
