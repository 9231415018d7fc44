// What the forms of a card share: values, one submission at a time, and what went wrong.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/notice";
import { textField } from "../field";
import { formStyle } from "../form.style";
import { type Problem, toProblem } from "../problem";
import { cardStyle } from "./card.style";

interface FieldOptions {
  type?: "text" | "email" | "password";
  autocomplete?: string;
  hint?: string;
  maxLength?: number;
  isRequired?: boolean;
  isReadOnly?: boolean;
}

export abstract class AuthForm extends LitElement {
  static override styles = [base, controls, formStyle, cardStyle];

  @state() protected isBusy = false;
  @state() protected problem: Problem | null = null;
  protected values: Record<string, string> = {};

  /** The field that a refusal is about, by its code. */
  protected readonly fieldOfCode: Record<string, string> = {};

  /** Sends the form. A refusal is shown beside its field, or above the button. */
  protected abstract send(): Promise<void>;

  override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLInputElement>("input:not([readonly])")?.focus();
  }

  protected value(name: string): string {
    return this.values[name] ?? "";
  }

  protected field(name: string, label: string, options: FieldOptions = {}): TemplateResult {
    const { isRequired = true, ...rest } = options;
    return textField({
      ...rest,
      name,
      label,
      isRequired,
      value: this.value(name),
      error: this.#errorOf(name),
      input: (value) => (this.values = { ...this.values, [name]: value }),
    });
  }

  protected submitButton(label: string, busy: string): TemplateResult {
    return html`${this.problemNotice()}<button class="button main" ?disabled=${this.isBusy}>${this.isBusy ? busy : label}</button>`;
  }

  /** Shows what went wrong, unless a field shows it. */
  protected problemNotice(): TemplateResult | typeof nothing {
    const { problem } = this;
    if (!problem || this.fieldOfCode[problem.code]) return nothing;
    return html`<cf-notice>${messageOf(problem)}</cf-notice>`;
  }

  protected readonly submit = async (event?: Event): Promise<void> => {
    event?.preventDefault();
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = null;
    try {
      await this.send();
    } catch (error) {
      this.problem = toProblem(error);
      const name = this.fieldOfCode[this.problem.code];
      await this.updateComplete;
      if (name) this.renderRoot.querySelector<HTMLElement>(`[name="${name}"]`)?.focus();
    }
    this.isBusy = false;
  };

  #errorOf(name: string): string | undefined {
    const { problem } = this;
    return problem && this.fieldOfCode[problem.code] === name ? problem.message : undefined;
  }
}

/** Says when to try again, if the server limits the rate. */
export function messageOf({ status, message, retryAfterMs }: Problem): string {
  if (status !== 429 || retryAfterMs === null) return message;
  const minutes = Math.ceil(retryAfterMs / 60_000);
  return `Too many attempts. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
}

/** Codes of passwords that are not accepted. */
export const passwordCodes = {
  password_too_short: "password",
  password_too_long: "password",
  password_is_personal: "password",
  password_is_breached: "password",
};

export const PASSWORD_HINT = "At least 10 characters. A few random words work well.";
