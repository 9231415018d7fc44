// Asks for the operator's key and says when the API refuses it.
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { CallError, explain } from "../ui/call";
import "../ui/notice";
import type { CarouselApi } from "./api";
import { isLocal } from "./live";

const WRONG_KEY = "The API refuses this key. Check it and try again.";
const NO_LONGER_VALID = "The API no longer accepts the key. Enter the present one.";

@customElement("carousel-key-form")
export class KeyForm extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        justify-items: center;
        padding-block: var(--s6);
      }
      form {
        display: grid;
        gap: var(--s4);
        inline-size: 100%;
        max-inline-size: 26rem;
        padding: var(--s5);
        border: 1px solid var(--line);
        border-radius: var(--r3);
        background: var(--raised);
      }
      h2 {
        font-size: var(--t5);
        font-weight: 650;
        letter-spacing: -0.01em;
      }
      code {
        font-family: var(--mono);
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) api!: CarouselApi;
  /** A key that was accepted before has been refused. */
  @property({ type: Boolean }) wasRefused = false;
  @state() private isBusy = false;
  @state() private problem = "";

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("wasRefused") && this.wasRefused) this.problem = NO_LONGER_VALID;
  }

  override render() {
    return html`<form @submit=${this.#submit}>
      <h2>Enter the operator's key</h2>
      <label class="field">
        Key
        <input class="input mono" name="key" type="password" required autocomplete="off" spellcheck="false" aria-describedby="where" aria-invalid=${this.problem === WRONG_KEY ? "true" : nothing} />
      </label>
      <p id="where" class="hint">
        ${
          isLocal()
            ? html`On this laptop it is <code>operator-key</code>; <code>functions/studio/service.toml</code> sets it.`
            : html`The parameter <code>/confab/operator-key</code> of the stack's account holds it.`
        }
        It stays in this tab until you close it or sign out.
      </p>
      ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
      <button class="button main" ?disabled=${this.isBusy}>${this.isBusy ? "Checking" : "Continue"}</button>
    </form>`;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    const key = String(new FormData(event.target as HTMLFormElement).get("key")).trim();
    this.isBusy = true;
    this.problem = "";
    try {
      await this.api.signIn(key);
      this.dispatchEvent(new Event("signed-in"));
    } catch (error) {
      const isWrong = error instanceof CallError && (error.status === 401 || error.status === 403);
      this.problem = isWrong ? WRONG_KEY : explain(error);
      this.renderRoot.querySelector("input")?.select();
    }
    this.isBusy = false;
  }
}
