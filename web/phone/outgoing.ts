// Outgoing messages: the call's body, and the content that is shown until it is sent.
import type { ButtonsContent, Content, ListRow } from "../api/phone";
import type { Attachment } from "../messenger/attachment";
import type { Draft } from "./store";
import type { Item } from "./thread";

type Outgoing = [out: Draft["out"], content: Content];

export function buttonReply(item: Item, button: ButtonsContent["buttons"][number]): Outgoing {
  const { id, title } = button;
  return [
    { type: "button_reply", id, title, reply_to: item.id },
    { type: "button_reply", id, title },
  ];
}

export function listReply(item: Item, { id, title, description }: ListRow): Outgoing {
  return [
    { type: "list_reply", id, title, description, reply_to: item.id },
    { type: "list_reply", id, title, description },
  ];
}

export function photoMessage({ data, mime, url }: Attachment, text: string): Outgoing {
  const caption = text === "" ? null : text;
  return [
    { type: "image", data, mime_type: mime, caption },
    { type: "image", media_id: "", url, caption },
  ];
}
