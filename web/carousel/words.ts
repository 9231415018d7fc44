// Labels of states, origins, stages, costs and alerts. Names that this page does not know are shown as words.
import type { Tone } from "../ui/status";
import type { Failure, Format, Origin, Slide, Stage, State, Template } from "./contract";

export const stateWords: Record<State, [words: string, tone: Tone]> = {
  requested: ["Requested", "quiet"],
  rendering: ["Drawing", "warn"],
  delivering: ["Delivering", "warn"],
  delivered: ["Delivered", "good"],
  failed: ["Failed", "bad"],
  cancelled: ["Cancelled", "quiet"],
};

export const originWords: Record<Origin, string> = {
  message: "Telegram",
  page: "this page",
  series: "series",
  test: "test",
};

export const templateWords: Record<Template, string> = {
  essay: "Essay",
  night: "Night",
  swiss: "Swiss",
  verse: "Verse",
  bento: "Bento",
  bold: "Bold",
};

export const formatWords: Record<Format, string> = {
  portrait: "Portrait, 1080 × 1350",
  square: "Square, 1080 × 1080",
  story: "Story, 1080 × 1920",
};

export const slideWords: Record<Slide["type"], string> = {
  title: "Cover",
  principle: "Principle",
  quote: "Quote",
  concept: "Concept",
  summary: "Summary",
};

export const stageWords: Record<Stage, string> = {
  write: "Writing",
  first_slide: "First slide",
  slides: "All slides",
  delivery: "Delivery",
  total: "Total",
};

const failures: Record<Failure, { what: string; todo: string }> = {
  refused: {
    what: "The topic was refused",
    todo: "We do not write about it. The person was told, and nothing was charged.",
  },
  writing: {
    what: "The texts could not be written",
    todo: "The model and the composer both failed. Read the log of carousel-write, then start it again.",
  },
  rendering: {
    what: "Slides could not be drawn",
    todo: "Three attempts failed. Read the log of carousel-render, then start it again.",
  },
  delivery: {
    what: "Telegram refused the slides",
    todo: "The timeline below names the refused call. The slides are drawn and can be downloaded here.",
  },
  unconfirmed: {
    what: "It is unknown whether the slides arrived",
    todo: "Telegram's answer was lost and the person never confirmed. The slides are drawn and can be downloaded here.",
  },
};

/** A reason that a newer API sends is shown by its name. */
export function failureText(failure: string): { what: string; todo: string } {
  const known = failures[failure as Failure];
  return known ?? { what: asWords(failure), todo: "Follow the timeline below." };
}

const costs: Record<string, string> = {
  input_tokens: "Input tokens",
  cached_tokens: "Cached input tokens",
  output_tokens: "Output tokens",
  render_megabyte_millis: "Rendering, MB × ms",
  object_puts: "Files stored",
  telegram_calls: "Telegram calls",
};

export function costWords(kind: string): string {
  return costs[kind] ?? asWords(kind);
}

/** `budgetStops`, `budget_stops` and `budget.stops` are "Budget stops". */
export function asWords(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/[._-]+/g, " ")
    .toLowerCase()
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Languages that slides are written in. */
export const languages = [
  "en",
  "ru",
  "he",
  "hi",
  "ar",
  "de",
  "el",
  "es",
  "fa",
  "fr",
  "it",
  "pt",
  "sa",
  "uk",
  "ur",
  "zh",
] as const;

const languageNames = new Intl.DisplayNames("en", { type: "language" });

export function languageName(code: string): string {
  try {
    return languageNames.of(code) ?? code;
  } catch {
    return code;
  }
}

export function directionOfLanguage(code: string): "rtl" | "ltr" {
  return ["he", "ar", "fa", "ur"].includes(code) ? "rtl" : "ltr";
}
