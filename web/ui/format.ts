// Numbers and times for people: always with a unit, never longer than needed.

const whole = new Intl.NumberFormat("en");
const decimal = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export function count(value: number): string {
  return Number.isInteger(value) ? whole.format(value) : decimal.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  return span(ms);
}

const steps: [string, number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
];

export function span(ms: number): string {
  const index = steps.findIndex(([, size]) => ms >= size);
  const [unit, size] = steps[index] ?? ["s", 1000];
  const big = Math.floor(ms / size);
  const next = steps[index + 1];
  // Seconds beside minutes would make a calm display tick.
  if (!next || big >= 10 || unit === "min") return `${big} ${unit}`;
  const small = Math.floor((ms - big * size) / next[1]);
  return small === 0 ? `${big} ${unit}` : `${big} ${unit} ${small} ${next[0]}`;
}

export function relative(at: number, now: number): string {
  const away = at - now;
  if (Math.abs(away) < 1000) return "now";
  return away < 0 ? `${span(-away)} ago` : `in ${span(away)}`;
}

const two = (value: number) => String(value).padStart(2, "0");

export function timeOfDay(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function hourMinute(at: number): string {
  return timeOfDay(at).slice(0, 5);
}

export function preciseTime(at: number): string {
  return `${timeOfDay(at)}.${String(new Date(at).getMilliseconds()).padStart(3, "0")}`;
}

const dayFormat = new Intl.DateTimeFormat("en", {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
});

export function date(at: number): string {
  return dayFormat.format(at);
}

export function exact(at: number): string {
  return `${date(at)}, ${preciseTime(at)}`;
}

export function dayName(at: number, now: number): string {
  const midnight = (value: number) => new Date(value).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days > 1 && days < 7) return new Intl.DateTimeFormat("en", { weekday: "long" }).format(at);
  return date(at);
}

/** The time of today, or the day, for lists. */
export function shortTime(at: number, now: number): string {
  const day = dayName(at, now);
  return day === "Today" ? hourMinute(at) : day.replace(/, \d{4}$/, "");
}

const sizes = ["bytes", "kB", "MB", "GB"];

export function byteSize(bytes: number): string {
  const power = Math.min(sizes.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${decimal.format(bytes / 1000 ** power)} ${sizes[power]}`;
}
