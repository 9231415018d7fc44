// The signed-in console: the sidebar, one page, and what belongs to every page.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { readHash } from "../ui/hash";
import "../ui/notice";
import "../ui/skeleton";
import type { Desk } from "./desk";
import type { Command } from "./keys";
import { Observing } from "./observable";
import "./palette";
import { go, goTo, linkTo, type PageName, type Place, readPlace } from "./places";
import "./sidebar";
import "./inbox/inbox-page";

/** Pages that are loaded when they are opened. */
const parts: Partial<Record<PageName, () => Promise<unknown>>> = {
  start: () => import("./start/start"),
  bots: () => import("./bots/bots"),
  contacts: () => import("./contacts/contacts"),
  settings: () => import("./settings/settings"),
  platform: () => import("./platform/platform"),
};

const titles: Record<PageName, string> = {
  inbox: "Inbox",
  start: "Get started",
  bots: "Bots",
  contacts: "Contacts",
  settings: "Settings",
  platform: "Platform",
};

@customElement("desk-shell")
export class Shell extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        grid-template: auto minmax(0, 1fr) / auto minmax(0, 1fr);
        block-size: 100dvh;
        overflow: hidden;
      }
      desk-sidebar {
        grid-row: 1 / -1;
      }
      .banner {
        grid-column: 2;
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s1) var(--s3);
        padding: var(--s1) var(--s4);
        background: var(--warn-soft);
        font-size: var(--t2);
      }
      .page {
        grid-column: 2;
        grid-row: 2;
        min-block-size: 0;
        overflow: auto;
      }
      .page > * {
        min-block-size: 100%;
      }
      .page[data-page="inbox"] {
        overflow: hidden;
      }
      .page[data-page="inbox"] > * {
        block-size: 100%;
      }
      .waiting {
        padding: var(--s5);
      }
      @media (max-width: 56rem) {
        :host {
          grid-template: auto auto minmax(0, 1fr) / minmax(0, 1fr);
        }
        desk-sidebar {
          grid-row: 1;
        }
        .banner,
        .page {
          grid-column: 1;
        }
        .banner {
          grid-row: 2;
        }
        .page {
          grid-row: 3;
        }
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @state() private place: Place = readPlace();
  @state() private overlay: "" | "palette" | "sheet" = "";
  @state() private isOffline = !navigator.onLine;
  @state() private failed: PageName | null = null;
  @state() private loaded = new Set<PageName>();
  #abort: AbortController | null = null;
  #removeKeys = () => {};
  #hasGreeted = false;

  constructor() {
    super();
    new Observing(this, () => [this.desk.session, this.desk.socket, this.desk.workspace]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const moved = () => (this.place = readPlace());
    addEventListener("hashchange", moved, { signal });
    addEventListener("popstate", moved, { signal });
    addEventListener("keydown", (event) => this.desk.keys.handle(event), { signal });
    const resumed = () => {
      this.isOffline = !navigator.onLine;
      if (!document.hidden && navigator.onLine) this.desk.socket.wake();
    };
    document.addEventListener("visibilitychange", resumed, { signal });
    addEventListener("online", resumed, { signal });
    addEventListener("pageshow", resumed, { signal });
    addEventListener(
      "offline",
      () => {
        this.isOffline = true;
        this.desk.socket.check();
      },
      { signal },
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#abort?.abort();
    this.#removeKeys();
  }

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("desk")) {
      this.#removeKeys();
      this.#removeKeys = this.desk.keys.add(() => this.#commands);
      this.place = readPlace();
    }
    this.#greet();
    document.title = this.#title;
    const page = this.#page;
    const part = parts[page];
    if (!part || this.loaded.has(page) || this.failed === page) return;
    part().then(
      () => (this.loaded = new Set([...this.loaded, page])),
      () => (this.failed = page),
    );
  }

  /** Without a workspace there is one thing to do. */
  get #page(): PageName {
    const { page } = this.place;
    return this.desk.me.tenantId === "" && page !== "platform" ? "start" : page;
  }

  /** A new workspace begins with its first steps, unless another page was asked for. */
  #greet(): void {
    const { workspace } = this.desk;
    if (this.#hasGreeted || readHash().has("page")) return;
    if (!workspace.isNew || !this.desk.may("writeBots")) return;
    this.#hasGreeted = true;
    go(linkTo("start"), "replace");
    this.place = readPlace();
  }

  get #title(): string {
    const { inbox, socket } = this.desk;
    const mine = socket.wasConnected ? inbox.count("mine") : null;
    const unread = mine ? inbox.rows(inbox.list("mine")).filter((head) => inbox.unread(head)) : [];
    return `${unread.length > 0 ? `(${unread.length}) ` : ""}${titles[this.#page]} · Desk`;
  }

  get #commands(): Command[] {
    const { desk } = this;
    const to = (page: PageName, label: string, keys?: string): Command => ({
      label,
      group: "Go to",
      run: () => goTo(page),
      ...(keys ? { keys } : {}),
    });
    return [
      {
        label: "Search commands",
        group: "Everywhere",
        keys: "ctrl+k",
        isHidden: true,
        run: () => (this.overlay = this.overlay === "palette" ? "" : "palette"),
      },
      {
        label: "Keyboard shortcuts",
        group: "Everywhere",
        keys: "?",
        run: () => (this.overlay = "sheet"),
      },
      to("inbox", "Inbox", "g i"),
      to("bots", "Bots", "g b"),
      ...(desk.may("readContacts") ? [to("contacts", "Contacts", "g k")] : []),
      {
        label: "All open conversations",
        group: "Go to",
        keys: "g a",
        run: () => goTo("inbox", { view: "all" }),
      },
      to("settings", "Settings", "g s"),
    ];
  }

  override render() {
    const { desk, place } = this;
    return html`<desk-sidebar .desk=${desk} .place=${place} @palette=${() => (this.overlay = "palette")} @sheet=${() => (this.overlay = "sheet")}></desk-sidebar>
      ${this.#banner()}
      <main class="page" data-page=${this.#page} id="page" tabindex="-1">${this.#shown()}</main>
      <desk-palette .desk=${desk} shown=${this.overlay} @dismiss=${() => (this.overlay = "")}></desk-palette>`;
  }

  #banner(): TemplateResult | typeof nothing {
    const { session, socket } = this.desk;
    if (session.actingAs)
      return html`<div class="banner" role="status">
        <span>You are looking at <strong dir="auto">${session.actingAs.name}</strong> as an operator. Everything here is read-only, except that you can suspend it.</span>
        <button class="button small" type="button" @click=${() => goTo("platform")}>Leave</button>
      </div>`;
    if (this.isOffline)
      return html`<div class="banner" role="status">You are offline. What you write is sent once you are back.</div>`;
    if (socket.problem) return html`<div class="banner" role="status">${socket.problem}</div>`;
    if (socket.isDelayed)
      return html`<div class="banner" role="status">${socket.wasConnected ? "Reconnecting. What you see may be out of date." : "Connecting."}</div>`;
    return nothing;
  }

  #shown(): TemplateResult {
    const { desk, place } = this;
    const page = this.#page;
    if (this.failed === page)
      return html`<div class="waiting"><cf-notice action="Try again" @retry=${() => (this.failed = null)}>This page did not load. Check your connection.</cf-notice></div>`;
    if (parts[page] && !this.loaded.has(page))
      return html`<div class="waiting"><cf-skeleton lines="5"></cf-skeleton></div>`;
    switch (page) {
      case "start":
        return html`<desk-start .desk=${desk}></desk-start>`;
      case "bots":
        return html`<desk-bots .desk=${desk} .place=${place}></desk-bots>`;
      case "contacts":
        return html`<desk-contacts .desk=${desk} .place=${place}></desk-contacts>`;
      case "settings":
        return html`<desk-settings .desk=${desk} .place=${place}></desk-settings>`;
      case "platform":
        return html`<desk-platform .desk=${desk} .place=${place}></desk-platform>`;
      default:
        return html`<desk-inbox .desk=${desk} .place=${place}></desk-inbox>`;
    }
  }
}
