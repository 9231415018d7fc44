// The rooms API's types, generated from the server, under this page's names.
import type {
  Frame as AnyFrame,
  HostView,
  PersonHere,
  PhotoView,
  Reason,
  RoomView,
  SocketTicket,
  Why,
  You,
} from "./spoken";

export type {
  Look,
  Message,
  Money,
  Offers,
  Page,
  People,
  Pin,
  Quote,
  Reaction,
  Role,
  Session,
  SimilarRoom,
  Suggestion,
  Tips,
  ToPay,
  You,
} from "./spoken";

export type Picture = PhotoView;
export type SimilarityReason = Why;
export type Person = PersonHere;
export type Ticket = SocketTicket;
export type RemovalReason = Reason;

/** A room as broadcast on the socket: the same for every recipient. */
export type RoomUpdate = Omit<RoomView, "you" | "host" | "created_at"> & {
  host: HostView;
  created_at: string;
};
export type Room = RoomUpdate & { you: You };

/** A private room as strangers see it. */
export type ClosedRoom = Pick<Room, "code" | "name" | "is_private" | "front" | "you">;

export type Frame = Exclude<AnyFrame, { type: "room" }> | { type: "room"; room: RoomUpdate };
