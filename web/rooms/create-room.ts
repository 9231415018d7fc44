// Form to create a room: its name, the host's username, and who may join.
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { sheetOrDialog } from "../ui/dialog";
import { icon } from "../ui/icons";
import "../ui/notice";
import { rooms, toProblem } from "./api";
import type { Room } from "./contract";
import { formStyle } from "./form.style";
import { randomName } from "./names";
import { readStored, store } from "./storage";

export interface RoomDraft {
  name: string;
  description: string;
  photoId: string | null;
}

@customElement("create-room")
export class CreateRoom extends LitElement {
  static override styles = [base, controls, formStyle];

  /** Initial values; null: closed. */
  @property({ attribute: false }) plan: RoomDraft | null = null;
  @state() private isPrivate = false;
  @state() private username = "";
  @state() private busy = false;
  @state() private problem = "";
  @query("form") private form!: HTMLFormElement;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("plan") || !this.plan) return;
    this.username ||= readStored<string>("name") ?? randomName();
    this.problem = "";
    this.busy = false;
  }

  override render() {
    const { plan } = this;
    return html`<cf-dialog kind=${sheetOrDialog()} heading="New room" .open=${plan !== null} @dismiss=${() => this.dispatchEvent(new Event("dismiss"))}>
      <form @submit=${this.#submit}>
        <label class="field">Name<input class="input" name="name" dir="auto" autocomplete="off" minlength="2" maxlength="60" required .value=${plan?.name ?? ""} /></label>
        <label class="field">Description<textarea class="input" name="description" dir="auto" rows="2" maxlength="300" placeholder="Optional" .value=${plan?.description ?? ""}></textarea></label>
        <label class="field">
          Your name here
          <span class="with-button">
            <input class="input" name="username" dir="auto" autocomplete="nickname" minlength="2" maxlength="24" required .value=${this.username} @input=${(event: Event) => (this.username = (event.target as HTMLInputElement).value)} />
            <button class="button" type="button" aria-label="Another name" title="Another name" @click=${() => (this.username = randomName())}>${icon("shuffle")}</button>
          </span>
        </label>
        <fieldset @change=${(event: Event) => this.#chosen(event)}>
          <legend>Who can join</legend>
          <label class="choice"><input type="radio" name="who" value="open" .checked=${!this.isPrivate} /> Anyone with the link <small>They can read before they join</small></label>
          <label class="choice"><input type="radio" name="who" value="private" .checked=${this.isPrivate} /> Only people with a code <small>Others cannot read anything</small></label>
        </fieldset>
        ${
          this.isPrivate
            ? html`<label class="field">Access code<input class="input" name="access_code" autocomplete="off" autocapitalize="off" spellcheck="false" minlength="4" maxlength="32" required /><small>Four characters or more. Give it to the people you invite.</small></label>`
            : nothing
        }
        ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
        <button class="button main big" ?disabled=${this.busy}>${this.busy ? "Creating the room" : "Create the room"}</button>
      </form>
    </cf-dialog>`;
  }

  async #chosen(event: Event): Promise<void> {
    const { name, value } = event.target as HTMLInputElement;
    if (name !== "who") return;
    this.isPrivate = value === "private";
    await this.updateComplete;
    // Arrow keys keep choosing, so the focus stays; the new field only scrolls into view.
    this.renderRoot
      .querySelector<HTMLElement>("[name=access_code]")
      ?.scrollIntoView({ block: "nearest" });
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.busy || !this.plan) return;
    const data = new FormData(this.form);
    const text = (name: string) => String(data.get(name) ?? "").trim();
    const access_code = this.isPrivate ? text("access_code") : null;
    this.busy = true;
    this.problem = "";
    try {
      const room = await rooms.create({
        name: text("name"),
        description: text("description"),
        photo_id: this.plan.photoId,
        username: text("username"),
        is_private: this.isPrivate,
        access_code,
        is_public: !this.isPrivate,
      });
      store("name", room.you.username ?? text("username"));
      if (access_code) store(`code.${room.code}`, access_code);
      this.dispatchEvent(new CustomEvent<Room>("made", { detail: room }));
    } catch (error) {
      this.problem = toProblem(error).message;
    }
    this.busy = false;
  }
}
