// The sidebar: the workspace, the pages, the views of the inbox with their counts, and the person.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { count } from "../ui/format";
import { toast } from "../ui/toast";
import { avatar } from "./avatar";
import type { Availability, Member, OwnMembership } from "./contract";
import type { Desk } from "./desk";
import { type DeskIconName, deskIcon } from "./icons";
import { type ViewName, viewNames } from "./inbox/inbox";
import type { MenuItem } from "./menu";
import { Observing } from "./observable";
import { goTo, linkTo, type PageName, type Place } from "./places";
import { toProblem } from "./problem";
import "./sidebar-menu";
import { sidebarStyle } from "./sidebar.style";
import { roleWords } from "./words";
import "../ui/theme-toggle";

export const viewWords: Record<ViewName, string> = {
  mine: "Mine",
  unassigned: "Unassigned",
  all: "All open",
  mentions: "Mentions",
  bot: "With the bot",
  snoozed: "Snoozed",
  closed: "Closed",
};

/** Views in which an unread message waits for a person. */
const forPeople: readonly ViewName[] = ["mine", "unassigned", "all", "mentions"];

@customElement("desk-sidebar")
export class Sidebar extends LitElement {
  static override styles = [base, controls, sidebarStyle];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) place!: Place;
  @property({ type: Boolean, reflect: true }) open = false;

  constructor() {
    super();
    new Observing(this, () => [this.desk.session, this.desk.inbox, this.desk.workspace]);
  }

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("place")) this.open = false;
  }

  override render() {
    return html`<button class="button bare icon-only menu-button" type="button" aria-label="Menu" aria-expanded=${this.open} @click=${() => (this.open = !this.open)}>${deskIcon("menu")}</button>
      <div class="top">
        <sidebar-menu label="Workspace" align="start" .content=${this.#workspaceButton()} .items=${this.#workspaceItems}></sidebar-menu>
        <button class="button bare icon-only" type="button" aria-label="Search commands" title="Search commands (Ctrl+K)" @click=${() => this.dispatchEvent(new Event("palette"))}>${deskIcon("search")}</button>
      </div>
      <nav aria-label="Pages" @keydown=${this.#navKey}>${this.#pages()}</nav>
      <div class="bottom">
        <sidebar-menu label="You" look="wide person" align=${this.#isNarrow ? "end" : "start"} placement=${this.#isNarrow ? "below" : "above"} .content=${this.#personButton()} .items=${this.#personItems}></sidebar-menu>
        <cf-theme-toggle></cf-theme-toggle>
      </div>`;
  }

  #navKey(event: KeyboardEvent): void {
    if (event.key === "Escape") this.open = false;
  }

  get #isNarrow(): boolean {
    return matchMedia("(max-width: 56rem)").matches;
  }

  #pages(): TemplateResult {
    const { desk } = this;
    const answers = desk.may("readConversations");
    const isOperator = Boolean(desk.session.info?.user.platform_role);
    return html`${answers ? this.#page("inbox", "inbox", "Inbox") : nothing}
      ${answers ? viewNames.map((view) => this.#view(view)) : nothing}
      <h2>Workspace</h2>
      ${desk.may("writeBots") && desk.workspace.isNew ? this.#page("start", "rocket", "Get started") : nothing}
      ${this.#page("bots", "bot", "Bots")}
      ${desk.may("readContacts") ? this.#page("contacts", "contacts", "Contacts") : nothing}
      ${this.#page("settings", "building", "Settings")}
      ${isOperator ? html`<h2>Platform</h2>${this.#page("platform", "shield", "Workspaces")}` : nothing}`;
  }

  #page(page: PageName, name: DeskIconName, label: string): TemplateResult {
    const isCurrent = this.place.page === page && page !== "inbox";
    return html`<a href=${linkTo(page)} aria-current=${isCurrent ? "page" : nothing}>${deskIcon(name)}<span>${label}</span></a>`;
  }

  #view(view: ViewName): TemplateResult {
    const { inbox } = this.desk;
    const isCurrent = this.place.page === "inbox" && this.place.view === view;
    const counted = view === "closed" ? null : inbox.count(view);
    const isFresh =
      counted !== null && inbox.rows(inbox.list(view)).some((head) => inbox.unread(head) > 0);
    const words = counted ? `${count(counted.count)}${counted.more ? "+" : ""}` : "";
    return html`<a class="view" href=${linkTo("inbox", { view })} aria-current=${isCurrent ? "page" : nothing}>
      <span>${viewWords[view]}</span>${counted && counted.count > 0 ? html`<b class=${isFresh && forPeople.includes(view) ? "fresh" : ""}>${words}</b>` : nothing}
    </a>`;
  }

  get #workspaceName(): string {
    return this.desk.me.workspace || "No workspace";
  }

  #workspaceButton(): TemplateResult {
    return html`<span class="only-read">Workspace: </span><strong dir="auto">${this.#workspaceName}</strong>${deskIcon("updown")}`;
  }

  get #workspaceItems(): MenuItem[] {
    const { info } = this.desk.session;
    const items: MenuItem[] = (info?.tenants ?? []).map(({ id, name, role }) => ({
      label: name,
      hint: roleWords[role],
      isChecked: id === info?.tenant_id,
      run: () => this.#switch(id),
    }));
    return [
      ...items,
      { label: "New workspace", isFirst: true, run: () => goTo("start", { section: "new" }) },
    ];
  }

  #personButton(): TemplateResult {
    const { id, name } = this.desk.me;
    return html`${avatar(id, name)}<span class="only-read">You: ${name}, ${this.#availability}</span><strong dir="auto" aria-hidden="true">${name}</strong><i class="dot ${this.#availability}"></i>`;
  }

  get #member(): Member | undefined {
    return this.desk.workspace.members.find(({ user_id }) => user_id === this.desk.me.id);
  }

  get #availability(): Availability {
    return this.#member?.availability ?? "away";
  }

  get #personItems(): MenuItem[] {
    const member = this.#member;
    const choices: [Availability, string, string][] = [
      ["online", "Online", "New conversations may be assigned to you"],
      ["away", "Away", "Nothing new is assigned to you"],
    ];
    const availability: MenuItem[] = member
      ? choices.map(([value, label, hint]) => ({
          label,
          hint,
          isChecked: this.#availability === value,
          run: () => this.#setAvailability(member, value),
        }))
      : [];
    return [
      ...availability,
      {
        label: "Account and devices",
        isFirst: true,
        run: () => goTo("settings", { section: "account" }),
      },
      { label: "Keyboard shortcuts", run: () => this.dispatchEvent(new Event("sheet")) },
      { label: "Sign out", isFirst: true, run: () => this.#signOut() },
    ];
  }

  async #switch(tenantId: string): Promise<void> {
    const { session } = this.desk;
    if (tenantId === session.info?.tenant_id) return;
    try {
      await session.switchTenant(tenantId);
      goTo("inbox");
    } catch (error) {
      toast(toProblem(error).message, true);
    }
  }

  async #setAvailability(member: Member, availability: Availability): Promise<void> {
    try {
      const notify = member.notify ?? { mail: true, push: true };
      const body = { availability, notify } satisfies OwnMembership;
      this.desk.workspace.put("members", await this.desk.api.put<Member>("/members/me", body));
    } catch (error) {
      toast(toProblem(error).message, true);
    }
  }

  async #signOut(): Promise<void> {
    try {
      await this.desk.session.signOut();
    } catch (error) {
      toast(toProblem(error).message, true);
    }
  }
}
