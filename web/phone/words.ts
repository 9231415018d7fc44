// A message in one line of plain text, for previews, quotes and screen readers.
import type { Content } from "../api/phone";
import { plain } from "./rich";

export function summary(content: Content): string {
  switch (content.type) {
    case "text":
      return plain(content.text);
    case "image":
      return content.caption ? `Photo: ${content.caption}` : "Photo";
    case "buttons":
    case "list":
    case "link":
      return plain(content.body);
    case "template":
      return `Template ${content.name}`;
    case "button_reply":
    case "list_reply":
      return content.title;
    case "unknown":
      return "Unsupported message";
  }
}
