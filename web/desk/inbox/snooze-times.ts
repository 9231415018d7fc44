// Times that a conversation is usually snoozed to, on the clock of the person.

export interface SnoozeTime {
  label: string;
  at: Date;
}

const MORNING_HOUR = 9;
const HOUR_MS = 3_600_000;

export function snoozeTimes(now: number): SnoozeTime[] {
  const morning = (days: number) => {
    const day = new Date(now);
    day.setDate(day.getDate() + days);
    day.setHours(MORNING_HOUR, 0, 0, 0);
    return day;
  };
  const weekday = new Date(now).getDay();
  const daysToMonday = (1 - weekday + 7) % 7 || 7;
  const times = [
    { label: "In an hour", at: new Date(now + HOUR_MS) },
    { label: "In 3 hours", at: new Date(now + 3 * HOUR_MS) },
    { label: "Tomorrow morning", at: morning(1) },
    { label: "Monday morning", at: morning(daysToMonday) },
    { label: "In a week", at: morning(7) },
  ];
  // On Sundays, tomorrow is Monday.
  return times.filter(
    ({ at }, index) => times.findIndex((other) => other.at.getTime() === at.getTime()) === index,
  );
}
