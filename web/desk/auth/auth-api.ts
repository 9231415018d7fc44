// Calls of those who have no session yet. A sign-in answers with the session and sets its cookie.
import type {
  AcceptanceRequest,
  ForgottenPassword,
  Login,
  PasswordReset,
  SessionInfo,
  SignUp,
  Verification,
} from "../contract";
import { request } from "../request";

const send = <T>(path: string, body: object) =>
  request<T>("POST", path, { body, withCookie: true });

export const authApi = {
  login: (email: string, password: string) =>
    send<SessionInfo>("/auth/login", { email, password } satisfies Login),
  signUp: (body: SignUp) => send<null>("/auth/signup", body),
  verify: (token: string, password: string) =>
    send<SessionInfo>("/auth/verify", { token, password } satisfies Verification),
  forgot: (email: string) =>
    send<null>("/auth/password/forgot", { email } satisfies ForgottenPassword),
  reset: (token: string, password: string) =>
    send<null>("/auth/password/reset", { token, password } satisfies PasswordReset),
  /** Accepts an invitation with a new account. */
  join: (token: string, name: string, password: string) =>
    send<SessionInfo>("/invitations/accept", { token, name, password } satisfies AcceptanceRequest),
};
