// Calls of those who have no session yet. A sign-in answers with the session and sets its cookie.
import type { SessionInfo } from "../contract";
import { request } from "../request";

const send = <T>(path: string, body: object) =>
  request<T>("POST", path, { body, withCookie: true });

export interface SignUp {
  name: string;
  email: string;
  password: string;
  tenant_name: string;
  locale: string;
}

export const authApi = {
  login: (email: string, password: string) => send<SessionInfo>("/auth/login", { email, password }),
  signUp: (body: SignUp) => send<null>("/auth/signup", body),
  verify: (token: string) => send<SessionInfo>("/auth/verify", { token }),
  forgot: (email: string) => send<null>("/auth/password/forgot", { email }),
  reset: (token: string, password: string) =>
    send<null>("/auth/password/reset", { token, password }),
  /** Accepts an invitation with a new account. */
  join: (token: string, name: string, password: string) =>
    send<SessionInfo>("/invitations/accept", { token, name, password }),
};
