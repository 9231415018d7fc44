// What agents do with a conversation. A change is based on the head that the agent saw.
import type { Api } from "../api";
import type {
  ContactBlock,
  ConversationEnd,
  ConversationPatch,
  EndReason,
  Head,
  HeadPatch,
} from "../contract";
import { Problem } from "../problem";
import { pathOf } from "../request";
import { changesBetween, type Names } from "../words";
import type { Inbox } from "./inbox";

const MAX_ATTEMPTS = 4;

/** The conversation has changed in a way that the agent should see before the change is made. */
export class StaleHead extends Error {
  constructor(
    readonly present: Head,
    readonly changes: string[],
  ) {
    super("The conversation has changed meanwhile.");
  }
}

export class ConversationActions {
  constructor(
    private readonly api: Api,
    private readonly inbox: Inbox,
    private readonly names: Names,
  ) {}

  /** Changes a head. New messages alone do not matter; any other change of it does. */
  async patch(seen: Head, change: HeadPatch): Promise<Head> {
    let { version } = seen;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const head = await this.api.patch<Head>(pathOf("conversations", seen.id), {
          version,
          ...change,
        } satisfies ConversationPatch);
        this.inbox.take(head);
        return head;
      } catch (error) {
        if (!(error instanceof Problem) || !error.isStale || attempt >= MAX_ATTEMPTS) throw error;
        const present: Head = await this.inbox.fetch(seen.id);
        const changes = changesBetween(seen, present, this.names);
        if (changes.length > 0) throw new StaleHead(present, changes);
        version = present.version;
      }
    }
  }

  /** Ends a conversation. The bot's settings decide whether the visitor is asked for a rating. */
  async end(head: Head, reason: EndReason): Promise<Head> {
    const path = pathOf("conversations", head.id, "end");
    const ended = await this.api.put<Head>(path, { reason } satisfies ConversationEnd);
    this.inbox.take(ended);
    return ended;
  }

  async block(head: Head, isBlocked: boolean): Promise<void> {
    await this.api.post(pathOf("contacts", head.visitor.id, "block"), {
      is_blocked: isBlocked,
    } satisfies ContactBlock);
    await this.inbox.fetch(head.id);
  }

  transcript(head: Head, format: "txt" | "html"): Promise<string> {
    return this.api.text(pathOf("conversations", head.id, "transcript"), { format });
  }
}
