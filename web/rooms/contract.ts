// What the rooms' API speaks: as it is made from the server's types, and as this page calls it.
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
export type Likeness = Why;
export type Person = PersonHere;
export type Ticket = SocketTicket;
export type Leaving = Reason;

/** A room as the socket tells of it: the same for everybody who may see what is in it. */
export type RoomNews = Omit<RoomView, "you" | "host" | "created_at"> & {
  host: HostView;
  created_at: string;
};
export type Room = RoomNews & { you: You };

/** All that is told of a private room to whoever is not in it. */
export type ClosedRoom = Pick<Room, "code" | "name" | "is_private" | "front" | "you">;

export type Frame = Exclude<AnyFrame, { type: "room" }> | { type: "room"; room: RoomNews };
