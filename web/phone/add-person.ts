// Dialog that adds a simulated customer.
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Channel } from "../api/phone";
import { formStyle } from "../messenger/form.style";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import "../ui/dialog";
import "../ui/notice";
import type { PhoneStore } from "./store";

@customElement("add-person")
export class AddPerson extends LitElement {
  static override styles = [base, controls, formStyle];

  @property({ type: Boolean }) open = false;
  @property({ attribute: false }) store!: PhoneStore;
  @state() private channel: Channel = "meta";
  @state() private problem = "";
  @state() private busy = false;
  @query("form") private form!: HTMLFormElement;

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has("open") || !this.open) return;
    this.form.reset();
    this.channel = "meta";
    this.problem = "";
  }

  override render() {
    return html`<cf-dialog heading="Add a person" .open=${this.open} @dismiss=${() => this.dispatchEvent(new Event("dismiss"))}>
      <form @submit=${this.#submit}>
        <label class="field">Name<input class="input" name="name" dir="auto" autocomplete="off" maxlength="60" required autofocus /></label>
        <fieldset @change=${(event: Event) => (this.channel = (event.target as HTMLInputElement).value as Channel)}>
          <legend>Channel</legend>
          <label class="choice"><input type="radio" name="channel" value="meta" checked /> Meta <small>WhatsApp Cloud API: signed JSON webhooks</small></label>
          <label class="choice"><input type="radio" name="channel" value="twilio" /> Twilio <small>WhatsApp through Twilio: signed forms</small></label>
        </fieldset>
        <label class="choice" ?hidden=${this.channel !== "meta"}>
          <input type="checkbox" name="hide" /> Hide my number
          <small>A person with a username: webhooks carry a user id and no phone number</small>
        </label>
        ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
        <button class="button main" ?disabled=${this.busy}>Add and open the chat</button>
      </form>
    </cf-dialog>`;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const data = new FormData(this.form);
    const name = String(data.get("name")).trim();
    if (!name || this.busy) return;
    this.busy = true;
    try {
      const person = await this.store.addPerson(
        name,
        this.channel,
        this.channel === "meta" && data.has("hide"),
      );
      this.dispatchEvent(new CustomEvent("added", { detail: person }));
    } catch (error) {
      this.problem = explain(error);
    }
    this.busy = false;
  }
}
