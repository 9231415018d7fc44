// Runs an action on local and reports the outcome.
import { call, explain } from "./call";
import { toast } from "./toast";

export async function runAction<T>(
  method: "POST" | "DELETE",
  path: string,
  body: unknown,
  done: (answer: T) => string,
): Promise<T | undefined> {
  try {
    const answer = await call<T>(method, path, body);
    toast(done(answer));
    return answer;
  } catch (error) {
    toast(explain(error), true);
    return undefined;
  }
}

export function pathOf(...parts: string[]): string {
  return `/api/${parts.map(encodeURIComponent).join("/")}`;
}
