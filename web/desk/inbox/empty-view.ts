// What an empty view says, and what to do next.
import { html, nothing, type TemplateResult } from "lit";
import type { Desk } from "../desk";
import { linkTo } from "../places";
import type { ViewName } from "./inbox";

const texts: Record<ViewName, [heading: string, text: string]> = {
  mine: ["Nothing is waiting for you", "Conversations that are assigned to you are here."],
  unassigned: ["All taken", "New conversations that need a person arrive here."],
  all: ["No open conversations", "Every conversation that a person answers is here."],
  mentions: ["No mentions", "Notes that mention you with @ bring a conversation here."],
  bot: [
    "The bot is idle",
    "Conversations that the bot answers are here. You can take over any of them.",
  ],
  snoozed: [
    "Nothing is snoozed",
    "Snooze a conversation with S, and it comes back when you want it.",
  ],
  closed: ["Nothing has ended yet", "Conversations that have ended are kept here."],
};

export function emptyView(view: ViewName, desk: Desk): TemplateResult {
  const [heading, text] = texts[view] ?? ["Nothing here", ""];
  return html`<cf-empty heading=${heading}>${text}
    ${desk.workspace.isNew && desk.may("writeBots") ? html`<br /><a href=${linkTo("start")}>Put the chat on your site</a> to receive the first one.` : nothing}
  </cf-empty>`;
}
