// Views around the messages of an open room: header, sidebar, strips, connection state and footer.
import { html, nothing, type TemplateResult } from "lit";
import { now } from "../ui/clock";
import { icon } from "../ui/icons";
import "../ui/theme-toggle";
import "./about";
import type { RoomAction } from "./about";
import { type Blocked, isBlocked } from "./blocks";
import type { RoomChannel } from "./channel";
import "./composer";
import type { ComposedMessage } from "./composer";
import type { Pin, Quote, Room } from "./contract";
import "./people";
import "./picture";
import type { RoomPayment } from "./room-payment";
import type { RoomPresence } from "./room-presence";
import "./room-top";
import "./share";
import { busyText, onlineCount, typingText } from "./words";

export type Sheet = "share" | "people" | "about" | "join" | "rename" | "settings" | "tips";

export interface RoomView {
  room: Room;
  channel: RoomChannel | null;
  presence: RoomPresence;
  payment: RoomPayment;
  pin: Pin | null;
  isWide: boolean;
  isMember: boolean;
  userId: string;
  blocked: Blocked[];
  replyTo: Quote | null;
  /** When the room's online count was fetched. */
  fetchedAt: number;
  actions: RoomViewActions;
}

export interface RoomViewActions {
  back(): void;
  open(sheet: Sheet): void;
  showPeople(): void;
  peopleChanged(): void;
  act(event: CustomEvent<RoomAction>): void;
  goToPin(): void;
  openEntrance(): void;
  forgetPayment(): void;
  compose(event: CustomEvent<ComposedMessage>): void;
  unquote(): void;
}

export function headerView(view: RoomView): TemplateResult {
  const { room, channel, actions } = view;
  const front = room.front !== null;
  const back = html`<button class="button bare icon-only narrow" type="button" aria-label=${front ? "Back to the front room" : "Back to the start"} @click=${actions.back}>${icon("back")}</button>`;
  const title = titleView(view);
  return html`<header class=${front ? "behind" : ""}>
    ${back}
    ${
      view.isWide
        ? html`<div class="title"><span>${title}</span></div>`
        : html`<button class="title" type="button" aria-haspopup="dialog" title="About this room" @click=${() => actions.open("about")}>
          <room-picture .photo=${room.photo} code=${room.code}></room-picture><span>${title}</span>
        </button>`
    }
    <button class="button bare icon-only narrow" type="button" aria-label="People" title="People" aria-haspopup="dialog" @click=${actions.showPeople}>${icon("people")}</button>
    <button class="button bare icon-only" type="button" aria-label="Share the room" title="Share the room" aria-haspopup="dialog" @click=${() => actions.open("share")}>${icon("share")}</button>
  </header>`;

  function titleView({ fetchedAt }: RoomView): TemplateResult {
    const live = channel?.connection.wasConnected ? channel : null;
    const count = onlineCount(
      live ? live.online : room.online,
      live ? live.onlineAt : fetchedAt,
      now(),
    );
    const isOn = channel?.connection.isConnected;
    const dot = html`<span aria-hidden="true">·</span>`;
    return html`<h1 dir="auto">${room.name}</h1>
      <span class="presence">
        ${front ? html`${icon("ajar")}<span>Back room</span>${dot}` : nothing}
        ${count ? html`<i class=${isOn ? "on" : ""}></i><span>${count}</span>` : nothing}
        ${room.is_private && !front ? html`${dot}${icon("lock")}<span>Private</span>` : nothing}
        ${room.is_read_only ? html`${dot}<span>Read-only</span>` : nothing}
      </span>`;
  }
}

export function sidebarView(view: RoomView): TemplateResult {
  const { room, actions } = view;
  return html`<aside aria-label="About this room">
    <nav>
      <button class="button bare" type="button" @click=${actions.back}>${icon("back")} ${room.front ? "Front room" : "All rooms"}</button>
      <cf-theme-toggle></cf-theme-toggle>
    </nav>
    <room-about .room=${room} @ask=${actions.act}></room-about>
    ${shareView(room, true)}
    <section>
      <h2>People</h2>
      ${peopleView(view)}
    </section>
  </aside>`;
}

/** Shares the front room's link for a back room, which has no public one. */
export function shareView(room: Room, isSmall: boolean): TemplateResult {
  return html`<room-share ?small=${isSmall} ?host=${room.you.role === "host"} code=${room.front ?? room.code} name=${room.name} ?private=${room.is_private && !room.front} ?behind=${room.front !== null}></room-share>`;
}

export function peopleView({ room, presence, userId, blocked, actions }: RoomView): TemplateResult {
  return html`<room-people code=${room.code} .people=${presence.people} .banned=${presence.banned} .problem=${presence.problem} .me=${userId} ?host=${room.you.role === "host"} .blocked=${blocked} @changed=${actions.peopleChanged}></room-people>`;
}

export function stripsView({ room, payment, pin, isMember, actions }: RoomView): TemplateResult {
  const backRoom = room.back_room;
  const entrance =
    backRoom && isMember ? { mayEnter: backRoom.code !== null, price: payment.entranceFee } : null;
  return html`<room-top
    .pin=${pin}
    .entrance=${entrance}
    .payment=${payment.pending}
    @look=${actions.goToPin}
    @door=${actions.openEntrance}
    @forget=${actions.forgetPayment}
  ></room-top>`;
}

export function connectionText(channel: RoomChannel | null): string {
  if (!channel) return "";
  if (!navigator.onLine) return "You are offline. Messages are sent when you are back online.";
  const { isConnected, isDelayed, wasConnected, reconnectAt } = channel.connection;
  if (isConnected) return "";
  if (reconnectAt !== null && reconnectAt > now())
    return busyText("Connecting", reconnectAt, now());
  if (!isDelayed) return "";
  return wasConnected ? "Reconnecting…" : "Connecting…";
}

export function typingView({ channel, blocked }: RoomView): TemplateResult | typeof nothing {
  const names = [...(channel?.typing ?? [])]
    .filter(([userId, username]) => !isBlocked(blocked, userId, username))
    .map(([, username]) => username);
  if (names.length === 0) return nothing;
  return html`<span class="dots"><i></i><i></i><i></i></span><span dir="auto">${typingText(names)}</span>`;
}

export function footerView({ room, channel, isMember, replyTo, actions }: RoomView) {
  const { you } = room;
  if (!isMember)
    return html`<div class="foot">
      <span>You can read, but not post.</span>
      <button class="button main" type="button" aria-haspopup="dialog" @click=${() => actions.open("join")}>Join to chat</button>
    </div>`;
  if (you.is_muted)
    return html`<div class="foot"><span>The host has muted you. You can still read.</span></div>`;
  if (room.is_read_only && you.role !== "host")
    return html`<div class="foot"><span class="soft">Only the host can post right now.</span></div>`;
  return html`<room-composer
    code=${room.code}
    .replyTo=${replyTo}
    placeholder=${you.username ? `Message as ${you.username}` : "Message"}
    @compose=${actions.compose}
    @typed=${() => channel?.notifyTyping()}
    @unquote=${actions.unquote}
  ></room-composer>`;
}
