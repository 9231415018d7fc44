// Saves a transcript as a file.
import type { Head } from "../contract";
import { visitorName } from "../words";

const types = { txt: "text/plain", html: "text/html" };

export function saveTranscript(text: string, head: Head, format: "txt" | "html"): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${types[format]};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${visitorName(head.visitor)} ${head.started_at.slice(0, 10)}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
