// Connection state in words.
import { html, type TemplateResult } from "lit";
import type { Connection } from "./stream";
import "./status";

export function connectionStatus(connection: Connection): TemplateResult {
  const tone = connection === "live" ? "good" : "warn";
  const words = { live: "Live", connecting: "Connecting", reconnecting: "Reconnecting" }[
    connection
  ];
  return html`<cf-status role="status" class="connection" tone=${tone}>${words}</cf-status>`;
}
