// Loading a picture that is still being drawn: its link answers once it is there.

/** Waits between attempts: ten seconds in all. */
const RETRY_DELAYS_MS = [300, 600, 1_200, 2_400, 4_800];

/** Returns whether the picture was loaded. Ends early when it is no longer wanted. */
export async function loadWhenDrawn(
  load: () => Promise<unknown>,
  isWanted: () => boolean,
  wait: (ms: number) => Promise<void>,
): Promise<boolean> {
  for (const delay of [0, ...RETRY_DELAYS_MS]) {
    if (delay > 0) await wait(delay);
    if (!isWanted()) return false;
    try {
      await load();
      return true;
    } catch {
      // Not drawn yet.
    }
  }
  return false;
}
