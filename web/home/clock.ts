// Local's clock and its fast-forward. It never goes back, because schedules and leases have already
// fired.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { now, onTick, setClock } from "../ui/clock";
import "../ui/dialog";
import { runAction } from "../ui/action";
import { exact, span, timeOfDay } from "../ui/format";

const MINUTE_MS = 60_000;
const steps: [string, number][] = [
  ["+1 min", MINUTE_MS],
  ["+1 h", 60 * MINUTE_MS],
  ["+1 day", 1440 * MINUTE_MS],
];

@customElement("home-clock")
export class HomeClock extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      .face {
        font-variant-numeric: tabular-nums;
        font-weight: 400;
      }
      .body,
      form {
        display: grid;
        gap: var(--s3);
      }
      .now {
        font-size: var(--t5);
        font-variant-numeric: tabular-nums;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: var(--s2);
      }
      .row .field {
        flex: 1 1 7rem;
      }
    `,
  ];

  @property({ type: Number }) offset = 0;
  @state() private open = false;
  #stop = () => {};

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = onTick(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  override render() {
    const time = timeOfDay(now());
    const ahead = this.offset > 0 ? `${span(this.offset)} ahead` : "";
    return html`<button class="button bare face" type="button" aria-haspopup="dialog" title="Local's clock: ${exact(now())}" @click=${() => (this.open = true)}>
        <span><span class="only-read">Local's clock </span>${time}${ahead ? html` <span class="badge warn">${ahead}</span>` : nothing}</span>
      </button>
      <cf-dialog heading="Local's clock" .open=${this.open} @dismiss=${() => (this.open = false)}>
        <div class="body">
          <p class="now">${exact(now()).replace(/\.\d+$/, "")}</p>
          <p class="soft">${ahead ? `${ahead} of this laptop.` : "In step with this laptop."} Moving it forward fires schedules, ends leases and expires items. It cannot go back.</p>
          <div class="row">${steps.map(([label, ms]) => html`<button class="button" type="button" @click=${() => this.#advance(ms)}>${label}</button>`)}</div>
          <form @submit=${this.#custom}>
            <div class="row">
              <label class="field">Custom step<input class="input" name="size" type="number" min="1" step="1" value="15" required /></label>
              <label class="field">
                Unit
                <select class="input" name="unit">
                  <option value="1000">seconds</option>
                  <option value=${MINUTE_MS} selected>minutes</option>
                  <option value=${60 * MINUTE_MS}>hours</option>
                  <option value=${1440 * MINUTE_MS}>days</option>
                </select>
              </label>
              <button class="button main">Advance</button>
            </div>
          </form>
        </div>
      </cf-dialog>`;
  }

  #custom(event: SubmitEvent): void {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    void this.#advance(Number(data.get("size")) * Number(data.get("unit")));
  }

  async #advance(ms: number): Promise<void> {
    const moved = await runAction<{ now: number; offset_ms: number }>(
      "POST",
      "/api/clock",
      { advance_ms: ms },
      () => `Moved the clock forward by ${span(ms)}`,
    );
    if (!moved) return;
    this.offset = moved.offset_ms;
    setClock(moved.now);
  }
}
