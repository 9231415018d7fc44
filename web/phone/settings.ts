// Settings of the simulated providers: webhook delivery with optional faults.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ProviderSettings } from "../api/phone";
import { base, controls } from "../ui/base";
import { call, explain } from "../ui/call";
import "../ui/dialog";
import "../ui/notice";
import "../ui/skeleton";

const path = "/api/phone/settings";

@customElement("phone-settings")
export class Settings extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      form {
        display: grid;
        gap: var(--s4);
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

  @property({ type: Boolean }) open = false;
  @state() private known: ProviderSettings | undefined;
  @state() private problem = "";
  @state() private saved = false;

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("open") && this.open) void this.#load();
  }

  async #load(): Promise<void> {
    this.saved = false;
    await this.#guarded(async () => {
      this.known = await call<ProviderSettings>("GET", path);
    });
  }

  async #change(change: Partial<ProviderSettings>): Promise<void> {
    if (!this.known) return;
    const before = this.known;
    this.known = { ...before, ...change };
    this.saved = false;
    const done = await this.#guarded(() => call("PUT", path, this.known));
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
    return html`<cf-dialog kind="drawer" heading="Webhook delivery" .open=${this.open} @dismiss=${() => this.dispatchEvent(new Event("dismiss"))}>
      ${this.problem ? html`<cf-notice action="Try again" @retry=${() => this.#load()}>${this.problem}</cf-notice>` : nothing}
      ${this.known ? this.#form(this.known) : this.problem ? nothing : html`<cf-skeleton lines="5"></cf-skeleton>`}
    </cf-dialog>`;
  }

  #form({ copies, reorder, delay_ms, signature, statuses }: ProviderSettings): TemplateResult {
    return html`<form @submit=${(event: Event) => event.preventDefault()}>
      <p class="soft">Applies to every webhook from now on. A correct product answers each message exactly once.</p>
      <label class="field">
        <span>Copies of each webhook: <output>${copies}</output></span>
        <input type="range" min="1" max="5" step="1" .value=${String(copies)} @change=${(event: Event) => this.#change({ copies: numberOf(event) })} />
        <small>Providers deliver at least once.</small>
      </label>
      <label class="field">
        Delay in milliseconds
        <input class="input" type="number" min="0" max="60000" step="50" .value=${String(delay_ms)} @change=${(event: Event) => this.#change({ delay_ms: Math.max(0, numberOf(event)) })} />
      </label>
      ${this.#switch("Deliver out of order", "Later messages may arrive before earlier ones.", reorder, (on) => ({ reorder: on }))}
      ${this.#switch("Use invalid signatures", "The product must answer 401 and do nothing.", signature === "bad", (on) => ({ signature: on ? "bad" : "good" }))}
      ${this.#switch("Send statuses", "Sent, delivered and read receipts for what the bot sends.", statuses, (on) => ({ statuses: on }))}
      <p role="status" class="soft">${this.saved ? "Saved. Applies from the next message." : ""}</p>
    </form>`;
  }

  #switch(
    name: string,
    hint: string,
    on: boolean,
    change: (on: boolean) => Partial<ProviderSettings>,
  ): TemplateResult {
    return html`<label class="switch">
      ${name} <small>${hint}</small>
      <input type="checkbox" role="switch" .checked=${on} @change=${(event: Event) => this.#change(change((event.target as HTMLInputElement).checked))} />
    </label>`;
  }
}

function numberOf(event: Event): number {
  return Number((event.target as HTMLInputElement).value) || 0;
}
