// The start: take a photo, or return to a room.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { base, controls } from "../ui/base";
import { now, onTick } from "../ui/clock";
import "../ui/empty";
import { plural } from "../ui/format";
import { icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import { rooms, storedSession, toProblem } from "./api";
import type { Room } from "./contract";
import { formStyle } from "./form.style";
import { readStored } from "./storage";
import "./picture";
import { startStyle } from "./start.style";
import { onlineCount } from "./words";

@customElement("rooms-start")
export class RoomsStart extends LitElement {
  static override styles = [base, controls, formStyle, startStyle];

  @property() problem = "";
  @state() private mine: Room[] | null = null;
  @state() private mineProblem = "";
  @state() private over = false;
  @state() private codeProblem = "";
  @query("#take") private taker!: HTMLInputElement;
  @query("#choose") private chooser!: HTMLInputElement;

  /** When the rooms' online counts were fetched. */
  #mineAt = -Infinity;
  #stopClock = () => {};

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
    this.#stopClock = onTick(() => this.requestUpdate());
    document.addEventListener("visibilitychange", this.#looked);
    document.addEventListener("paste", this.#pasted);
    // A photo dropped beside the field must not replace the page.
    document.addEventListener("dragover", this.#dragged);
    document.addEventListener("dragleave", this.#left);
    document.addEventListener("drop", this.#dropped);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopClock();
    document.removeEventListener("visibilitychange", this.#looked);
    document.removeEventListener("paste", this.#pasted);
    document.removeEventListener("dragover", this.#dragged);
    document.removeEventListener("dragleave", this.#left);
    document.removeEventListener("drop", this.#dropped);
  }

  #looked = (): void => {
    if (!document.hidden) void this.#load();
  };

  async #load(): Promise<void> {
    // Without a session there are no rooms.
    if (!storedSession()) {
      this.mine = [];
      return;
    }
    try {
      this.mine = (await rooms.mine()).rooms;
      this.#mineAt = now();
      this.mineProblem = "";
    } catch (error) {
      this.mineProblem = toProblem(error).message;
    }
  }

  override render() {
    return html`
      <section class="begin" aria-labelledby="where">
        <div>
          <h1 id="where">Where are you?</h1>
          <p class="lead">Take a photo. You get ten names for a chat room, and a link for the people around you.</p>
        </div>
        ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
        <div class="drop ${this.over ? "over" : ""}">
          ${icon("camera")}
          <div class="buttons">
            <button class="button main take" type="button" @click=${() => this.taker.click()}>Take a photo</button>
            <button class="button main choose" type="button" @click=${() => this.chooser.click()}>Choose a photo</button>
          </div>
          <p class="soft mouse">or drop one anywhere on this page, or paste it</p>
          <input id="take" type="file" accept="image/*" capture="environment" aria-label="A new photo" hidden @change=${this.#picked} />
          <input id="choose" type="file" accept="image/*" aria-label="An existing photo" hidden @change=${this.#picked} />
        </div>
      </section>
      <section class="mine" aria-labelledby="mine">
        <h2 id="mine">My rooms</h2>
        ${this.#mine()}
      </section>
      <section class="other">
        <form @submit=${this.#typed} novalidate>
          <label class="field">
            <span>Have a link or a code?</span>
            <span class="code">
              <input class="input" name="code" autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="go" placeholder="k7m2p9q4xw" aria-describedby="code-problem" />
              <button class="button">Go to room</button>
            </span>
            <span class="wrong" id="code-problem" role="alert">${this.codeProblem}</span>
          </label>
        </form>
        <button class="link" type="button" @click=${() => this.dispatchEvent(new Event("nophoto"))}>Create a room without a photo</button>
      </section>
    `;
  }

  #mine(): TemplateResult {
    if (this.mineProblem && !this.mine)
      return html`<cf-notice action="Try again" @retry=${() => this.#load()}>${this.mineProblem}</cf-notice>`;
    if (!this.mine) return html`<cf-skeleton lines="4"></cf-skeleton>`;
    if (this.mine.length === 0)
      return html`<cf-empty heading="No rooms yet">Rooms that you create or join appear here, in this browser.</cf-empty>`;
    return html`<ul class="rooms">
      ${repeat(
        this.mine,
        ({ code }) => code,
        (room) => this.#room(room),
      )}
    </ul>`;
  }

  #room(room: Room): TemplateResult {
    const online = onlineCount(room.online, this.#mineAt, now());
    const unread = Math.max(
      0,
      room.last_seq -
        Math.max(readStored<number>(`seen.${room.code}`) ?? 0, room.you.read_seq ?? 0),
    );
    return html`<li>
      <a href="#room=${encodeURIComponent(room.code)}">
        <room-picture .photo=${room.photo} code=${room.code}></room-picture>
        <span class="words">
          <span class="name"><bdi>${room.name}</bdi>${room.is_private && !room.front ? html`${icon("lock")}<span class="only-read">private</span>` : nothing}</span>
          <span class="about" dir="auto">${room.front ? "Back room · " : ""}${online ? html`<b>${online}</b> · ` : nothing}${room.last_seq === 0 ? "No messages yet" : plural(room.last_seq, "message")}${room.you.role === "host" ? " · yours" : ""}</span>
        </span>
        ${unread > 0 ? html`<span class="unread">${unread > 99 ? "99+" : unread}<span class="only-read"> new</span></span>` : nothing}
      </a>
    </li>`;
  }

  #typed(event: SubmitEvent): void {
    event.preventDefault();
    const text = String(new FormData(event.target as HTMLFormElement).get("code")).trim();
    const code = /(?:[#?&]room=)?([a-z0-9]{6,20})$/i.exec(text)?.[1]?.toLowerCase();
    this.codeProblem = code
      ? ""
      : "That does not look like a room link or code. A code has ten letters and digits.";
    if (code) location.hash = `#room=${code}`;
  }

  #picked(event: Event): void {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    input.value = "";
    this.#emitPhoto(file);
  }

  #pasted = (event: ClipboardEvent): void => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) =>
      type.startsWith("image/"),
    );
    if (!file) return;
    event.preventDefault();
    this.#emitPhoto(file);
  };

  #dragged = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.over = true;
  };

  #left = (event: DragEvent): void => {
    if (!event.relatedTarget) this.over = false;
  };

  #dropped = (event: DragEvent): void => {
    event.preventDefault();
    this.over = false;
    this.#emitPhoto(event.dataTransfer?.files[0]);
  };

  #emitPhoto(file: File | undefined): void {
    if (file) this.dispatchEvent(new CustomEvent<File>("photo", { detail: file }));
  }
}
