// Calls to the API, which has the frame's origin. Every failure is a Problem.
import type { Failure } from "../../live/types";

const TIMEOUT_MS = 15_000;

export class Problem extends Error implements Failure {
  readonly code: string;

  constructor(
    readonly status: number,
    code?: string,
    readonly retryAfterMs: number | null = null,
  ) {
    super(code || "refused");
    this.code = this.message;
  }
}

export function toProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, "unreachable");
}

/** Whether the same request may succeed later. */
export function isTransient({ status }: Failure): boolean {
  return status === 0 || status === 429 || status >= 500;
}

export async function request(
  method: string,
  path: string,
  body?: object,
  token?: string,
): Promise<Response> {
  const answer = await fetch(path, {
    method,
    headers: {
      ...(body && { "content-type": "application/json" }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: body ? JSON.stringify(body) : null,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (answer.ok) return answer;
  const { code } = await answer.json().catch(() => ({}));
  const seconds = answer.headers.get("retry-after");
  throw new Problem(answer.status, code, seconds ? Number(seconds) * 1_000 : null);
}
