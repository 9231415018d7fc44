// Events of a conversation in words.
import { date, hourMinute } from "../../ui/format";
import type { Author, ConversationEvent } from "../contract";
import { endWords, handoffWords, type Names } from "../words";

export function authorName(author: Author, visitor: string): string {
  switch (author.kind) {
    case "visitor":
      return author.name ?? visitor;
    case "system":
      return "Desk";
    default:
      return author.name;
  }
}

export function eventWords(
  event: ConversationEvent,
  author: Author,
  visitor: string,
  names: Names,
): string {
  const who = authorName(author, visitor);
  switch (event.type) {
    case "started":
      return "The conversation began";
    case "assigned":
      return assignedWords(event.assignee, author, who, names);
    case "handed_off": {
      const team = event.team ? ` to ${names.team(event.team)}` : "";
      return event.to === "bot"
        ? `${who} gave it back to the bot`
        : `Handed over${team}: ${handoffWords[event.reason]}`;
    }
    case "took_over":
      return `${who} took over from the bot`;
    case "snoozed": {
      const until = Date.parse(event.until);
      return `${who} snoozed it until ${date(until)}, ${hourMinute(until)}`;
    }
    case "reopened":
      return author.kind === "system" ? "The snooze is over" : `${who} reopened it`;
    case "ended":
      return event.reason === "left"
        ? `${who} left`
        : `${author.kind === "system" ? "It ended" : `${who} ended it`}: ${endWords[event.reason].toLowerCase()}`;
    case "csat":
      return `Rated ${event.score} of 5`;
    case "rule":
      return `Rule “${event.rule}” applied`;
  }
}

function assignedWords(assignee: string | null, author: Author, who: string, names: Names): string {
  if (assignee === null) return `${who} unassigned it`;
  if (author.kind === "agent" && author.id === assignee) return `${who} took it`;
  return `${author.kind === "system" ? "Assigned" : `${who} assigned it`} to ${names.person(assignee)}`;
}
