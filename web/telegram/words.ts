// People, chats and messages in words.
import type { Chat, Message, Person, Sign, User } from "../api/telegram";
import { plural } from "../ui/format";

export const languages: [code: string, name: string][] = [
  ["en", "English"],
  ["ru", "Русский"],
  ["he", "עברית"],
  ["ar", "العربية"],
  ["hi", "हिन्दी"],
];

const actions: Record<string, string> = {
  typing: "typing…",
  upload_photo: "sending a photo…",
  upload_document: "sending a file…",
  upload_video: "sending a video…",
  upload_voice: "sending a voice message…",
  upload_video_note: "sending a video message…",
  record_video: "recording a video…",
  record_voice: "recording a voice message…",
  record_video_note: "recording a video message…",
  choose_sticker: "choosing a sticker…",
  find_location: "looking for a place…",
};

export function fullName({ first_name, last_name }: User): string {
  return last_name ? `${first_name} ${last_name}` : first_name;
}

export function languageName(code: string | undefined): string {
  if (!code) return "no language";
  return languages.find(([known]) => known === code)?.[1] ?? code;
}

export function signText(sign: Sign): string {
  return "draft" in sign ? "typing…" : (actions[sign.action] ?? `${sign.action}…`);
}

export function chatName(chat: Chat, people: Person[]): string {
  if (chat.type !== "private") return chat.title || "Group";
  const person = people.find(({ id }) => id === chat.id);
  return person ? fullName(person) : `Person ${chat.id}`;
}

export function chatAbout(chat: Chat, people: Person[]): string {
  if (chat.type !== "private") return `${chat.type}, ${plural(chat.members.length, "member")}`;
  const person = people.find(({ id }) => id === chat.id);
  const username = person?.username ? `@${person.username}, ` : "";
  return `${username}${languageName(person?.language_code)}`;
}

/** A message in one line of plain text. */
export function summary(message: Message): string {
  const { text, caption, photo, document } = message;
  if (text) return text;
  if (photo) return caption ? `Photo: ${caption}` : "Photo";
  if (document) return caption ? `${document.file_name}: ${caption}` : document.file_name;
  return serviceText(message) || "Unsupported message";
}

/** What a service message tells, or an empty text for an ordinary message. */
export function serviceText({ from, ...message }: Message): string {
  const name = (user: User) => isolated(fullName(user));
  if (message.new_chat_members)
    return `${name(from)} added ${message.new_chat_members.map(name).join(", ")}`;
  if (message.migrate_to_chat_id) return "The group became a supergroup";
  if (message.migrate_from_chat_id) return "This supergroup was a group before";
  return "";
}

/** Keeps the direction of a name to itself. */
function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}
