// What a bot's latest keyboard asks of a person: a reply keyboard, or a forced reply.
import type { Message, ReplyMarkup } from "../api/telegram";

export interface Asked {
  message: Message;
  markup: ReplyMarkup;
}

/** Returns the keyboard in force for a person; in groups a selective one is for those it answers. */
export function activeMarkup(messages: Message[], person: number): Asked | null {
  for (const message of messages.toReversed()) {
    const markup = message.keyboard;
    const isForOthers = markup?.selective && message.reply_to_message?.from.id !== person;
    if (!markup || (isForOthers && isGroup(message))) continue;
    const isUsed = messages.some(
      ({ message_id, from }) => message_id > message.message_id && from.id === person,
    );
    if (isUsed && (markup.force_reply || markup.one_time_keyboard)) return null;
    return { message, markup };
  }
  return null;
}

export function keyTexts({ keyboard = [] }: ReplyMarkup): string[][] {
  return keyboard.map((row) => row.map((key) => (typeof key === "string" ? key : key.text)));
}

function isGroup(message: Message): boolean {
  return message.chat.id < 0;
}
