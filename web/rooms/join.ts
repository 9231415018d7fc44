// Form to join a room or change one's name: username and access code.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { onTick } from "../ui/clock";
import "../ui/notice";
import { busyUntil, onBusyChange, rooms, toProblem } from "./api";
import type { Room } from "./contract";
import { formStyle } from "./form.style";
import { randomName } from "./names";
import { readStored, store } from "./storage";
import { busyText, refusalText } from "./words";

@customElement("room-join")
export class RoomJoin extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    css`
      .chips span {
        align-self: center;
        color: var(--ink-soft);
        font-size: var(--t2);
      }
    `,
  ];

  @property() code = "";
  @property({ type: Boolean, attribute: "private" }) isPrivate = false;
  /** The current name, when this form changes it. */
  @property() current = "";
  @state() private username = "";
  @state() private accessCode = "";
  @state() private suggestions: string[] = [];
  @state() private nameProblem = "";
  @state() private codeProblem = "";
  @state() private problem = "";
  @state() private busy = false;

  #stop: (() => void)[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = [
      onBusyChange(() => this.requestUpdate()),
      onTick(() => busyUntil() !== null && this.requestUpdate()),
    ];
    this.username = this.current || (readStored<string>("name") ?? "");
    this.accessCode = readStored<string>(`code.${this.code}`) ?? "";
    void this.#suggest();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stop) stop();
  }

  async #suggest(): Promise<void> {
    try {
      this.suggestions = (await rooms.names(this.code)).suggestions.slice(0, 4);
    } catch {
      this.suggestions =
        this.suggestions.length > 0 ? this.suggestions : [randomName(), randomName()];
    }
    if (this.username !== "") return;
    this.username = this.suggestions[0] ?? randomName();
    await this.updateComplete;
    // Selects the suggestion, so that typing replaces it.
    const field = this.renderRoot.querySelector<HTMLInputElement>("input[name=username]");
    if (field?.matches(":focus")) field.select();
  }

  override render() {
    const asksCode = this.isPrivate && this.current === "";
    return html`<form @submit=${this.#submit} novalidate>
      ${
        asksCode
          ? html`<label class="field">
            Access code
            <input class="input" name="access_code" autocomplete="off" autocapitalize="off" spellcheck="false" aria-invalid=${this.codeProblem !== ""} aria-describedby="code-wrong" .value=${this.accessCode} @input=${(event: Event) => (this.accessCode = (event.target as HTMLInputElement).value)} />
            <span class="wrong" id="code-wrong" role="alert">${this.codeProblem}</span>
          </label>`
          : nothing
      }
      <label class="field">
        Your name here
        <input class="input" name="username" dir="auto" autocomplete="nickname" maxlength="24" aria-invalid=${this.nameProblem !== ""} aria-describedby="name-wrong" .value=${this.username} @input=${(event: Event) => (this.username = (event.target as HTMLInputElement).value)} />
        <span class="wrong" id="name-wrong" role="alert">${this.nameProblem}</span>
      </label>
      ${
        this.suggestions.length > 0
          ? html`<div class="chips" role="group" aria-label="Available names">
            <span aria-hidden="true">Or</span>
            ${this.suggestions.filter((name) => name !== this.username).map((name) => html`<button class="chip" type="button" @click=${() => this.#take(name)}><bdi>${name}</bdi></button>`)}
          </div>`
          : nothing
      }
      ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
      <p class="soft" role="status">${this.busy ? this.#waiting() : ""}</p>
      <button class="button main big" ?disabled=${this.busy}>${this.current ? "Change my name" : this.busy ? "Joining" : "Join"}</button>
    </form>`;
  }

  #waiting(): string {
    const until = busyUntil();
    return until === null
      ? ""
      : busyText(this.current ? "Changing your name" : "Joining", until, Date.now());
  }

  #take(name: string): void {
    this.username = name;
    this.nameProblem = "";
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    const username = this.username.trim();
    const accessCode = this.accessCode.trim();
    const asksCode = this.isPrivate && this.current === "";
    this.problem = "";
    this.nameProblem = [...username].length < 2 ? "Names need at least two characters." : "";
    this.codeProblem =
      asksCode && accessCode === "" ? "Ask the person who invited you for the code." : "";
    if (this.nameProblem || this.codeProblem) return this.#goToWrong();
    this.busy = true;
    try {
      const room = await rooms.join(this.code, username, asksCode ? accessCode : null);
      store("name", room.you.username ?? username);
      if (asksCode) store(`code.${this.code}`, accessCode);
      this.dispatchEvent(new CustomEvent<Room>("joined", { detail: room }));
    } catch (error) {
      const problem = toProblem(error);
      const { code } = problem;
      if (code === "name_taken") {
        this.nameProblem =
          "This name is taken, or looks too much like another one. Choose a different name.";
        void this.#suggest();
      } else if (code === "wrong_access_code")
        this.codeProblem = "Wrong access code. Ask the person who invited you.";
      else if (code === "not_paid")
        this.problem = "This is a back room. Pay its entrance fee in the front room.";
      else if (code === "banned") this.dispatchEvent(new Event("banned"));
      else this.problem = refusalText(problem);
      this.#goToWrong();
    }
    this.busy = false;
  }

  #goToWrong(): void {
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>("[aria-invalid=true]")?.focus(),
    );
  }
}
