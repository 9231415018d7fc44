// The line above the composer: who else is writing, and what a reply would do.
import type { Head } from "../contract";
import type { Desk } from "../desk";
import { visitorName } from "../words";
import type { ConversationChannel } from "./channel";

export function typingWords(head: Head, channel: ConversationChannel): string {
  const names = [...channel.typing.values()].map((author) => {
    if (author.kind === "visitor") return visitorName(head.visitor);
    return "name" in author ? author.name : "A colleague";
  });
  if (names.length === 0) return "";
  if (names.length > 2) return `${names.length} people are writing`;
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} writing`;
}

export function composerHint(
  head: Head,
  channel: ConversationChannel,
  desk: Desk,
  isNote: boolean,
): string {
  const typing = typingWords(head, channel);
  if (typing) return typing;
  if (isNote) return "";
  if (head.visitor.is_blocked) return "This visitor is blocked and cannot write.";
  if (head.status === "closed") return "This conversation has ended. A reply reopens it.";
  if (head.status === "bot") return "The bot is answering. A reply takes over.";
  if (head.assignee && head.assignee !== desk.me.id)
    return `${desk.workspace.person(head.assignee)} has this conversation.`;
  if (head.status === "open" && !head.assignee) return "A reply assigns this conversation to you.";
  return "";
}
