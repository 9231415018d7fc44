// The inbox: the list of a view beside the conversation that is open, by pointer and by keyboard.
import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import type { Desk } from "../desk";
import type { Command } from "../keys";
import { openConversation, type Place } from "../places";
import "./conversation";
import type { Conversation } from "./conversation";
import "./conversation-list";
import type { ConversationListElement } from "./conversation-list";

@customElement("desk-inbox")
export class InboxPage extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        grid-template: minmax(0, 1fr) / 20.5rem minmax(0, 1fr);
        min-block-size: 0;
      }
      conversation-list {
        border-inline-end: 1px solid var(--line);
      }
      .nothing {
        display: grid;
        place-content: center;
        padding: var(--s5);
        text-align: center;
      }
      kbd {
        padding: 0 0.4em;
        border: 1px solid var(--line);
        border-radius: var(--r1);
        background: var(--raised);
        font: var(--t1) / 1.6 var(--sans);
      }
      .closed {
        padding: var(--s5);
      }
      @media (max-width: 62rem) {
        :host {
          grid-template-columns: 17rem minmax(0, 1fr);
        }
      }
      @media (max-width: 45rem) {
        :host {
          grid-template-columns: minmax(0, 1fr);
        }
        conversation-list {
          border: 0;
        }
        :host(:not([open])) .nothing,
        :host([open]) conversation-list {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) place!: Place;
  @property({ type: Boolean, reflect: true }) open = false;
  @query("conversation-list") private list!: ConversationListElement;
  @query("desk-conversation") private conversation!: Conversation | null;
  #removeKeys = () => {};

  override connectedCallback(): void {
    super.connectedCallback();
    this.#removeKeys = this.desk?.keys.add(() => this.#commands) ?? (() => {});
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#removeKeys();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk")) {
      this.#removeKeys();
      this.#removeKeys = this.desk.keys.add(() => this.#commands);
    }
    this.open = this.place.conversation !== null;
  }

  override render() {
    const { desk, place } = this;
    if (!desk.may("readConversations"))
      return html`<div class="closed"><cf-empty heading="The inbox is for agents">Your role is to look at bots, members and limits. Ask an admin to make you an agent to answer conversations.</cf-empty></div>`;
    const id = place.conversation;
    return html`<conversation-list .desk=${desk} view=${place.view} .selected=${id} @choose=${(event: CustomEvent<string>) => openConversation(event.detail)}></conversation-list>
      ${
        id
          ? html`<desk-conversation .desk=${desk} conversation=${id} @back=${() => openConversation(null)}></desk-conversation>`
          : html`<div class="nothing soft"><p>Choose a conversation, or press <kbd>J</kbd> for the first one.</p></div>`
      }`;
  }

  get #commands(): Command[] {
    const isOpen = this.place.conversation !== null;
    const inbox = (label: string, keys: string, run: () => void): Command => ({
      label,
      group: "Inbox",
      keys,
      run,
    });
    return [
      inbox("Next conversation", "j", () => this.#move(1)),
      inbox("Previous conversation", "k", () => this.#move(-1)),
      inbox("Search conversations", "/", () => this.list.focusSearch()),
      ...(isOpen ? this.#conversationCommands : []),
    ];
  }

  get #conversationCommands(): Command[] {
    const on = (label: string, keys: string, run: (open: Conversation) => void): Command => ({
      label,
      group: "Conversation",
      keys,
      run: () => this.conversation && run(this.conversation),
    });
    return [
      on("Open", "Enter", (open) => open.focus()),
      on("Reply", "r", (open) => open.write("reply")),
      on("Note", "n", (open) => open.write("note")),
      on("Assign", "a", (open) => open.show("assign")),
      on("Tag", "t", (open) => open.show("tags")),
      on("Priority", "p", (open) => open.show("priority")),
      on("Snooze", "s", (open) => open.show("snooze")),
      on("End", "e", (open) => void open.end("resolved")),
      on("End and go to the next", "shift+e", (open) => void this.#endAndNext(open)),
      on("Details", "i", (open) => open.toggleDetails()),
      on("Next conversation, while writing", "alt+ArrowDown", () => this.#move(1, true)),
      on("Previous conversation, while writing", "alt+ArrowUp", () => this.#move(-1, true)),
      on("Close the conversation", "Escape", () => openConversation(null)),
    ];
  }

  /** Opens the conversation before or after this one; the focus stays in the composer if it is there. */
  #move(step: 1 | -1, isWriting = false): void {
    const next = this.list.beside(this.place.conversation, step);
    if (!next) return;
    openConversation(next);
    if (isWriting) void this.updateComplete.then(() => this.conversation?.write("reply"));
  }

  async #endAndNext(open: Conversation): Promise<void> {
    const id = this.place.conversation;
    const next = this.list.beside(id, 1) ?? this.list.beside(id, -1);
    await open.end("resolved");
    // Another conversation may have been opened meanwhile.
    if (this.place.conversation === id) openConversation(next);
  }
}
