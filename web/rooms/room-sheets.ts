// The sheets and dialogs of an open room.
import { html, nothing, type TemplateResult } from "lit";
import { sheetOrDialog } from "../ui/dialog";
import { writeHash } from "../ui/hash";
import "./about";
import type { Room } from "./contract";
import "./join";
import "./message-sheet";
import type { ReactionChange } from "./reactions";
import "./pay-sheet";
import type { PurchaseRequest } from "./pay-sheet";
import type { Payment } from "./payment";
import { peopleView, type RoomView, type Sheet, shareView } from "./room-view";
import "./settings";
import type { Item } from "./thread";
import "./tips";

export interface SheetsState {
  sheet: Sheet | null;
  /** The message whose actions are open. */
  selected: Item | null;
  purchase: PurchaseRequest | null;
  mayPost: boolean;
  actions: SheetsActions;
}

export interface SheetsActions {
  dismiss(): void;
  deselect(): void;
  dismissPurchase(): void;
  joined(event: CustomEvent<Room>): void;
  banned(): void;
  saved(event: CustomEvent<Room>): void;
  backRoomOpened(event: CustomEvent<string>): void;
  closed(): void;
  react(event: CustomEvent<ReactionChange>): void;
  reply(event: CustomEvent<Item>): void;
  pin(event: CustomEvent<Item>): void;
  remove(event: CustomEvent<Item>): void;
  toggleBlock(event: CustomEvent<Item>): void;
  paying(event: CustomEvent<Payment>): void;
}

export function sheetsView(view: RoomView, state: SheetsState): TemplateResult {
  const { room } = view;
  const { sheet, actions } = state;
  const isHost = room.you.role === "host";
  const dialog = (heading: string, isOpen: boolean, content: () => TemplateResult) =>
    html`<cf-dialog kind=${sheetOrDialog()} heading=${heading} .open=${isOpen} @dismiss=${actions.dismiss}>${isOpen ? content() : nothing}</cf-dialog>`;
  const enter = (event: CustomEvent<string>) => writeHash({ room: event.detail });
  return html`
    ${dialog("Invite people", sheet === "share", () => shareView(room, false))}
    ${dialog("People", sheet === "people", () => peopleView(view))}
    ${dialog(room.name, sheet === "about", () => html`<room-about .room=${room} @ask=${view.actions.act}></room-about>`)}
    ${dialog("Tips", sheet === "tips", () => html`<room-tips code=${room.code}></room-tips>`)}
    ${dialog(
      sheet === "rename" ? "Your name here" : "Join to chat",
      sheet === "join" || sheet === "rename",
      () =>
        html`<room-join code=${room.code} ?private=${room.is_private} current=${sheet === "rename" ? (room.you.username ?? "") : ""} @joined=${actions.joined} @banned=${actions.banned}></room-join>`,
    )}
    ${
      isHost
        ? html`<room-settings .open=${sheet === "settings"} .room=${room} @dismiss=${actions.dismiss} @saved=${actions.saved} @opened=${actions.backRoomOpened} @enter=${enter} @closed=${actions.closed}></room-settings>`
        : nothing
    }
    <message-sheet
      .item=${state.selected}
      .me=${view.userId}
      ?mayTalk=${state.mayPost}
      ?host=${isHost}
      @dismiss=${actions.deselect}
      @react=${actions.react}
      @answer=${actions.reply}
      @pin=${actions.pin}
      @remove=${actions.remove}
      @block=${actions.toggleBlock}
    ></message-sheet>
    <pay-sheet
      .wanted=${state.purchase}
      .room=${room}
      .pin=${view.pin}
      @dismiss=${actions.dismissPurchase}
      @paying=${actions.paying}
      @enter=${enter}
    ></pay-sheet>
  `;
}
