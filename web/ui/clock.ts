// The pages' clock: local's, which can be ahead of the laptop's. One tick a second updates relative
// times.

let offset = 0;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

export function setClock(serverNow: number): void {
  offset = serverNow - Date.now();
  for (const tell of listeners) tell();
}

export function now(): number {
  return Date.now() + offset;
}

export function onTick(tell: () => void): () => void {
  listeners.add(tell);
  timer ??= setInterval(() => {
    if (!document.hidden) for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(tell);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}
