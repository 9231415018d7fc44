// A room's channel: which failures end it, and the frames that only rooms have.
import { Channel, type ChannelPolicy } from "../live/channel";
import type { ChannelEnvironment, PendingMessage } from "../live/types";
import type { Frame, Message, Pin, Quote, RemovalReason, RoomUpdate } from "./contract";

export type Pending = PendingMessage<Quote>;
export type RoomEnvironment = ChannelEnvironment<Message, Quote>;
export type EndReason = RemovalReason | "missing";

export interface RoomHandlers {
  changed(): void;
  roomChanged(room: RoomUpdate): void;
  pinChanged(pin: Pin | null): void;
  muteChanged(isMuted: boolean): void;
  accessChanged(): void;
  ended(reason: EndReason): void;
}

const policy: ChannelPolicy<EndReason> = {
  endOfConnect({ status, code }) {
    if (code === "banned") return "banned";
    return status === 404 ? "missing" : null;
  },
  endOfPost: ({ code }) => (code === "banned" ? "banned" : null),
  accessCodes: ["muted", "not_a_member", "read_only"],
};

export class RoomChannel extends Channel<Message, Quote, Frame, EndReason> {
  constructor(env: RoomEnvironment, userId: string, handlers: RoomHandlers) {
    super(env, userId, policy, {
      changed: () => handlers.changed(),
      accessChanged: () => handlers.accessChanged(),
      ended: (reason) => handlers.ended(reason),
      frame(frame) {
        switch (frame.type) {
          case "room":
            handlers.roomChanged(frame.room);
            break;
          case "pin":
            handlers.pinChanged(frame.pin);
            break;
          case "muted":
            handlers.muteChanged(frame.is_muted);
            break;
        }
      },
    });
  }
}
