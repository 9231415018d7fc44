// The phone: the list of people beside one chat, or one at a time on a narrow screen.
import { html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { Person } from "../api/phone";
import { panesStyle } from "../messenger/panes.style";
import "../messenger/settings";
import { base, controls } from "../ui/base";
import { connectionStatus } from "../ui/connection";
import "../ui/empty";
import { readHash, writeHash } from "../ui/hash";
import { icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import "../ui/theme-toggle";
import "../ui/toast";
import "./add-person";
import "./chat";
import "./people";
import { settingGroups } from "./settings";
import { PhoneStore } from "./store";

@customElement("phone-app")
export class PhoneApp extends LitElement {
  static override styles = [base, controls, panesStyle];

  @state() private open = readHash().get("chat") ?? "";
  @state() private adding = false;
  @state() private settings = false;
  @state() private version = 0;
  private readonly store = new PhoneStore(() => (this.version += 1));

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#linked);
    addEventListener("popstate", this.#linked);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#linked);
    removeEventListener("popstate", this.#linked);
  }

  #linked = (): void => {
    this.open = readHash().get("chat") ?? "";
  };

  override render() {
    const { people, problem, stream } = this.store;
    const person = people?.find(({ id }) => id === this.open);
    const unread = people?.reduce((sum, each) => sum + each.unread, 0) ?? 0;
    document.title = `${unread > 0 ? `(${unread}) ` : ""}${person ? `${person.name} · ` : ""}Confab · Phone`;
    return html`
      <div class="sides ${person ? "chatting" : ""}">
        <div class="side">
          <header>
            <h1>Phone</h1>
            ${connectionStatus(stream.connection)}
            <cf-theme-toggle></cf-theme-toggle>
            <button class="button bare icon-only" type="button" aria-label="Webhook delivery" title="Webhook delivery" @click=${() => (this.settings = true)}>${icon("settings")}</button>
          </header>
          ${problem ? html`<cf-notice action="Try again" @retry=${() => this.store.loadPeople()}>${problem}</cf-notice>` : nothing}
          ${people ? html`<phone-people class="list" .people=${people} .open=${this.open} .store=${this.store} .version=${this.version}></phone-people>` : problem ? nothing : html`<cf-skeleton lines="6"></cf-skeleton>`}
          <footer>
            <button class="button add" type="button" @click=${() => (this.adding = true)}>${icon("add")} Add a person</button>
            <a href="/">Control room</a>
          </footer>
        </div>
        <main>
          ${person ? html`<phone-chat .person=${person} .store=${this.store} .version=${this.version} @back=${() => writeHash({ chat: null })}></phone-chat>` : this.#empty(people)}
        </main>
      </div>
      <add-person .open=${this.adding} .store=${this.store} @dismiss=${() => (this.adding = false)} @added=${this.#added}></add-person>
      <provider-settings
        heading="Webhook delivery"
        about="Applies to every webhook from now on. A correct product answers each message exactly once."
        path="/api/phone/settings"
        .groups=${settingGroups}
        .open=${this.settings}
        @dismiss=${() => (this.settings = false)}
      ></provider-settings>
      <cf-toasts></cf-toasts>
    `;
  }

  #empty(people: Person[] | undefined) {
    if (!people) return nothing;
    if (people.length > 0)
      return html`<div class="empty"><p class="soft">Choose a person to write as.</p></div>`;
    return html`<div class="empty">
      <h2>Message the studio as a customer</h2>
      <p class="soft">This phone simulates your customers. Add one, say “hi”, and your own functions answer in the providers' real wire formats.</p>
      <button class="button main" type="button" @click=${() => (this.adding = true)}>${icon("add")} Add the first person</button>
    </div>`;
  }

  #added(event: CustomEvent<Person>): void {
    this.adding = false;
    writeHash({ chat: event.detail.id });
  }
}
