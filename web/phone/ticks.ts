// Delivery status as labelled ticks.
import { html, type TemplateResult } from "lit";
import type { Status } from "../api/phone";
import { type IconName, icon } from "../ui/icons";

const looks: Record<Status, [IconName, string]> = {
  sending: ["clock", "Sending"],
  sent: ["tick", "Sent"],
  delivered: ["ticks", "Delivered"],
  read: ["ticks", "Read"],
  failed: ["failed", "Failed"],
};

export function ticks(status: Status): TemplateResult {
  const [shape, name] = looks[status];
  return html`<span class="ticks ${status}" role="img" aria-label=${name} title=${name}>${icon(shape)}</span>`;
}
