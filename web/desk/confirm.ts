// Asks before something that cannot be undone.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import "../ui/dialog";
import "../ui/notice";
import { formStyle } from "./form.style";
import { toProblem } from "./problem";

export interface Question {
  heading: string;
  text: string;
  action: string;
  isDanger?: boolean;
  /** Does it; a failure is shown in the dialog. */
  run(): Promise<void>;
}

@customElement("desk-confirm")
export class Confirm extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    css`
      p {
        font-size: var(--t3);
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) question: Question | null = null;
  @state() private problem = "";
  @state() private isBusy = false;

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("question")) this.problem = "";
  }

  override render() {
    const { question } = this;
    return html`<cf-dialog heading=${question?.heading ?? ""} ?open=${question !== null} @dismiss=${this.#close}>
      ${
        question
          ? html`<div class="form">
              <p>${question.text}</p>
              ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
              <div class="actions">
                <button class="button" type="button" @click=${this.#close}>Cancel</button>
                <button class="button ${question.isDanger ? "danger" : "main"}" type="button" ?disabled=${this.isBusy} @click=${() => this.#run(question)}>${question.action}</button>
              </div>
            </div>`
          : nothing
      }
    </cf-dialog>`;
  }

  #close = (): void => {
    this.dispatchEvent(new Event("dismiss"));
  };

  async #run(question: Question): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = "";
    try {
      await question.run();
      this.#close();
    } catch (error) {
      this.problem = toProblem(error).message;
    }
    this.isBusy = false;
  }
}
