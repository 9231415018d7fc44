// Clock, socket and API of a conversation.
import { toProblem } from "./api";
import type { Page, VisitorMessage } from "./contract";
import type { Session } from "./session";
import type { Storage } from "./storage";
import { PAGE_SIZE, type TalkEnvironment, toMessage } from "./talk";

/** How far this device's clock is behind the server's: a wrong one would renew the connection too late. */
let skew = 0;
const now = () => Date.now() + skew;

export function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

export function environmentOf(
  path: string,
  session: Session,
  storage: Storage,
  /** The conversation was erased. */
  missing: () => void,
): TalkEnvironment {
  const messages = `${path}/messages`;
  return {
    now,
    setClock(at) {
      skew = at - Date.now();
    },
    random: Math.random,
    later,
    ticket: () => session.json("POST", "/widget/ticket", {}),
    socket(url, { opened, received, closed }) {
      const socket = new WebSocket(url);
      socket.onopen = opened;
      socket.onmessage = ({ data }) => received(data);
      socket.onclose = closed;
      return {
        send: (text) => socket.send(text),
        close() {
          socket.onopen = socket.onmessage = socket.onclose = null;
          socket.close();
        },
      };
    },
    async page(query) {
      try {
        const parts = new URLSearchParams({ limit: `${PAGE_SIZE}`, ...(query as object) });
        const page = await session.json<Page<VisitorMessage>>("GET", `${messages}?${parts}`);
        return { ...page, messages: page.messages.map(toMessage) };
      } catch (error) {
        if (toProblem(error).status === 404) missing();
        throw error;
      }
    },
    post: async ({ client_msg_id, text }) =>
      toMessage(await session.json("POST", messages, { client_msg_id, text })),
    failure: toProblem,
    store: storage.outbox,
  };
}
