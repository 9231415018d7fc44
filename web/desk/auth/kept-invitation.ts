// The token of an invitation, kept while its reader signs in or signs up.
import { readStored, store } from "../storage";

/** As long as an invitation is open. */
const KEPT_MS = 7 * 86_400_000;

export function keptInvitation(): string | null {
  const kept = readStored<{ token: string; at: number }>("invitation");
  return kept && Date.now() - kept.at < KEPT_MS ? kept.token : null;
}

export function keepInvitation(token: string | null): void {
  store("invitation", token === null ? null : { token, at: Date.now() });
}
