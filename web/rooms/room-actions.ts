// Actions of a room and its messages, with their confirmations.
import { toast } from "../ui/toast";
import { rooms, toProblem } from "./api";
import { type Blocked, block, unblock } from "./blocks";
import type { RoomChannel } from "./channel";
import type { ReactionChange } from "./reactions";
import type { Item } from "./thread";

/** Reactions that the server has not confirmed, or whose count does not name the user yet. */
export class PendingReactions {
  list: readonly ReactionChange[] = [];

  constructor(private readonly changed: () => void) {}

  clear(): void {
    this.#set([]);
  }

  async send(code: string, channel: RoomChannel | null, change: ReactionChange): Promise<void> {
    const { seq, emoji, on } = change;
    const isSame = (each: ReactionChange) => each.seq === seq && each.emoji === emoji;
    this.#set([...this.list.filter((each) => !isSame(each)), change]);
    let confirmed: ReactionChange[] = [];
    try {
      channel?.apply(await rooms.react(code, seq, emoji, on));
      if (on) confirmed = [{ ...change, isDone: true }];
    } catch (error) {
      toast(toProblem(error).message, true);
    }
    // Keeps a reaction that was changed again during the request.
    this.#set(this.list.flatMap((each) => (each === change ? confirmed : [each])));
  }

  #set(list: readonly ReactionChange[]): void {
    this.list = list;
    this.changed();
  }
}

export async function deleteMessage(code: string, channel: RoomChannel, seq: number) {
  const known = channel.log.get(seq);
  try {
    await rooms.remove(code, seq);
    if (!known) return;
    // The server's own update has the same revision, or a higher one.
    const rev = known.rev + 1;
    channel.apply({ ...known, text: "", reply_to: null, is_deleted: true, reactions: [], rev });
  } catch (error) {
    toast(toProblem(error).message, true);
  }
}

/** Blocks or unblocks a message's author. Returns the blocked users. */
export function toggleBlock({ userId, username, isBlocked }: Item): Blocked[] {
  const blocked = (isBlocked ? unblock : block)({ user_id: userId, username });
  const isHidden = `${username} is blocked. Their messages are hidden.`;
  toast(isBlocked ? `${username} is unblocked` : isHidden);
  return blocked;
}

/** Leaves a room. Returns false when that failed. */
export async function leaveRoom(code: string): Promise<boolean> {
  try {
    await rooms.leave(code);
    toast("You have left the room");
    return true;
  } catch (error) {
    toast(toProblem(error).message, true);
    return false;
  }
}
