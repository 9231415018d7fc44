// The loader on the customer's page, at the other end of a message channel.
import type { Embed, FromFrame, Greeting, ToFrame } from "../wire";

const EMBED_TIMEOUT_MS = 20_000;

export function createHost(
  greeted: (greeting: Greeting) => void,
  received: (message: ToFrame) => void,
) {
  let port: MessagePort | undefined;
  let waiting: ((embed: Embed) => void)[] = [];

  const send = (message: FromFrame) => port?.postMessage(message);

  addEventListener("message", ({ source, data, ports }) => {
    if (source !== parent || data?.confab !== "desk") return;
    port = ports[0] as MessagePort;
    port.onmessage = ({ data: message }) => {
      received(message);
      if (message.type !== "embed") return;
      for (const resolve of waiting) resolve(message);
      waiting = [];
    };
    send({ type: "hello" });
    greeted(data);
  });

  return {
    send,
    /** Asks for an embed token. */
    embed: () =>
      new Promise<Embed>((resolve) => {
        waiting.push(resolve);
        setTimeout(resolve, EMBED_TIMEOUT_MS, { code: "unreachable" });
        send({ type: "embed" });
      }),
  };
}
