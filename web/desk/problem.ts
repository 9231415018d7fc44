// A failed call, with a message for people and what is wrong with each field.
import type { Failure } from "../live/types";

export interface FieldError {
  /** A path such as `prechat[2].label`. */
  field: string;
  code: string;
  message: string;
}

export const NO_RESPONSE = "Desk does not answer. Check your connection and try again.";

export class Problem extends Error implements Failure {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterMs: number | null = null,
    readonly errors: FieldError[] = [],
  ) {
    super(message);
  }

  /** No answer arrived, so a retry may succeed. */
  get isUnreachable(): boolean {
    return this.status === 0;
  }

  get isStale(): boolean {
    return this.code === "changed_meanwhile";
  }
}

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(500, "unknown", error instanceof Error ? error.message : String(error));
}

interface ProblemDocument {
  title?: string;
  code?: string;
  errors?: FieldError[];
}

/** Reads a problem document (RFC 9457). A body of another kind comes from a proxy and is not for people. */
export function problemOf(status: number, text: string, retryAfter: string | null): Problem {
  let document: ProblemDocument | null = null;
  try {
    document = JSON.parse(text) as ProblemDocument | null;
  } catch {
    // Not JSON.
  }
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  const words =
    status >= 500
      ? "Something went wrong on our side. Try again in a moment."
      : "Something went wrong. Reload the page and try again.";
  const errors = Array.isArray(document?.errors) ? document.errors : [];
  return new Problem(
    status,
    document?.code ?? "unknown",
    document?.title ?? words,
    Number.isFinite(seconds) ? seconds * 1000 : null,
    errors,
  );
}
