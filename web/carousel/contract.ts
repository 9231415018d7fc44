// Types of the carousel's operator API. Times are ISO 8601, amounts micro-dollars.

export const states = [
  "requested",
  "rendering",
  "delivering",
  "delivered",
  "failed",
  "cancelled",
] as const;
export type State = (typeof states)[number];

export const origins = ["message", "page", "series", "test"] as const;
export type Origin = (typeof origins)[number];

export const templates = ["essay", "night", "swiss", "verse", "bento", "bold"] as const;
export type Template = (typeof templates)[number];

export const formats = ["portrait", "square", "story"] as const;
export type Format = (typeof formats)[number];

export type Failure = "refused" | "writing" | "rendering" | "delivery" | "unconfirmed";

export interface Card {
  id: string;
  state: State;
  origin: Origin;
  language: string;
  template: Template;
  format: Format;
  /** Null until it is written. */
  title: string | null;
  revision: number;
  slides: { done: number; total: number };
  requestedAt: string;
  changedAt: string;
  failure: Failure | null;
  /** Written without a model. */
  isComposed: boolean;
  costMicros: number;
  correlationId: string;
}

export interface Cards {
  carousels: Card[];
  next: string | null;
}

export interface Slide {
  number: number;
  type: "title" | "principle" | "quote" | "concept" | "summary";
  kicker: string;
  title: string;
  body: string;
  verse: { source: string; text: string } | null;
  alt: string;
  isDrawn: boolean;
  /** Signed links; null until the slide is drawn. */
  jpg: string | null;
  png: string | null;
}

export interface CostRow {
  kind: string;
  units: number;
  microsPerBillion: number;
  priceDay: string;
  micros: number;
}

export interface Detail extends Card {
  chat: string | number;
  owner: string | number;
  source: { kind: "topic" | "text" | "wisdom"; text: string | null };
  caption: string | null;
  hashtags: string[];
  pages: Slide[];
  /** A signed link; null until the PDF is drawn. */
  pdf: string | null;
  cost: CostRow[];
  look: {
    template: Template;
    format: Format;
    brand: { name?: string; handle?: string; color?: string } | null;
  };
  timing: {
    requestedAt: string;
    drawingAt: string | null;
    firstSlideAt: string | null;
    renderedAt: string | null;
  };
}

/** A carousel that waits in the queue. */
export type Waiting = Pick<Card, "id" | "state" | "revision" | "requestedAt" | "correlationId">;

export interface NewCarousel {
  topic?: string;
  text?: string;
  wisdom?: boolean;
  slidesCount?: number;
  language?: string;
  template?: Template;
  format?: Format;
}

export interface CarouselEvent {
  id: string;
  type: string;
  timestamp: string;
  source: string;
  version: string | number;
  data: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  correlationId: string;
  causationId: string;
}

export interface Events {
  events: CarouselEvent[];
  next: string | null;
}

export const stages = ["write", "first_slide", "slides", "delivery", "total"] as const;
export type Stage = (typeof stages)[number];

export interface StageHour {
  hour: string;
  stage: Stage;
  count: number;
  p50Millis: number;
  p95Millis: number;
  p99Millis: number;
}

export interface Alert {
  rule: string;
  severity: string;
  since: string;
  resolvedAt: string | null;
  value: number;
  limit: number;
}

export interface Stats {
  eventBus: {
    isRunning: boolean;
    totalSubscriptions: number;
    totalEventsProcessed: number;
    eventCountsByType: Record<string, number>;
  };
  counters: Record<string, number>;
  stages: StageHour[];
  funnel: { step: string; people: number }[];
  alerts: Alert[];
}

/** Limits of the texts of a request and of a slide, in graphemes. */
export const MAX_TOPIC = 200;
export const MAX_SOURCE = 4096;
export const MAX_TITLE = 70;
export const MAX_BODY = 220;
export const MAX_SLIDES = 15;
