// A person's channel in words.
import type { Person } from "../api/phone";

export function channelLabel({ channel, phone, user_id }: Person): string {
  const via = channel === "meta" ? "WhatsApp by Meta" : "WhatsApp by Twilio";
  return `${via} · ${phone ? `+${phone}` : `number hidden${user_id ? `, ${user_id}` : ""}`}`;
}
