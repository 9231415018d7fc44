// What the visitor sees and does: one conversation at a time, from its start to its rating.
import type { PendingMessage } from "../../live/types";
import type { Embed } from "../wire";
import { toProblem } from "./api";
import type { Message, ServerFrame, VisitorHead, WidgetConfig } from "./contract";
import { environmentOf } from "./environment";
import { createSession } from "./session";
import { createStarter, newId, type Starter, type Wish } from "./starter";
import type { Storage } from "./storage";
import { createTalk, nameOf, type Talk } from "./talk";

/** Why nothing can be written. */
export type Barrier = "away" | "blocked" | "signIn";

export interface ChatHandlers {
  changed(): void;
  /** A message of others has arrived. */
  arrived(): void;
}

export type Chat = ReturnType<typeof createChat>;

/** An ended conversation is shown for as long as it can be rated. */
const ENDED_SHOWN_MS = 86_400_000;
const CONVERSATION = "conversation";

const barriers: Record<string, Barrier> = {
  suspended: "away",
  limit_reached: "away",
  blocked: "blocked",
  identity_required: "signIn",
};

/** Whether a message counts as unread. */
const isNews = ({ author, kind, is_deleted }: Message) =>
  author.kind !== "visitor" && kind === "message" && !is_deleted;

export function createChat(
  config: WidgetConfig,
  storage: Storage,
  embed: () => Promise<Embed>,
  context: () => object,
  { changed, arrived }: ChatHandlers,
) {
  let head: VisitorHead | null = null;
  let talk: Talk | null = null;
  /** While no conversation is known. */
  let starter: Starter | null = null;
  let barrier: Barrier | null = null;
  /** The code with which the last change was refused. */
  let refusal = "";
  let readSeq = 0;
  let handledSeq = 0;

  const session = createSession(storage, embed, (found) => {
    if (found && !found.is_closed && found.id !== talk?.id) adopt(found.id, found);
  });

  const messages = () => talk?.log.visible ?? [];
  const pending = (): readonly PendingMessage[] => (talk ?? starter)?.outbox.list ?? [];
  const unread = () => messages().filter((each) => isNews(each) && each.seq > readSeq).length;
  const path = () => `/conversations/${talk?.id}`;

  /** The conversation of this browser's tabs. */
  const known = () => storage.read<{ id: string; read: number }>(CONVERSATION);
  const remember = (id: string) => storage.write(CONVERSATION, { id, read: readSeq });

  /** Goes on in the known conversation, or waits for another one to begin. */
  function resume(): void {
    const { id: last } = known() ?? {};
    if (last && session.isKnown()) adopt(last, null);
    else prepare();
  }

  function prepare(): void {
    drop();
    starter = createStarter(
      session,
      storage,
      context,
      (started, wantsPerson) => {
        adopt(started.id, started);
        if (wantsPerson) askForPerson();
      },
      refused,
      changed,
    );
    if (starter.outbox.next) starter.begin({});
  }

  function adopt(id: string, newHead: VisitorHead | null): void {
    const { id: last, read = 0 } = known() ?? {};
    leave();
    head = newHead;
    readSeq = Math.max(head?.read_seq ?? 0, last === id ? read : 0);
    remember(id);
    const env = environmentOf(`/conversations/${id}`, session, storage, startAgain);
    talk = createTalk(id, env, { changed: progressed, received, stale: readHead, ended: refused });
    talk.read(readSeq);
    if (!head) readHead();
  }

  function leave(): void {
    starter?.stop();
    drop();
    storage.write(CONVERSATION, null);
  }

  function drop(): void {
    talk?.stop();
    starter?.halt();
    talk = starter = head = null;
    handledSeq = readSeq = 0;
  }

  /** Leaves an ended conversation. */
  function startAgain(): void {
    leave();
    prepare();
    changed();
  }

  async function readHead(): Promise<void> {
    const asked = talk;
    try {
      const found = await session.json<VisitorHead>("GET", path());
      if (asked !== talk) return;
      head = found;
      messages().forEach(follow);
      const isOld = Date.now() - Date.parse(head.last_at) > ENDED_SHOWN_MS;
      if (head.is_closed && isOld && unread() === 0) startAgain();
      else changed();
    } catch {
      // The next event or connection asks again; the messages tell of one that was erased.
    }
  }

  async function change(method: string, name: string, body: object): Promise<void> {
    try {
      await session.call(method, `${path()}/${name}`, body);
      await readHead();
    } catch (error) {
      refused(toProblem(error).code);
    }
  }

  function askForPerson(): void {
    if (talk) change("POST", "handoff", { to: "human", reason: "asked" });
    else begin({ wantsPerson: true });
  }

  function begin(wish: Wish): void {
    refusal = "";
    starter?.begin(wish);
  }

  function refused(code: string): void {
    refusal = code;
    barrier = barriers[code] ?? barrier;
    changed();
  }

  function progressed(): void {
    const isFirst = handledSeq === 0;
    let hasNews = false;
    for (const message of messages()) {
      if (message.seq <= handledSeq) continue;
      hasNews ||= isNews(message);
      follow(message);
    }
    handledSeq = talk?.log.complete ?? 0;
    if (hasNews && !isFirst) arrived();
    changed();
  }

  /** Events are in the log even when the frame that tells of them was lost. */
  function follow({ event, seq }: Message): void {
    if (!event || !head || seq <= head.last_seq) return;
    head = { ...head, last_seq: seq };
    if (event.type === "ended") {
      head.is_closed = true;
      head.asks_csat = config.asks_csat;
    }
    if (event.type === "reopened") head.is_closed = false;
    if (event.type === "handed_off") head.handled_by = event.to;
    if (event.type === "took_over") head.handled_by = "human";
  }

  function received(frame: ServerFrame): void {
    if (frame.type === "conversation:end") head = frame.conversation;
    changed();
  }

  if (config.is_away) barrier = "away";
  else if (config.requires_identity) barrier = "signIn";
  storage.onChange((name) => {
    const found = known();
    if (name !== CONVERSATION || !found) return;
    if (found.id !== talk?.id) adopt(found.id, null);
    readSeq = Math.max(readSeq, found.read);
    changed();
  });
  resume();

  return {
    messages,
    pending,
    unread,
    startAgain,
    askForPerson,
    begin,
    change,
    path,
    call: session.call,
    head: () => head,
    talk: () => talk,
    barrier: () => barrier,
    refusal: () => refusal,
    /** Messages were written, or a conversation exists. */
    isTalking: () => talk !== null || pending().length > 0 || starter?.isRunning() === true,
    isDelayed: () => talk?.connection.isDelayed ?? starter?.isDelayed() ?? false,
    /** The person who wrote last. */
    agent: () => {
      const last = messages().findLast(({ author }) => author.kind === "agent");
      return last && nameOf(last.author);
    },
    send(text: string): void {
      const client_msg_id = newId();
      if (talk) talk.post(client_msg_id, text);
      else {
        const at = Date.now();
        starter?.outbox.add({ client_msg_id, text, reply_to: null, at, problem: "", seq: null });
        begin({});
      }
    },
    retry(messageId: string): void {
      const isClosed = talk?.outbox.get(messageId)?.problem === "closed";
      // An ended conversation takes no more messages; the next one does.
      if (isClosed || head?.may_write === false) startAgain();
      talk?.retry(messageId);
      starter?.outbox.change(messageId, { problem: "" });
      begin({});
    },
    discard(messageId: string): void {
      talk?.discard(messageId);
      starter?.outbox.remove(messageId);
      changed();
    },
    markRead(): void {
      if (!talk || talk.log.complete <= readSeq) return;
      readSeq = talk.log.complete;
      talk.read(readSeq);
      remember(talk.id);
      changed();
    },
    wake(): void {
      talk?.wake();
      starter?.run();
    },
    /** Goes on as the visitor whom the site names; null forgets the visitor. */
    async identify(jwt: string | null): Promise<void> {
      if (!jwt && !session.isNamed()) return;
      const before = talk;
      try {
        if (!jwt) {
          for (const { client_msg_id } of pending()) storage.outbox.remove(client_msg_id);
          leave();
        }
        await session.identify(jwt);
        if (!jwt) storage.write(CONVERSATION, null);
        if (config.requires_identity) barrier = jwt ? null : "signIn";
        if (before === talk || !jwt) resume();
      } catch (error) {
        const { code } = toProblem(error);
        console.error(`Confab Desk: identify: ${code}`);
        refused(code);
      }
      changed();
    },
  };
}
