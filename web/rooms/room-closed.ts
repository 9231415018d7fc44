// Views in place of a room that cannot be read: loading, failed, not joined, and ended.
import { html, nothing, type TemplateResult } from "lit";
import { writeHash } from "../ui/hash";
import { type IconName, icon } from "../ui/icons";
import { busyUntil } from "./api";
import type { EndReason } from "./channel";
import type { ClosedRoom, Room } from "./contract";
import "./join";
import { messagesPlaceholder } from "./placeholder";
import { busyText } from "./words";

export interface ClosedActions {
  home(): void;
  enter(): void;
  joined(event: CustomEvent<Room>): void;
  banned(): void;
}

interface Notice {
  shape: IconName;
  title: string;
  text: string;
  /** Buttons before the one that leads home. */
  buttons?: TemplateResult;
  isHomeMain?: boolean;
}

function notice(
  { shape, title, text, buttons, isHomeMain = true }: Notice,
  name: string | null,
  actions: ClosedActions,
): TemplateResult {
  return html`<main class="doorstep door">
    <div class="words">
      <span class="badge-icon">${icon(shape)}</span>
      <h2 tabindex="-1">${title}</h2>
      ${name === null ? nothing : html`<p><b><bdi>${name}</bdi></b></p>`}
      <p>${text}</p>
    </div>
    <div class="ways">
      ${buttons ?? nothing}<button class="button ${isHomeMain ? "main" : ""}" type="button" @click=${actions.home}>Go to the start</button>
    </div>
  </main>`;
}

function toFront(front: string): TemplateResult {
  return html`<button class="button" type="button" @click=${() => writeHash({ room: front })}>Go to the front room</button>`;
}

export function failedView(problem: string, actions: ClosedActions): TemplateResult {
  const buttons = html`<button class="button main" type="button" @click=${actions.enter}>Try again</button>`;
  return notice(
    {
      shape: "failed",
      title: "This room could not be opened",
      text: problem,
      buttons,
      isHomeMain: false,
    },
    null,
    actions,
  );
}

export function loadingView(isWide: boolean, actions: ClosedActions): TemplateResult {
  const until = busyUntil();
  const wait = until === null ? "" : busyText("Opening it", until, Date.now());
  return html`<div class="room with-aside">
    ${isWide ? html`<aside></aside>` : nothing}
    <main class="chat">
      <header>
        <button class="button bare icon-only narrow" type="button" aria-label="Back to the start" @click=${actions.home}>${icon("back")}</button>
        <div class="bones"><h1 class="only-read" role="status">Opening the room</h1><i></i><i></i></div>
      </header>
      <div class="body coming"><p class="banner" role="status">${wait}</p>${messagesPlaceholder()}</div>
    </main>
  </div>`;
}

export function joinView(room: ClosedRoom | Room, actions: ClosedActions): TemplateResult {
  const { front } = room;
  const asksCode = room.is_private && !front;
  const text = front
    ? "This is a back room. Only people who paid its entrance fee can join."
    : room.is_private
      ? "This room is private. Ask the person who invited you for its code."
      : "Join to read the messages.";
  const shape = front ? "ajar" : room.is_private ? "lock" : "chat";
  return html`<main class="chat">
    <header><button class="button bare icon-only" type="button" aria-label="Back to the start" @click=${actions.home}>${icon("back")}</button></header>
    <div class="doorstep">
      <div class="door">
        <div class="words">
          <span class="badge-icon">${icon(shape)}</span>
          <h1 dir="auto">${room.name}</h1>
          <p>${text}</p>
        </div>
        <room-join code=${room.code} ?private=${asksCode} @joined=${actions.joined} @banned=${actions.banned}></room-join>
        ${front ? toFront(front) : nothing}
      </div>
    </div>
  </main>`;
}

export function endedView(
  reason: EndReason,
  room: ClosedRoom | Room | null,
  actions: ClosedActions,
): TemplateResult {
  const name = reason === "missing" ? null : (room?.name ?? null);
  return notice(endNotice(reason, room?.front ?? null, actions), name, actions);
}

function endNotice(reason: EndReason, front: string | null, actions: ClosedActions): Notice {
  const returns = html`<button class="button" type="button" @click=${actions.enter}>Return to the room</button>`;
  switch (reason) {
    case "kicked":
      if (front)
        return {
          shape: "door",
          title: "You were removed",
          text: "You no longer have access to this back room. If your entrance fee was refunded, you can pay again in the front room.",
          buttons: toFront(front),
        };
      return {
        shape: "door",
        title: "You were removed",
        text: "The host removed you from this room.",
        buttons: returns,
      };
    case "banned":
      return {
        shape: "ban",
        title: "You cannot join this room",
        text: "The host has banned you from this room.",
      };
    case "left":
      return {
        shape: "door",
        title: "You have left this room",
        text: "You can come back at any time.",
        buttons: returns,
      };
    case "members_only":
      return {
        shape: "lock",
        title: "This room is now for members only",
        text: "The host has limited reading to members.",
        buttons: html`<button class="button main" type="button" @click=${actions.enter}>Join the room</button>`,
        isHomeMain: false,
      };
    case "closed":
      return {
        shape: "door",
        title: "This room is closed",
        text: "The host has closed it, and its messages were deleted.",
      };
    case "missing":
      return {
        shape: "info",
        title: "Room not found",
        text: "The link may be wrong, or the room was closed. Ask the person who shared it.",
      };
  }
}
