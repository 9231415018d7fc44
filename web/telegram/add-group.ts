// Dialog that creates a group with the bot in it.
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { formStyle } from "../messenger/form.style";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import "../ui/dialog";
import "../ui/notice";
import type { TelegramStore } from "./store";
import { fullName } from "./words";

@customElement("add-telegram-group")
export class AddTelegramGroup extends LitElement {
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
    const people = this.store.people.filter(({ is_deactivated }) => !is_deactivated);
    return html`<cf-dialog heading="New group" .open=${this.open} @dismiss=${() => this.dispatchEvent(new Event("dismiss"))}>
      <form @submit=${this.#submit}>
        <label class="field">Title<input class="input" name="title" dir="auto" autocomplete="off" maxlength="128" required autofocus /></label>
        <fieldset>
          <legend>Members</legend>
          ${people.map((person) => html`<label class="choice"><input type="checkbox" name="member" value=${person.id} /> <bdi>${fullName(person)}</bdi></label>`)}
        </fieldset>
        <label class="choice">
          <input type="checkbox" name="supergroup" /> Supergroup
          <small>With message numbers of its own</small>
        </label>
        ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
        <button class="button main" ?disabled=${this.busy}>Create and open the group</button>
      </form>
    </cf-dialog>`;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const data = new FormData(this.form);
    const title = String(data.get("title")).trim();
    const members = data.getAll("member").map(Number);
    if (!title || this.busy) return;
    if (members.length === 0) {
      this.problem = "Choose at least one member. The first one creates the group.";
      return;
    }
    this.busy = true;
    try {
      const chat = await this.store.addGroup(title, members, data.has("supergroup"));
      this.dispatchEvent(new CustomEvent("added", { detail: chat.id }));
    } catch (error) {
      this.problem = explain(error);
    }
    this.busy = false;
  }
}
