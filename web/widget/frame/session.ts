// The visitor's session. An embed token opens it, and the site's own token for visitors whom the site names.
import type { Embed } from "../wire";
import { Problem, request } from "./api";
import type { VisitorHead } from "./contract";
import type { Storage } from "./storage";

export type Session = ReturnType<typeof createSession>;

/** A token lives for 30 days; a session renews it. */
const RENEW_AFTER_MS = 86_400_000;
const SESSION = "session";

interface Visitor {
  token: string;
  at: number;
}

interface Opened {
  visitor_token: string;
  visitor: { id: string; is_verified: boolean };
  conversation?: VisitorHead;
}

export function createSession(
  storage: Storage,
  embed: () => Promise<Embed>,
  opened: (conversation: VisitorHead | undefined) => void,
) {
  let opening: Promise<Visitor> | null = null;
  /** The site's token, which names the visitor. */
  let identity: string | undefined;
  /** Not stored: after the site has signed a person out, another one may sit here. */
  let verified: Visitor | null = null;

  const visitor = () => (identity ? verified : storage.read<Visitor>(SESSION));

  function open(): Promise<Visitor> {
    opening ??= openNew().finally(() => {
      opening = null;
    });
    return opening;
  }

  async function openNew(): Promise<Visitor> {
    const { embed_token, code } = await embed();
    if (!embed_token) throw new Problem(code === "unreachable" ? 0 : 403, code);
    const body = { embed_token, visitor_token: visitor()?.token, identity_jwt: identity };
    const answer: Opened = await (await request("POST", "/widget/sessions", body)).json();
    const known = { token: answer.visitor_token, at: Date.now() };
    if (answer.visitor.is_verified) {
      verified = known;
      storage.enter(`${answer.visitor.id}.`);
    } else storage.write(SESSION, known);
    opened(answer.conversation);
    return known;
  }

  /** Opens a session, unless there is a fresh one. */
  async function ready(): Promise<Visitor> {
    const known = visitor();
    return opening || !known || Date.now() - known.at > RENEW_AFTER_MS ? open() : known;
  }

  /** Calls the API as the visitor. An expired session is opened again, once. */
  async function call(method: string, path: string, body?: object): Promise<Response> {
    const { token } = await ready();
    try {
      return await request(method, path, body, token);
    } catch (error) {
      if ((error as Problem).status !== 401) throw error;
      const renewed = visitor();
      return request(
        method,
        path,
        body,
        (renewed && renewed.token !== token ? renewed : await open()).token,
      );
    }
  }

  return {
    ready,
    call,
    isKnown: () => visitor() !== null,
    /** The site has named the visitor. */
    isNamed: () => identity !== undefined,
    json: async <T>(method: string, path: string, body?: object): Promise<T> =>
      (await call(method, path, body)).json(),
    /** Opens a session for the visitor whom the site names; null forgets the visitor. */
    async identify(jwt: string | null): Promise<void> {
      await opening?.catch(() => null);
      verified = null;
      identity = jwt ?? undefined;
      if (jwt)
        await open().catch((error) => {
          identity = undefined;
          throw error;
        });
      else {
        storage.enter("");
        storage.write(SESSION, null);
      }
    },
  };
}
