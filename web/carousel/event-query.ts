// The filters of the event history: in the page's address as local times, for the API as instants.

/** Types that the filter offers. */
export const eventTypes = [
  "ai.analysis.completed",
  "ai.content.requested",
  "alert.triggered",
  "carousel.cancelled",
  "carousel.completed",
  "carousel.content.analyzed",
  "carousel.delivered",
  "carousel.edited",
  "carousel.failed",
  "carousel.generate.requested",
  "carousel.images.rendered",
  "carousel.slides.generated",
  "health.checked",
  "metrics.collected",
  "system.error.occurred",
  "telegram.call.failed",
  "user.interaction.tracked",
  "user.message.received",
];

export interface Filters {
  type: string;
  correlation: string;
  /** As `datetime-local` fields have them: `2026-11-30T09:15`. */
  from: string;
  to: string;
}

export function filtersOf(link: URLSearchParams): Filters {
  const of = (name: string) => link.get(name) ?? "";
  return { type: of("type"), correlation: of("correlation"), from: of("from"), to: of("to") };
}

export function queryOf(
  { type, correlation, from, to }: Filters,
  after: string | null,
  limit: number,
): Record<string, string | undefined> {
  return {
    type: type || undefined,
    correlationId: correlation || undefined,
    from: instantOf(from),
    to: instantOf(to),
    after: after ?? undefined,
    limit: String(limit),
  };
}

/** An unreadable time filters nothing. */
function instantOf(local: string): string | undefined {
  const at = Date.parse(local);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

export function isFiltered(filters: Filters): boolean {
  return Object.values(filters).some((value) => value !== "");
}
