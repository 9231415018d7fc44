// Days of the ledger. They begin at midnight UTC, whatever the local time zone.
import { now } from "../ui/clock";

const DAY_MS = 86_400_000;
const words = new Intl.DateTimeFormat("en", {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});

export function today(): string {
  return dayOf(now());
}

export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

export function addDays(day: string, days: number): string {
  return dayOf(Date.parse(day) + days * DAY_MS);
}

export function formatDay(day: string): string {
  return words.format(Date.parse(day));
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
