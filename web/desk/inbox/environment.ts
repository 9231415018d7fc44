// Clock, timers and sockets of the browser, for the live parts.
import type { Socket, SocketEvents } from "../../live/types";
import { setClock } from "../../ui/clock";

const MAX_CLOCK_SKEW_MS = 5_000;

export { now } from "../../ui/clock";

export function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** A wrong device clock would renew too late and show wrong times. */
export function correctClock(at: number): void {
  if (Math.abs(at - Date.now()) > MAX_CLOCK_SKEW_MS) setClock(at);
}

export function openSocket(url: string, { opened, received, closed }: SocketEvents): Socket {
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
}
