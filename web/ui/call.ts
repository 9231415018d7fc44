// Calls to the control API. Every failure is a CallError with a message for people.

export class CallError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  /** No answer arrived, so a retry may succeed. */
  get unreachable(): boolean {
    return this.status === 0;
  }
}

export async function call<T>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
): Promise<T> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.headers = { "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, init);
    text = await response.text();
  } catch {
    throw new CallError(0, "unreachable", "local does not answer. Is it still running?");
  }
  let answer: unknown;
  try {
    answer = text === "" ? null : JSON.parse(text);
  } catch {
    throw new CallError(
      response.status,
      "not_json",
      `local answered ${response.status} with something that is not JSON.`,
    );
  }
  if (response.ok) return answer as T;
  const { error } = (answer ?? {}) as { error?: { code?: string; message?: string } };
  throw new CallError(
    response.status,
    error?.code ?? "unknown",
    error?.message ?? `local answered ${response.status}.`,
  );
}

export function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
