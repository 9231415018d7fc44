// Desk's API with its socket, on an own origin, with faults that a test sets.
import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createDeskBots } from "./mock-desk-bots";
import { createDeskConversations } from "./mock-desk-conversations";
import { cannedReplies, days, hours, people, tags } from "./mock-desk-data";
import { createDeskWorkspace } from "./mock-desk-workspace";
import { MockError } from "./mock-error";
import { accept } from "./mock-socket";
import { type Loose, portOf, type Route } from "./mock-types";

const PASSWORD = "correct horse battery";
const COOKIE = "__Host-desk";

export const at = (ms) => new Date(ms).toISOString();
export const idOf = (prefix) => `${prefix}_${randomBytes(13).toString("hex")}`;

export function problem(status, code, title, more = {}) {
  const error = new MockError(status, code, title);
  return Object.assign(error, { more });
}

export function createPerson(name, email, extra = {}) {
  return { id: idOf("usr"), name, email, password: PASSWORD, is_verified: true, ...extra };
}

export async function createDesk({ demo = false } = {}) {
  const persons = new Map();
  const tenants = new Map();
  const sessions = new Map();
  const tokens = new Map();
  const links = new Map();
  const tickets = new Map();
  const sockets = new Set<Loose>();
  /** Calls as `METHOD /path`, with their bodies. */
  const calls = [];
  const faults = {
    down: false,
    deaf: false,
    dropFrames: 0,
    delayMs: 0,
    accessSeconds: 600,
    socketLife: 2 * hours,
    /** Answers of the next calls: `METHOD /path` to a problem. */
    refuse: new Map(),
  };

  /** Returns the account with an address, or else the latest sign-up with it. */
  const personBy = (email) => {
    const found = [...persons.values()].filter((one) => one.email === email);
    return found.find((one) => one.is_verified) ?? found.at(-1);
  };
  const memberships = (person) =>
    [...tenants.values()].filter(({ members }) => members.has(person.id));

  function addTenant(name, owner, extra = {}) {
    const id = idOf("ten");
    const tenant = {
      id,
      slug: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"),
      name,
      status: "trial",
      plan: "trial",
      created_at: at(Date.now() - 3 * days),
      trial_ends_at: at(Date.now() + 11 * days),
      isolation: "pooled",
      erase_at: null,
      holds: {},
      settings: {
        version: 1,
        locale: "en",
        timezone: "Europe/Berlin",
        branding: { color: null, logo_url: null },
        privacy: { retention_days: 30, mask_ip: true, consent_text: null },
        security: {
          mfa_required: false,
          session_hours: 720,
          methods: ["password"],
          ip_allow: [],
        },
        ai: { budget_micros: 0, on_budget: "handoff" },
      },
      hours: null,
      provisioning: { state: "ready", current: "ready", step: 5, of: 5 },
      members: new Map(),
      teams: new Map(),
      tags: new Map(),
      canned: new Map(),
      bots: new Map(),
      invitations: new Map(),
      keys: new Map(),
      contacts: new Map(),
      conversations: new Map(),
      audit: [],
      ...extra,
    };
    tenants.set(id, tenant);
    if (owner) addMember(tenant, owner, "owner");
    return tenant;
  }

  function addMember(tenant, person, role) {
    const member = {
      user_id: person.id,
      name: person.name,
      email: person.email,
      role,
      teams: [],
      availability: "online",
      notify: { mail: true, push: true },
      joined_at: at(Date.now() - 2 * days),
    };
    tenant.members.set(person.id, member);
    return member;
  }

  function openSession(person, tenantId, agent = "Chromium on Linux") {
    const session = {
      id: idOf("ses"),
      person,
      tenantId: tenantId ?? memberships(person)[0]?.id ?? null,
      secret: randomUUID(),
      name: agent,
      created_at: at(Date.now()),
      used_at: at(Date.now()),
    };
    sessions.set(session.id, session);
    return session;
  }

  function sessionInfo(session) {
    const token = randomUUID();
    const { person, tenantId } = session;
    const member = tenants.get(tenantId)?.members.get(person.id);
    tokens.set(token, {
      session,
      tenantId,
      expires: Date.now() + faults.accessSeconds * 1000,
    });
    return {
      access_token: token,
      expires_in: faults.accessSeconds,
      user: {
        id: person.id,
        email: person.email,
        name: person.name,
        platform_role: person.platform_role ?? null,
      },
      tenant_id: member ? tenantId : null,
      role: member?.role ?? null,
      tenants: memberships(person).map(({ id, name, members }) => ({
        id,
        name,
        role: members.get(person.id).role,
      })),
    };
  }

  /** Answers with the session, and sets its cookie. */
  const withCookie = (session) => ({
    body: sessionInfo(session),
    headers: {
      "set-cookie": `${COOKIE}=${session.id}.${session.secret}; Path=/; Secure; HttpOnly; SameSite=Strict`,
    },
  });

  function sessionOfCookie(request) {
    const cookie = new RegExp(`${COOKIE}=([^;]+)`).exec(request.headers.cookie ?? "")?.[1] ?? "";
    const [id, secret] = cookie.split(".");
    const session = sessions.get(id);
    if (!session || session.secret !== secret)
      throw problem(401, "unauthenticated", "Your session has expired. Sign in again.");
    return session;
  }

  /** Returns who calls: the person, the tenant and the member. */
  function callerOf(request) {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    const known = tokens.get(token);
    if (!known || known.expires < Date.now() || !sessions.has(known.session.id))
      throw problem(401, "unauthenticated", "Your session has expired. Sign in again.");
    const { person } = known.session;
    const named = request.headers["x-tenant-id"];
    const isOperator = named && named !== known.tenantId && person.platform_role;
    if (named && named !== known.tenantId && !isOperator)
      throw problem(403, "tenant_mismatch", "X-Tenant-ID is not the workspace of your token.");
    const tenant = tenants.get(isOperator ? named : known.tenantId);
    const member = isOperator ? null : tenant?.members.get(person.id);
    return { person, session: known.session, tenant, member, isOperator: Boolean(isOperator) };
  }

  const order = ["viewer", "agent", "admin", "owner"];
  function needed(caller, role) {
    if (!caller.tenant) throw problem(403, "forbidden", "You are not a member of a workspace yet.");
    if (!caller.member || order.indexOf(caller.member.role) < order.indexOf(role))
      throw problem(403, "forbidden", "You may not do this.");
    return caller;
  }

  function onlyFields(body, ...names) {
    const extra = Object.keys(body).find((name) => !names.includes(name));
    if (extra) throw problem(400, "bad_json", `There is no field ${extra}.`);
  }

  function mailLink(kind, person, extra = {}) {
    const token = randomUUID();
    links.set(token, { kind, person, ...extra });
    return token;
  }

  /** Stores a sign-up beside earlier ones with its address, and mails its link. */
  function signUp(email, password, name = "Sign-up", tenant_name = null) {
    const person = createPerson(name, email, { password, is_verified: false });
    persons.set(person.id, person);
    mailLink("verify", person, { tenant_name });
  }

  /** Invites an address, and returns the token of the mailed link. */
  function invite(tenant, email, role, teams = []) {
    const id = idOf("inv");
    const invitation = {
      id,
      email,
      role,
      teams,
      invited_by: [...tenant.members.keys()][0],
      created_at: at(Date.now()),
      expires_at: at(Date.now() + 7 * days),
    };
    tenant.invitations.set(id, invitation);
    return mailLink("invite", null, { tenant, invitation });
  }

  // Sockets

  const isWatching = (socket, id) => socket.watched.has(id);

  function send(socket, frame) {
    if (faults.dropFrames > 0 && frame.type !== "welcome" && frame.type !== "pong") {
      faults.dropFrames -= 1;
      return;
    }
    socket.send(JSON.stringify({ v: 1, ...frame }));
  }

  const toTenant = (tenant, frame) => {
    for (const socket of sockets) if (socket.tenant === tenant) send(socket, frame);
  };
  const toConversation = (id, frame, except = null) => {
    for (const socket of sockets)
      if (socket !== except && isWatching(socket, id)) send(socket, frame);
  };

  function presence(id) {
    const agents = new Set([...sockets].map(({ person }) => person.id)).size;
    const is_visitor_online = conversations.find(id)?.isVisitorOnline ?? false;
    toConversation(id, { type: "presence", conversation_id: id, agents, is_visitor_online });
  }

  const shared = {
    persons,
    tenants,
    sessions,
    faults,
    problem,
    needed,
    onlyFields,
    mailLink,
    addMember,
    addTenant,
    toTenant,
    toConversation,
    presence,
    urlOf: () => url,
  };
  const conversations = createDeskConversations(shared);
  const bots = createDeskBots(shared, () => url);
  const workspace = createDeskWorkspace({ ...shared, addBot: bots.add, invite });

  function heard(socket, text) {
    if (faults.deaf) return;
    const frame = JSON.parse(text);
    calls.push({ method: "FRAME", path: frame.type, body: frame });
    switch (frame.type) {
      case "hello": {
        const last_seqs = {};
        for (const id of Object.keys(frame.conversations ?? {}))
          last_seqs[id] = conversations.find(id)?.head.last_seq ?? 0;
        send(socket, {
          type: "welcome",
          now: at(Date.now()),
          until: at(Date.now() + faults.socketLife),
          last_seqs,
        });
        for (const [id, seq] of Object.entries(frame.conversations ?? {}))
          conversations.backfill(id, seq, (backfill) => send(socket, backfill));
        break;
      }
      case "watch":
        socket.watched.add(frame.conversation_id);
        conversations.marker(frame.conversation_id, (marker) => send(socket, marker));
        presence(frame.conversation_id);
        break;
      case "unwatch":
        socket.watched.delete(frame.conversation_id);
        presence(frame.conversation_id);
        break;
      case "typing:start":
      case "typing:stop":
        toConversation(
          frame.conversation_id,
          {
            type: frame.type,
            conversation_id: frame.conversation_id,
            author: { kind: "agent", name: socket.person.name },
          },
          socket,
        );
        break;
      case "ping":
        if (frame.read) conversations.read(frame.read.conversation_id, frame.read.seq);
        send(socket, { type: "pong", now: at(Date.now()), last_seq: null });
        break;
      case "message:send": {
        const { type: _, conversation_id, is_note, ...message } = frame;
        try {
          conversations.post(conversation_id, agentOf(socket.person), {
            ...message,
            kind: is_note ? "note" : "message",
          });
        } catch (thrown) {
          const error: Loose = thrown;
          send(socket, {
            type: "refused",
            code: error.code,
            title: error.message,
            client_msg_id: frame.client_msg_id,
          });
        }
        break;
      }
    }
  }

  const agentOf = ({ id, name }) => ({ kind: "agent", id, name });

  // Routes of the auth functions

  const sameAnswer = { status: 202, body: null };
  const authRoutes: Route[] = [
    [
      "POST",
      /^\/auth\/signup$/,
      ({ body }) => {
        onlyFields(body, "email", "password", "name", "tenant_name", "locale");
        if (body.password.length < 10)
          throw problem(400, "password_too_short", "A password needs at least 10 characters.");
        if (!personBy(body.email)?.is_verified)
          signUp(body.email, body.password, body.name, body.tenant_name);
        return sameAnswer;
      },
    ],
    [
      "POST",
      /^\/auth\/verify$/,
      ({ body }) => {
        onlyFields(body, "token", "password");
        const link = links.get(body.token);
        if (link?.kind !== "verify")
          throw problem(401, "expired", "This link has expired. Sign up again.");
        if (personBy(link.person.email).is_verified)
          throw problem(409, "link_used", "This link was already used. Ask for a new one.");
        if (link.person.password !== body.password)
          throw problem(
            403,
            "wrong_password",
            "This is not the password of this sign-up. Try again, or set another password.",
          );
        link.person.is_verified = true;
        if (link.tenant_name) {
          const tenant = addTenant(link.tenant_name, link.person);
          tenant.provisioning = { state: "running", current: "defaults", step: 2, of: 5 };
        }
        return withCookie(openSession(link.person, null));
      },
    ],
    [
      "POST",
      /^\/auth\/login$/,
      ({ body, request }) => {
        onlyFields(body, "email", "password");
        const person = personBy(body.email);
        if (!person?.is_verified || person.password !== body.password)
          throw problem(401, "bad_credentials", "The email address or the password is wrong.");
        return withCookie(openSession(person, null, request.headers["user-agent"]));
      },
    ],
    [
      "POST",
      /^\/auth\/refresh$/,
      ({ body, request }) => {
        const session = sessionOfCookie(request);
        if (body.tenant_id) {
          if (!tenants.get(body.tenant_id)?.members.has(session.person.id))
            throw problem(404, "workspace_not_found", "There is no such workspace.");
          session.tenantId = body.tenant_id;
        }
        session.used_at = at(Date.now());
        return withCookie(session);
      },
    ],
    [
      "POST",
      /^\/auth\/logout$/,
      ({ body, request }) => {
        try {
          const session = sessionOfCookie(request);
          for (const [id, other] of sessions)
            if (other === session || (body.all && other.person === session.person))
              sessions.delete(id);
        } catch {
          // The answer is the same.
        }
        return { status: 204, headers: { "set-cookie": `${COOKIE}=; Path=/; Secure; Max-Age=0` } };
      },
    ],
    [
      "POST",
      /^\/auth\/password\/forgot$/,
      ({ body }) => {
        const person = personBy(body.email);
        if (person) mailLink("reset", person);
        return sameAnswer;
      },
    ],
    [
      "POST",
      /^\/auth\/password\/reset$/,
      ({ body }) => {
        const link = links.get(body.token);
        if (link?.kind !== "reset" || link.isUsed)
          throw problem(409, "link_used", "This link was already used. Ask for a new one.");
        if (body.password.length < 10)
          throw problem(400, "password_too_short", "A password needs at least 10 characters.");
        link.isUsed = true;
        link.person.password = body.password;
        link.person.is_verified = true;
        for (const [id, { person }] of sessions) if (person === link.person) sessions.delete(id);
        return { status: 204 };
      },
    ],
    [
      "GET",
      /^\/auth\/sessions$/,
      ({ caller }) => ({
        body: {
          items: [...sessions.values()]
            .filter(({ person }) => person === caller().person)
            .map((one) => ({
              id: one.id,
              client: "browser",
              name: one.name,
              ip: "203.0.113.7",
              created_at: one.created_at,
              used_at: one.used_at,
              expires_at: at(Date.parse(one.created_at) + 30 * days),
              is_current: one === caller().session,
            })),
          next: null,
        },
      }),
    ],
    [
      "DELETE",
      /^\/auth\/sessions\/([^/]+)$/,
      ({ parts: [id] }) => {
        sessions.delete(id);
        return { status: 204 };
      },
    ],
    [
      "PUT",
      /^\/auth\/password$/,
      ({ body, caller }) => {
        const { person } = caller();
        if (person.password !== body.current)
          throw problem(403, "bad_credentials", "The current password is wrong.");
        person.password = body.password;
        return { status: 204 };
      },
    ],
    [
      "POST",
      /^\/ws-ticket$/,
      ({ caller }) => {
        const { person, tenant } = needed(caller(), "agent");
        const ticket = randomUUID();
        tickets.set(ticket, { person, tenant });
        return {
          body: {
            url: `${url.replace("http", "ws")}/socket?ticket=${ticket}`,
            expires_at: at(Date.now() + 30_000),
          },
        };
      },
    ],
    [
      "POST",
      /^\/invitations\/accept$/,
      ({ body, caller, request }) => {
        const link = links.get(body.token);
        if (link?.kind !== "invite" || !link.tenant.invitations.has(link.invitation.id))
          throw problem(
            409,
            "invitation_expired",
            "This invitation has expired. Ask for a new one.",
          );
        const { invitation, tenant } = link;
        const isSignedIn = request.headers.authorization !== undefined;
        if (!isSignedIn && personBy(invitation.email)?.is_verified)
          throw problem(
            409,
            "account_exists",
            "There is an account with this address. Sign in to accept the invitation.",
          );
        if (!isSignedIn) {
          const person = createPerson(body.name, invitation.email, { password: body.password });
          persons.set(person.id, person);
          tenant.invitations.delete(invitation.id);
          addMember(tenant, person, invitation.role);
          return withCookie(openSession(person, tenant.id));
        }
        const { person } = caller();
        if (invitation.email !== person.email)
          throw problem(
            403,
            "invitation_for_other_address",
            "Sign in with the email address that was invited.",
          );
        tenant.invitations.delete(invitation.id);
        if (!tenant.members.has(person.id)) addMember(tenant, person, invitation.role);
        return { body: { tenant_id: tenant.id, role: invitation.role } };
      },
    ],
  ];

  const routes = [
    ...authRoutes,
    ...conversations.routes,
    ...bots.routes,
    ...workspace.routes,
  ] as Route[];

  async function answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, "http://mock");
    const origin = request.headers.origin;
    const cors = {
      "access-control-allow-origin": origin ?? "*",
      "access-control-allow-credentials": "true",
      "access-control-allow-headers":
        "authorization, content-type, idempotency-key, x-tenant-id, x-request-id",
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
      "access-control-expose-headers": "retry-after",
      vary: "origin",
    };
    const reply = (status, body, headers = {}) => {
      const isText = typeof body === "string";
      response.writeHead(status, {
        ...cors,
        "content-type": isText ? "text/plain; charset=utf-8" : "application/json",
        ...headers,
      });
      response.end(body === null || body === undefined ? "" : isText ? body : JSON.stringify(body));
    };
    if (request.method === "OPTIONS") return reply(204, null);
    if (faults.down) return request.socket.destroy();
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const isJson = request.headers["content-type"]?.includes("json");
    const body = text !== "" && isJson ? JSON.parse(text) : {};
    calls.push({ method: request.method, path: pathname, body, query: searchParams });
    if (faults.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, faults.delayMs));
    try {
      const refusal = faults.refuse.get(`${request.method} ${pathname}`);
      if (refusal) {
        if (!refusal.again) faults.refuse.delete(`${request.method} ${pathname}`);
        throw refusal;
      }
      for (const [method, pattern, handle] of routes) {
        const match = method === request.method && pattern.exec(pathname);
        if (!match) continue;
        const given = {
          parts: match.slice(1).map(decodeURIComponent),
          body,
          raw: text,
          query: searchParams,
          request,
          caller: () => callerOf(request),
        };
        const { status = 200, body: result = null, headers = {} } = (await handle(given)) ?? {};
        return reply(status, result, headers);
      }
      throw problem(404, "not_found", `There is no ${request.method} ${pathname}.`);
    } catch (thrown) {
      const error: Loose = thrown;
      if (!error.status) console.error(error);
      const { status = 500, code = "internal", message, more = {} } = error;
      const { retryAfter, ...rest } = more;
      reply(
        status,
        { title: message, status, code, correlation_id: "cor_mock", ...rest },
        {
          "content-type": "application/problem+json",
          ...(retryAfter ? { "retry-after": String(retryAfter) } : {}),
        },
      );
    }
  }

  const server = createServer((request, response) => void answer(request, response));
  server.on("upgrade", (request, raw) => {
    const ticket = new URL(request.url, "http://mock").searchParams.get("ticket");
    const known = tickets.get(ticket);
    tickets.delete(ticket);
    if (!known || faults.down) return raw.destroy();
    const socket: Loose = { ...known, watched: new Set() };
    Object.assign(
      socket,
      accept(request, raw, {
        heard: (text) => heard(socket, text),
        closed: () => {
          sockets.delete(socket);
          for (const id of socket.watched) presence(id);
        },
      }),
    );
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const url = `http://127.0.0.1:${portOf(server)}`;

  let fills = 0;
  /** A workspace with people, tags, teams and canned replies. */
  function fill(name = "Lumen Interiors", { isNew = false } = {}) {
    const staff: Loose = {};
    fills += 1;
    for (const [key, full, email] of people) {
      // People of each workspace have addresses of their own.
      staff[key] = createPerson(full, fills === 1 ? email : email.replace("@", `.${fills}@`));
      persons.set(staff[key].id, staff[key]);
    }
    const tenant = addTenant(name, null);
    for (const [key, , , role] of people) addMember(tenant, staff[key], role);
    for (const tag of tags)
      tenant.tags.set(tag, { id: idOf("tag"), name: tag, color: null, version: 1 });
    for (const [shortcut, text] of cannedReplies) {
      tenant.canned.set(shortcut, { shortcut, text, team: null, version: 1 });
    }
    for (const team of ["Support", "Sales"]) {
      const id = idOf("team");
      tenant.teams.set(id, { id, name: team, version: 1 });
    }
    if (!isNew) bots.add(tenant, { name: "Lumi" }, { isLive: true });
    return { tenant, ...staff };
  }

  const desk = {
    url,
    persons,
    tenants,
    sessions,
    links,
    sockets,
    calls,
    faults,
    conversations,
    bots,
    fill,
    addTenant,
    addMember,
    addPerson(name, email, extra = {}) {
      const person = createPerson(name, email, extra);
      persons.set(person.id, person);
      return person;
    },
    /** The token of the latest mailed link. */
    latestLink(kind) {
      return [...links].findLast(([, link]) => link.kind === kind)?.[0];
    },
    agentOf,
    signUp,
    invite,
    endSessions(person) {
      for (const [id, session] of sessions) if (session.person === person) sessions.delete(id);
    },
    /** Ends every access token, as time does. */
    expireTokens() {
      for (const token of tokens.values()) token.expires = 0;
    },
    cutSockets() {
      for (const socket of sockets) socket.tear();
    },
    async stop() {
      for (const socket of sockets) socket.tear();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  if (demo) {
    const { tenant, dana } = fill();
    dana.platform_role = "admin";
    conversations.fill(tenant, dana);
  }
  return desk;
}
