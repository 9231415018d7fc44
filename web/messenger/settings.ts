// Settings of a simulated provider, in a drawer. Each change is saved at once.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { base, controls } from "../ui/base";
import { call, explain } from "../ui/call";
import "../ui/dialog";
import "../ui/notice";
import "../ui/skeleton";

interface Labelled {
  /** The field in the API. */
  name: string;
  label: string;
  hint?: string;
}

interface SwitchField extends Labelled {
  kind: "switch";
  /** The values of off and on, if they are not false and true. */
  values?: [off: string, on: string];
}

interface NumberField extends Labelled {
  /** A slider shows its value beside the label. */
  kind: "number" | "slider";
  min: number;
  max: number;
  step?: number;
  /** An empty field is null. */
  optional?: boolean;
}

export type SettingField = SwitchField | NumberField;

export interface SettingGroup {
  title: string;
  fields: SettingField[];
}

type Settings = Record<string, unknown>;

@customElement("provider-settings")
export class ProviderSettings extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      form,
      fieldset {
        display: grid;
        gap: var(--s4);
      }
      form {
        gap: var(--s5);
      }
      fieldset {
        min-inline-size: 0;
        margin: 0;
        padding: 0;
        border: 0;
      }
      legend {
        padding: 0 0 var(--s3);
        font-size: var(--t4);
        font-weight: 600;
      }
      .switch {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 var(--s3);
        align-items: center;
        font-size: var(--t2);
        font-weight: 500;
      }
      .switch small {
        color: var(--ink-soft);
        font-size: var(--t1);
        font-weight: 400;
      }
      .switch input {
        grid-column: 2;
        grid-row: 1 / span 2;
      }
      output {
        font-variant-numeric: tabular-nums;
        font-weight: 400;
      }
    `,
  ];

  @property() heading = "";
  @property() about = "";
  @property() path = "";
  @property({ attribute: false }) groups: SettingGroup[] = [];
  @property({ type: Boolean }) open = false;
  @state() private known: Settings | undefined;
  @state() private problem = "";
  @state() private saved = false;

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("open") && this.open) void this.#load();
  }

  async #load(): Promise<void> {
    this.saved = false;
    await this.#guarded(async () => {
      this.known = await call<Settings>("GET", this.path);
    });
  }

  async #change(name: string, value: unknown): Promise<void> {
    const before = this.known;
    this.known = { ...before, [name]: value };
    this.saved = false;
    const done = await this.#guarded(() => call("PUT", this.path, { [name]: value }));
    if (done) this.saved = true;
    else this.known = before;
  }

  async #guarded(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      this.problem = "";
      return true;
    } catch (error) {
      this.problem = explain(error);
      return false;
    }
  }

  override render() {
    return html`<cf-dialog kind="drawer" heading=${this.heading} .open=${this.open} @dismiss=${() => this.dispatchEvent(new Event("dismiss"))}>
      ${this.problem ? html`<cf-notice action="Try again" @retry=${() => this.#load()}>${this.problem}</cf-notice>` : nothing}
      ${this.known ? this.#form(this.known) : this.problem ? nothing : html`<cf-skeleton lines="5"></cf-skeleton>`}
    </cf-dialog>`;
  }

  #form(known: Settings): TemplateResult {
    return html`<form @submit=${(event: Event) => event.preventDefault()}>
      <p class="soft">${this.about}</p>
      ${this.groups.map(
        ({ title, fields }) => html`<fieldset>
          <legend class=${title ? "" : "only-read"}>${title || this.heading}</legend>
          ${fields.map((field) => this.#field(field, known[field.name]))}
        </fieldset>`,
      )}
      <p role="status" class="soft">${this.saved ? "Saved. Applies from now on." : ""}</p>
    </form>`;
  }

  #field(field: SettingField, value: unknown): TemplateResult {
    const hint = field.hint ? html`<small>${field.hint}</small>` : nothing;
    if (field.kind === "switch") {
      const [off, on] = field.values ?? [false, true];
      const change = ({ target }: Event) =>
        this.#change(field.name, (target as HTMLInputElement).checked ? on : off);
      return html`<label class="switch">
        ${field.label} ${hint}
        <input type="checkbox" role="switch" .checked=${live(value === on)} @change=${change} />
      </label>`;
    }
    const { name, label, min, max, step = 1 } = field;
    const isSlider = field.kind === "slider";
    const change = (event: Event) => this.#change(name, numberOf(event, field));
    return html`<label class="field">
      ${isSlider ? html`<span>${label}: <output>${value}</output></span>` : label}
      <input class=${isSlider ? "" : "input"} type=${isSlider ? "range" : "number"} min=${min} max=${max} step=${step} .value=${live(String(value ?? ""))} @change=${change} />
      ${hint}
    </label>`;
  }
}

/** The value of a number's field within its range. */
function numberOf(event: Event, { min, max, optional }: NumberField): number | null {
  const { value } = event.target as HTMLInputElement;
  if (value === "" && optional) return null;
  return Math.min(max, Math.max(min, Math.round(Number(value) || 0)));
}
