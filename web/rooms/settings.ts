// The host's settings of a room, and closing it.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { sheetOrDialog } from "../ui/dialog";
import { icon } from "../ui/icons";
import "../ui/notice";
import { toast } from "../ui/toast";
import { rooms, toProblem } from "./api";
import type { Money, Room } from "./contract";
import { formStyle } from "./form.style";
import { store } from "./storage";
import { priceOf, refusalText } from "./words";

@customElement("room-settings")
export class RoomSettings extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    css`
      h3 {
        font-size: var(--t3);
        font-weight: 600;
      }
      .end p,
      p.end {
        color: var(--ink-soft);
        text-wrap: pretty;
      }
      .end {
        display: grid;
        gap: var(--s2);
        margin-block-start: var(--s5);
        padding-block-start: var(--s4);
        border-block-start: 1px solid var(--line);
      }
    `,
  ];

  @property({ type: Boolean }) open = false;
  @property({ attribute: false }) room!: Room;
  @state() private busy = false;
  @state() private problem = "";
  @state() private isClosing = false;
  @state() private backProblem = "";
  @state() private entrance: Money | null = null;
  @query("form") private form!: HTMLFormElement;

  override willUpdate(changed: PropertyValues<this>): void {
    if (
      this.open &&
      !this.room.front &&
      (changed.has("open") || changed.has("room")) &&
      !this.entrance
    )
      void this.#fetchEntranceFee();
    if (!changed.has("open")) return;
    this.problem = "";
    this.backProblem = "";
    this.isClosing = false;
  }

  override updated(changed: PropertyValues<this>): void {
    // Unsaved input is discarded.
    if (changed.has("open") && this.open) this.form.reset();
  }

  override render() {
    const { room } = this;
    return html`<cf-dialog kind=${sheetOrDialog()} heading="Settings" .open=${this.open} @dismiss=${() => this.dispatchEvent(new Event("dismiss"))}>
      <form @submit=${this.#submit}>
        <label class="field">Name<input class="input" name="name" dir="auto" autocomplete="off" minlength="2" maxlength="60" required value=${room.name} /></label>
        <label class="field">Description<textarea class="input" name="description" dir="auto" rows="3" maxlength="300">${room.description}</textarea></label>
        <label class="choice"><input type="checkbox" name="is_read_only" ?checked=${room.is_read_only} /> Read-only <small>Only you can post</small></label>
        ${room.front ? nothing : this.#whoComesIn()}
        ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
        <button class="button main big" ?disabled=${this.busy}>Save</button>
      </form>
      ${room.front ? html`<p class="end">A back room closes together with its front room.</p>` : html`${this.#behind()}${this.#closing()}`}
    </cf-dialog>`;
  }

  #whoComesIn(): TemplateResult {
    return this.room.is_private
      ? html`<label class="field">New access code<input class="input" name="access_code" autocomplete="off" autocapitalize="off" spellcheck="false" minlength="4" maxlength="32" placeholder="Leave empty to keep the old one" /></label>`
      : html`<label class="choice"><input type="checkbox" name="is_public" ?checked=${this.room.is_public} /> Anyone can read <small>Otherwise only members can read</small></label>`;
  }

  #behind(): TemplateResult {
    const { back_room } = this.room;
    return html`<div class="end">
      <h3>Back room</h3>
      ${
        back_room
          ? html`<p>It is open.${this.entrance ? ` The entrance fee is ${priceOf(this.entrance)}, paid once.` : ""} It closes with this room.</p>`
          : html`<p>A second room, only for people who pay its entrance fee${this.entrance ? ` of ${priceOf(this.entrance)}` : ""}. It stays open as long as this room.</p>`
      }
      ${this.backProblem ? html`<cf-notice>${this.backProblem}</cf-notice>` : nothing}
      <button class="button big" type="button" ?disabled=${this.busy} @click=${this.#openBackRoom}>${icon("ajar")} ${back_room ? "Enter the back room" : "Open a back room"}</button>
    </div>`;
  }

  #closing(): TemplateResult {
    return html`<div class="end">
        ${
          this.isClosing
            ? html`<p>Everyone is removed, and all messages are deleted. This cannot be undone.</p>
              <button class="button danger big" type="button" ?disabled=${this.busy} @click=${this.#close}>Close permanently</button>
              <button class="button bare big" type="button" @click=${() => (this.isClosing = false)}>Cancel</button>`
            : html`<button class="button danger big" type="button" @click=${() => (this.isClosing = true)}>Close the room</button>`
        }
      </div>`;
  }

  async #fetchEntranceFee(): Promise<void> {
    try {
      this.entrance = (await rooms.offers(this.room.code)).back_room?.price ?? null;
    } catch {
      // The button works without the price.
    }
  }

  async #openBackRoom(): Promise<void> {
    const { room } = this;
    this.busy = true;
    this.backProblem = "";
    try {
      const { code } = await rooms.openBackRoom(room.code);
      if (!room.back_room) toast("The back room is open");
      this.dispatchEvent(
        new CustomEvent<string>(room.back_room ? "enter" : "opened", { detail: code }),
      );
    } catch (error) {
      this.backProblem = refusalText(toProblem(error));
    }
    this.busy = false;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const data = new FormData(this.form);
    const text = (name: string) => String(data.get(name) ?? "").trim();
    const { room } = this;
    const accessCode = text("access_code");
    this.busy = true;
    this.problem = "";
    try {
      const changed = await rooms.change(room.code, {
        name: text("name"),
        description: text("description"),
        is_read_only: data.has("is_read_only"),
        ...(room.is_private ? {} : { is_public: data.has("is_public") }),
        ...(accessCode ? { access_code: accessCode } : {}),
      });
      if (accessCode) store(`code.${room.code}`, accessCode);
      toast("Saved");
      this.dispatchEvent(new CustomEvent<Room>("saved", { detail: changed }));
    } catch (error) {
      this.problem = toProblem(error).message;
    }
    this.busy = false;
  }

  async #close(): Promise<void> {
    this.busy = true;
    try {
      await rooms.close(this.room.code);
      this.dispatchEvent(new Event("closed"));
    } catch (error) {
      this.problem = toProblem(error).message;
    }
    this.busy = false;
  }
}
