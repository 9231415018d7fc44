// Settings of the simulated WhatsApp providers: webhook delivery with optional faults.
import type { SettingGroup } from "../messenger/settings";

export const settingGroups: SettingGroup[] = [
  {
    title: "",
    fields: [
      {
        kind: "slider",
        name: "copies",
        label: "Copies of each webhook",
        hint: "Providers deliver at least once.",
        min: 1,
        max: 5,
      },
      {
        kind: "number",
        name: "delay_ms",
        label: "Delay in milliseconds",
        min: 0,
        max: 60_000,
        step: 50,
      },
      {
        kind: "switch",
        name: "reorder",
        label: "Deliver out of order",
        hint: "Later messages may arrive before earlier ones.",
      },
      {
        kind: "switch",
        name: "signature",
        label: "Use invalid signatures",
        hint: "The product must answer 401 and do nothing.",
        values: ["good", "bad"],
      },
      {
        kind: "switch",
        name: "statuses",
        label: "Send statuses",
        hint: "Sent, delivered and read receipts for what the bot sends.",
      },
    ],
  },
];
