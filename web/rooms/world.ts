// The browser, as a room's connection sees it.

import { now, setClock } from "../ui/clock";
import { problemOf, rooms } from "./api";
import type { Page } from "./contract";
import { shelfOf } from "./kept";
import type { World } from "./live";

const clockIsWrong = 5_000;

export function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** `first`: the latest page, when it has been asked for already. */
export function worldOf(code: string, me: string, first: Promise<Page> | null): World {
  let ready = first;
  return {
    now,
    isNow(at) {
      // A device whose clock is wrong would renew too late, and count a pin's time wrongly.
      if (Math.abs(at - now()) > clockIsWrong) setClock(at);
    },
    random: Math.random,
    later,
    ticket: () => rooms.ticket(code),
    socket(url, { opened, told, closed }) {
      const socket = new WebSocket(url);
      socket.onopen = opened;
      socket.onmessage = ({ data }) => {
        if (typeof data === "string") told(data);
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
      const page = Object.keys(query).length === 0 ? ready : null;
      if (page) ready = null;
      return page ?? rooms.page(code, query);
    },
    post: (message) => rooms.post(code, message),
    failure: problemOf,
    shelf: shelfOf(code, me),
  };
}
