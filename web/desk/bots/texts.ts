// Texts that a bot says, which an admin may replace in each language.
import type { WidgetTexts } from "../contract";

export type TextName = keyof WidgetTexts;

export interface BotText {
  name: TextName;
  label: string;
  /** The built-in text. */
  builtIn: string;
}

export const botTexts: readonly BotText[] = [
  { name: "title", label: "Title", builtIn: "Chat with us" },
  { name: "greeting", label: "Greeting", builtIn: "Hi! How can we help?" },
  { name: "prechat", label: "Above the form", builtIn: "Please fill in this short form first." },
  {
    name: "unknown",
    label: "No answer",
    builtIn: "I don't have an answer to that. Could you put it another way?",
  },
  {
    name: "handoff",
    label: "Hand-off",
    builtIn: "I'm passing you to a colleague. They'll reply here.",
  },
  {
    name: "away",
    label: "Outside business hours",
    builtIn: "We're away right now. We'll reply as soon as we're back.",
  },
  {
    name: "ask_address",
    label: "Asking for an address",
    builtIn: "What email address can we reply to?",
  },
  {
    name: "address_saved",
    label: "Address saved",
    builtIn: "Thanks! We'll reply to {email}.",
  },
];

export function textOf(name: TextName, texts: WidgetTexts | undefined): string {
  return texts?.[name] || (botTexts.find((text) => text.name === name)?.builtIn ?? "");
}
