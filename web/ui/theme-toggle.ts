// Cycles through the system, light and dark themes.
import { html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";
import { base, controls } from "./base";
import { icon } from "./icons";
import { chooseTheme, storedTheme, type Theme } from "./theme";

const order: Theme[] = ["system", "light", "dark"];
const icons = { system: "system", light: "sun", dark: "moon" } as const;

@customElement("cf-theme-toggle")
export class ThemeToggle extends LitElement {
  static override styles = [base, controls];

  @state() private theme: Theme = storedTheme();

  override render() {
    const label = `Theme: ${this.theme}`;
    return html`<button class="button bare icon-only" type="button" aria-label=${label} title=${label} @click=${this.next}>${icon(icons[this.theme])}</button>`;
  }

  private next(): void {
    this.theme = order[(order.indexOf(this.theme) + 1) % order.length] ?? "system";
    chooseTheme(this.theme);
  }
}
