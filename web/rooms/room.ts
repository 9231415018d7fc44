// A room: the element that shows its model and routes the user's actions to it.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { onTick } from "../ui/clock";
import { writeHash } from "../ui/hash";
import type { RoomAction } from "./about";
import { onBusyChange } from "./api";
import { blockedPeople } from "./blocks";
import type { RoomChannel } from "./channel";
import type { RoomComposer } from "./composer";
import type { Quote, Room } from "./contract";
import { DeviceEvents } from "./device-events";
import { deleteMessage, leaveRoom, PendingReactions, toggleBlock } from "./room-actions";
import "./messages";
import type { RoomMessages } from "./messages";
import type { PurchaseRequest } from "./pay-sheet";
import { roomHue } from "./picture";
import { placeholderStyle } from "./placeholder";
import { roomStyle } from "./room.style";
import { type ClosedActions, endedView, failedView, joinView, loadingView } from "./room-closed";
import { mayRead, RoomModel } from "./room-model";
import { type SheetsActions, sheetsView } from "./room-sheets";
import {
  connectionText,
  footerView,
  headerView,
  type RoomView,
  type RoomViewActions,
  type Sheet,
  sidebarView,
  stripsView,
  typingView,
} from "./room-view";
import type { Item } from "./thread";
import { tipText } from "./words";

const MAX_QUOTE_LENGTH = 120;
const wide = matchMedia("(min-width: 62rem)");

@customElement("rooms-room")
export class RoomsRoom extends LitElement {
  static override styles = [base, controls, placeholderStyle, roomStyle];

  @property() code = "";
  /** A room that was just created and need not be fetched. */
  @property({ attribute: false }) made: Room | null = null;
  @state() private sheet: Sheet | null = null;
  @state() private replyTo: Quote | null = null;
  @state() private selected: Item | null = null;
  @state() private purchase: PurchaseRequest | null = null;
  @query("room-messages") private messages!: RoomMessages | null;
  @query("room-composer") private composer!: RoomComposer | null;
  #stop: (() => void)[] = [];
  #reactions = new PendingReactions(() => this.requestUpdate());
  #model = new RoomModel({
    changed: () => this.requestUpdate(),
    entering: () => {
      Object.assign(this, { sheet: null, replyTo: null, selected: null, purchase: null });
      this.#reactions.clear();
    },
    opened: () => this.#opened(),
    ended: () => {
      this.sheet = null;
      this.selected = null;
      // The focus moves to the message that replaces the room.
      void this.updateComplete.then(() => this.renderRoot.querySelector("h2")?.focus());
    },
    isPeopleListVisible: () => wide.matches || this.sheet === "people",
    isAtEnd: () => this.messages?.isAtEnd !== false,
  });
  #device = new DeviceEvents(this, wide, {
    hidden: () => this.#model.hidden(),
    visible: () => this.#model.visible(),
    offline: () => {
      this.#model.channel?.checkConnection();
      this.requestUpdate();
    },
    widthChanged: () => {
      if (this.sheet === "people" || this.sheet === "about") this.sheet = null;
      this.#model.presence.schedule();
      this.requestUpdate();
    },
    stored: (name) => {
      // Another tab has changed the blocked users.
      if (name.endsWith(".blocked")) this.#model.setBlocked(blockedPeople());
    },
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.#device.start();
    this.#stop = [onBusyChange(() => this.requestUpdate()), onTick(() => this.#model.tick())];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#device.stop();
    for (const stop of this.#stop) stop();
    this.#model.close();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("code")) void this.#model.enter(this.code, this.#created);
  }

  override updated(): void {
    const { room, open, reader } = this.#model;
    this.style.setProperty("--hue", String(roomHue(this.code, open?.photo ?? null)));
    const unread = reader.unread > 0 ? `(${reader.unread}) ` : "";
    document.title = `${unread}${room?.name ?? "Room"}${room?.front ? ", back room" : ""} · Rooms`;
  }

  get #created(): Room | null {
    return this.made?.code === this.code ? this.made : null;
  }

  #opened(): void {
    if (this.#created) this.sheet = wide.matches ? null : "share";
    // With a keyboard, the composer takes the focus at once.
    if (this.#model.isMember && matchMedia("(hover: hover)").matches) this.#focusComposer();
  }

  #focusComposer(): void {
    void this.updateComplete.then(() => this.composer?.focus());
  }

  override render(): TemplateResult {
    const { ended, room, open, problem, channel, announcement, mayPost } = this.#model;
    const closed = this.#closedActions;
    if (ended) return endedView(ended, room, closed);
    if (!room) return problem ? failedView(problem, closed) : loadingView(wide.matches, closed);
    if (!open || !mayRead(open)) return joinView(room, closed);
    const view = this.#view(open);
    return html`<div class="room with-aside">
        ${wide.matches ? sidebarView(view) : nothing}
        <main class="chat">
          ${headerView(view)} ${stripsView(view)}
          <div class="body">
            <p class="banner" role="status">${connectionText(channel)}</p>
            ${channel ? this.#messages(open, channel) : nothing}
            <p class="typing" aria-hidden="true">${typingView(view)}</p>
          </div>
          ${footerView(view)}
        </main>
      </div>
      <p class="only-read" aria-live="polite">${announcement}</p>
      ${sheetsView(view, {
        sheet: this.sheet,
        selected: this.selected,
        purchase: this.purchase,
        mayPost,
        actions: this.#sheetsActions,
      })}`;
  }

  #messages(room: Room, channel: RoomChannel): TemplateResult {
    const { version, userId, mayPost, blocked, newFrom, reader } = this.#model;
    const { react, reply } = this.#sheetsActions;
    return html`<room-messages
      .channel=${channel}
      .version=${version}
      .me=${userId}
      .myName=${room.you.username ?? ""}
      .hostId=${room.host.user_id}
      .mayTalk=${mayPost}
      .blocked=${blocked}
      .reacting=${this.#reactions.list}
      .newFrom=${newFrom}
      @react=${react}
      @answer=${reply}
      @more=${(event: CustomEvent<Item>) => (this.selected = event.detail)}
      @hello=${() => this.#post("👋", null)}
      @share=${() => (this.sheet = "share")}
      @place=${() => reader.markRead()}
    ></room-messages>`;
  }

  #view(room: Room): RoomView {
    const { channel, presence, payment, pin, isMember, userId, blocked, fetchedAt } = this.#model;
    return {
      ...{ room, channel, presence, payment, pin, isMember, userId, blocked, fetchedAt },
      isWide: wide.matches,
      replyTo: this.replyTo,
      actions: this.#viewActions,
    };
  }

  #closedActions: ClosedActions = {
    home: () => this.#home(),
    enter: () => void this.#model.reenter(),
    joined: (event) => void this.#joined(event),
    banned: () => this.#model.end("banned"),
  };

  #viewActions: RoomViewActions = {
    back: () => {
      const front = this.#model.open?.front;
      if (front) writeHash({ room: front });
      else this.#home();
    },
    open: (sheet) => {
      this.sheet = sheet;
    },
    showPeople: () => {
      this.sheet = "people";
      void this.#model.presence.fetch(true);
    },
    peopleChanged: () => this.#model.peopleChanged(),
    act: (event) => this.#act(event.detail),
    goToPin: () => this.#model.pin && this.messages?.goTo(this.#model.pin.seq),
    openEntrance: () => {
      const code = this.#model.open?.back_room?.code;
      if (code) writeHash({ room: code });
      else this.purchase = { what: "back_room", seq: 0 };
    },
    forgetPayment: () => this.#model.payment.track(null),
    compose: ({ detail }) => this.#post(detail.text, detail.replyTo),
    unquote: () => {
      this.replyTo = null;
    },
  };

  #sheetsActions: SheetsActions = {
    dismiss: () => {
      this.sheet = null;
    },
    deselect: () => {
      this.selected = null;
    },
    dismissPurchase: () => {
      this.purchase = null;
    },
    joined: (event) => void this.#joined(event),
    banned: () => this.#model.end("banned"),
    saved: ({ detail }) => {
      this.#model.saved(detail);
      this.sheet = null;
    },
    backRoomOpened: ({ detail }) => {
      const { open } = this.#model;
      if (open) this.#model.room = { ...open, back_room: { code: detail } };
    },
    closed: () => this.#model.end("closed"),
    react: ({ detail }) => void this.#reactions.send(this.code, this.#model.channel, detail),
    reply: ({ detail }) => this.#reply(detail),
    pin: ({ detail: { seq, username, text } }) => {
      if (seq !== null) this.purchase = { what: "pin", seq, username, text };
    },
    remove: ({ detail: { seq } }) => {
      if (seq !== null && this.#model.channel)
        void deleteMessage(this.code, this.#model.channel, seq);
    },
    toggleBlock: ({ detail }) => this.#model.setBlocked(toggleBlock(detail)),
    paying: ({ detail }) => this.#model.payment.track(detail),
  };

  #home(): void {
    this.dispatchEvent(new Event("home", { cancelable: true }));
  }

  #post(text: string, replyTo: Quote | null): void {
    this.replyTo = null;
    this.#model.newFrom = 0;
    this.#model.channel?.post(crypto.randomUUID(), text, replyTo);
    this.messages?.toEnd();
    this.composer?.focus();
  }

  #reply({ seq, username, text, tip }: Item): void {
    const quoted = tip
      ? tipText(username, tip, this.#model.isHost)
      : [...text].slice(0, MAX_QUOTE_LENGTH).join("");
    if (seq !== null) this.replyTo = { seq, username, text: quoted };
  }

  #act(action: RoomAction): void {
    if (action === "leave") void this.#leave();
    else if (action === "tip") {
      const seq = Math.max(this.#model.channel?.log.last ?? 0, this.#model.open?.last_seq ?? 0);
      this.sheet = null;
      this.purchase = { what: "tip", seq };
    } else this.sheet = action;
  }

  async #leave(): Promise<void> {
    const { code } = this;
    if ((await leaveRoom(code)) && code === this.code) this.#home();
  }

  async #joined(event: CustomEvent<Room>): Promise<void> {
    this.sheet = null;
    await this.#model.joined(event.detail);
    this.#focusComposer();
  }
}
