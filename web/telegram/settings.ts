// Settings of the simulated Telegram: how updates are delivered, limits, and faults by chance.
import type { SettingField, SettingGroup } from "../messenger/settings";

const HOUR_MS = 3_600_000;

function percent(name: string, label: string, hint = ""): SettingField {
  return { kind: "number", name, label, hint, min: 0, max: 100 };
}

export const settingGroups: SettingGroup[] = [
  {
    title: "Updates",
    fields: [
      {
        kind: "number",
        name: "delay_ms",
        label: "Delay in milliseconds",
        min: 0,
        max: HOUR_MS,
      },
      {
        kind: "number",
        name: "shuffle_ms",
        label: "Random delay, at most, in milliseconds",
        hint: "Updates of one queue keep their order; a tap may overtake a message.",
        min: 0,
        max: HOUR_MS,
      },
      percent("copy_percent", "Updates that are sent twice, in percent"),
      {
        kind: "switch",
        name: "signature",
        label: "Send a wrong secret",
        hint: "The bot must answer 401 and do nothing.",
        values: ["good", "bad"],
      },
      {
        kind: "switch",
        name: "privacy",
        label: "Privacy mode",
        hint: "In groups the bot sees commands, replies to it and mentions only.",
      },
    ],
  },
  {
    title: "Limits",
    fields: [
      {
        kind: "switch",
        name: "flood",
        label: "Limit messages",
        hint: "One a second in a private chat, 20 a minute in a group, 30 a second overall.",
      },
      {
        kind: "number",
        name: "chat_burst",
        label: "Messages that a private chat takes at once",
        min: 1,
        max: 1000,
      },
    ],
  },
  {
    title: "Faults by chance",
    fields: [
      {
        kind: "number",
        name: "seed",
        label: "Seed",
        hint: "Empty: a different sequence each time.",
        min: 0,
        max: Number.MAX_SAFE_INTEGER,
        optional: true,
      },
      percent("too_many_percent", "Calls refused with 429, in percent"),
      {
        kind: "number",
        name: "retry_after",
        label: "Seconds until the retry of these",
        min: 1,
        max: 3600,
      },
      percent("error_percent", "Calls refused with 500, in percent"),
      percent("blocked_percent", "New messages refused with 403, in percent"),
      percent(
        "lost_percent",
        "Calls whose answer is lost, in percent",
        "They are carried out, and the connection is closed.",
      ),
      percent("half_album_percent", "Albums that fail after their first item, in percent"),
      percent("slow_percent", "Slow calls, in percent"),
      {
        kind: "number",
        name: "slow_ms",
        label: "Duration of slow calls in milliseconds",
        min: 0,
        max: 120_000,
      },
    ],
  },
];
