// A room channel's environment in the browser.
import { now, setClock } from "../ui/clock";
import { rooms, toProblem } from "./api";
import type { RoomEnvironment } from "./channel";
import type { Page } from "./contract";
import { outboxStore } from "./storage";

const MAX_CLOCK_SKEW_MS = 5_000;

export function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** `first`: the latest page, when it has been requested already. */
export function roomEnvironment(
  code: string,
  userId: string,
  first: Promise<Page> | null,
): RoomEnvironment {
  let prefetched = first;
  return {
    now,
    setClock(at) {
      // A wrong device clock would renew too late and show wrong countdowns.
      if (Math.abs(at - now()) > MAX_CLOCK_SKEW_MS) setClock(at);
    },
    random: Math.random,
    later,
    ticket: () => rooms.ticket(code),
    socket(url, { opened, received, closed }) {
      const socket = new WebSocket(url);
      socket.onopen = opened;
      socket.onmessage = ({ data }) => {
        if (typeof data === "string") received(data);
      };
      socket.onclose = closed;
      return {
        send: (text) => socket.send(text),
        close() {
          socket.onopen = socket.onmessage = socket.onclose = null;
          socket.close();
        },
      };
    },
    page(query) {
      const page = Object.keys(query).length === 0 ? prefetched : null;
      if (page) prefetched = null;
      return page ?? rooms.page(code, query);
    },
    post: (message) => rooms.post(code, message),
    failure: toProblem,
    store: outboxStore(code, userId),
  };
}
