// Links within the page: its state is in the hash, as in `#carousel=01m7ym61&slide=3`.
import { hashWith } from "../ui/hash";

export type View = "pipeline" | "figures" | "events";

type State = Record<string, string | null>;

/** What one view has and the next one must not. */
const none: State = {
  carousel: null,
  slide: null,
  view: null,
  type: null,
  correlation: null,
  from: null,
  to: null,
};

export function carouselState(id: string): State {
  return { ...none, carousel: id };
}

export function viewLink(view: View): string {
  return hashWith({ ...none, view: view === "pipeline" ? null : view });
}

export function carouselLink(id: string): string {
  return hashWith(carouselState(id));
}

export function slideLink(id: string, number: number): string {
  return hashWith({ ...carouselState(id), slide: String(number) });
}

export function eventsLink(filter: { correlation: string } | { type: string }): string {
  return hashWith({ ...none, view: "events", ...filter });
}
