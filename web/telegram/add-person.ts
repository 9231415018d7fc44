// Dialog that adds a simulated user of Telegram.
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { formStyle } from "../messenger/form.style";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import "../ui/dialog";
import "../ui/notice";
import type { TelegramStore } from "./store";
import { languages } from "./words";

@customElement("add-telegram-person")
export class AddTelegramPerson extends LitElement {
  static override styles = [base, controls, formStyle];

  @property({ type: Boolean }) open = false;
  @property({ attribute: false }) store!: TelegramStore;
  @state() private problem = "";
  @state() private busy = false;
  @query("form") private form!: HTMLFormElement;

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has("open") || !this.open) return;
    this.form.reset();
    this.problem = "";
  }

  override render() {
    return html`<cf-dialog heading="Add a person" .open=${this.open} @dismiss=${() => this.dispatchEvent(new Event("dismiss"))}>
      <form @submit=${this.#submit}>
        <div class="pair">
          <label class="field">First name<input class="input" name="first_name" dir="auto" autocomplete="off" maxlength="64" required autofocus /></label>
          <label class="field">Last name<input class="input" name="last_name" dir="auto" autocomplete="off" maxlength="64" /></label>
        </div>
        <label class="field">Username<input class="input" name="username" autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="32" pattern="[A-Za-z0-9_]*" title="Letters a to z, digits and underscores" /></label>
        <label class="field">
          Language of the app
          <select class="input" name="language_code">
            ${languages.map(([code, name]) => html`<option value=${code}>${name}</option>`)}
            <option value="">Not sent</option>
          </select>
          <small>The bot may answer in it.</small>
        </label>
        ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
        <button class="button main" ?disabled=${this.busy}>Add and open the chat</button>
      </form>
    </cf-dialog>`;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    const fields = [...new FormData(this.form)].map(([name, value]) => [
      name,
      String(value).trim(),
    ]);
    this.busy = true;
    try {
      const filled = fields.filter(([, value]) => value !== "");
      const person = await this.store.addPerson(Object.fromEntries(filled));
      this.dispatchEvent(new CustomEvent("added", { detail: person.id }));
    } catch (error) {
      this.problem = explain(error);
    }
    this.busy = false;
  }
}
