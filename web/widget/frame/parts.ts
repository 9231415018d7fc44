// Loads the parts of the frame that few visitors need.
import { html, nothing } from "lit/html.js";
import { adopt, app, askToEnd, send, storage, update } from "./app";
import type { createExtras } from "./extras";
import { icon } from "./icons";

let isLoading = false;
let loaded: ReturnType<typeof createExtras> | undefined;

/** Returns the parts, or nothing until they are loaded. */
export function extras() {
  if (!isLoading) {
    isLoading = true;
    import("./extras").then(
      ({ createExtras }) => {
        loaded = createExtras({ app, html, nothing, icon, adopt, storage, update, send, askToEnd });
        update();
      },
      () => {
        isLoading = false;
      },
    );
  }
  return loaded;
}
