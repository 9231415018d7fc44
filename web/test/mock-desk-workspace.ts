// Settings of the mocked Desk: members, teams, keys, limits and the workspace itself.
import { at, idOf } from "./mock-desk";
import { days } from "./mock-desk-data";
import type { Loose, Route } from "./mock-types";

export function createDeskWorkspace({ needed, problem, tenants, addTenant, addBot, invite }) {
  const tenantView = ({ id, slug, name, status, plan, isolation, settings, ...rest }) => ({
    id,
    slug,
    name,
    status,
    plan,
    isolation,
    ...settings,
    trial_ends_at: rest.trial_ends_at,
    erase_at: rest.erase_at,
    holds: rest.holds,
    created_at: rest.created_at,
  });

  /** A setup takes one more step at each look. Its last one makes the first bot. */
  function advance(tenant) {
    const { provisioning } = tenant;
    if (provisioning.state !== "running") return provisioning;
    provisioning.step += 1;
    if (provisioning.step >= provisioning.of) {
      tenant.provisioning = { ...provisioning, state: "ready", current: "ready" };
      if (tenant.bots.size === 0) addBot(tenant, { name: "Assistant" });
    }
    return tenant.provisioning;
  }

  const listOf = (path, role, itemsOf): Route => [
    "GET",
    path,
    ({ caller }) => ({ body: { items: itemsOf(needed(caller(), role).tenant), next: null } }),
  ];

  const stale = () =>
    problem(409, "changed_meanwhile", "This was changed meanwhile. Load it again.");
  const settingsView = (tenant) => ({ ...tenantView(tenant), name: tenant.name });

  function record({ tenant, person, isOperator }, action, target, note?: string) {
    tenant.audit.unshift({
      at: at(Date.now()),
      actor: { kind: isOperator ? "platform" : "person", id: person.id },
      action,
      target,
      source: "203.0.113.7",
      correlation_id: idOf("cor"),
      ...(note ? { note } : {}),
    });
  }

  /** A tenant of the caller, or of others for an operator. */
  function tenantOf(caller, id, role = "viewer") {
    if (caller.tenant?.id !== id)
      throw problem(404, "workspace_not_found", "There is no such workspace.");
    return caller.isOperator ? caller.tenant : needed(caller, role).tenant;
  }

  function settings(caller, id, body) {
    const tenant = tenantOf(caller, id, "admin");
    const { version, name, ...rest } = body;
    if (version !== tenant.settings.version) throw stale();
    if (!name.trim()) throw problem(400, "bad_name", "A name has 1 to 80 characters.");
    if (rest.privacy.retention_days > 30)
      throw problem(
        422,
        "retention_not_in_plan",
        "Your plan keeps conversations for up to 30 days.",
      );
    if (rest.security.ip_allow.length > 0 && !rest.security.ip_allow.includes("203.0.113.7"))
      throw problem(
        422,
        "would_lock_out",
        "Your own network address is not in the list, so you would lock yourself out.",
      );
    tenant.name = name;
    tenant.settings = { ...rest, version: version + 1 };
    record(caller, "tenant.changed", id);
    return { body: settingsView(tenant) };
  }

  const limitsOf = (tenant) => {
    const limit = (name, unit, most, used, more: Loose = {}) => ({
      name,
      unit,
      limit: most,
      cap: null,
      used,
      reserved: 0,
      resets_at: null,
      policy: "hard",
      ...more,
    });
    const monthly = { resets_at: at(Date.now() + 5 * days) };
    return {
      plan: tenant.plan,
      period: "2026-11",
      limits: [
        limit("seats", "seat", 5, tenant.members.size, { reserved: tenant.invitations.size }),
        limit("bots", "chatbot", 2, tenant.bots.size),
        limit("sockets", "connection", 50, 2),
        limit("conversations", "conversation", 500, 431, monthly),
        limit("ai_answers", "answer", 300, 12, { ...monthly, policy: "metered" }),
        limit("documents", "document per chatbot", 50, 0),
        limit("chunks", "chunk per chatbot", 2_000, 0),
        limit("api_keys", "key", 50, tenant.keys.size),
      ],
      entitlements: [],
    };
  };

  /** Routes of settings that are lists: created, replaced under their version, and deleted. */
  function listRoutes(path, { name, key, read, write, make, check = (_body) => {} }): Route[] {
    const of = (tenant) => tenant[name];
    return [
      listOf(new RegExp(`^${path}$`), read, (tenant) => [...of(tenant).values()]),
      [
        "POST",
        new RegExp(`^${path}$`),
        ({ caller, body }) => {
          const { tenant } = needed(caller(), write);
          check(body);
          const item = { ...make(body), version: 1 };
          if (of(tenant).has(item[key])) throw problem(409, `${name}_taken`, "This one is taken.");
          of(tenant).set(item[key], item);
          record(caller(), `${name}.created`, item[key]);
          return { status: 201, body: item };
        },
      ],
      [
        "PUT",
        new RegExp(`^${path}/([^/]+)$`),
        ({ caller, parts: [id], body }) => {
          const { tenant } = needed(caller(), write);
          const item = of(tenant).get(id);
          if (!item) throw problem(404, `${name}_not_found`, "There is none.");
          if (body.version !== item.version) throw stale();
          check(body);
          Object.assign(item, body, { version: item.version + 1 });
          return { body: item };
        },
      ],
      [
        "DELETE",
        new RegExp(`^${path}/([^/]+)$`),
        ({ caller, parts: [id] }) => {
          of(needed(caller(), write).tenant).delete(id);
          return { status: 204 };
        },
      ],
    ];
  }

  const checkCanned = ({ shortcut, text }) => {
    if (!/^[a-z0-9_-]{1,32}$/.test(shortcut))
      throw problem(
        400,
        "bad_shortcut",
        "A shortcut has 1 to 32 letters a to z, digits, hyphens and underscores.",
      );
    if (!text.trim()) throw problem(400, "text_missing", "Enter the text.");
  };

  const hoursView = ({ hours }) =>
    hours
      ? { ...hours, is_open: true, opens_at: null }
      : { version: 0, is_open: true, opens_at: null };

  const routes: Route[] = [
    ...listRoutes("/teams", {
      name: "teams",
      key: "id",
      read: "viewer",
      write: "admin",
      make: ({ name }) => ({ id: idOf("team"), name }),
    }),
    ...listRoutes("/tags", {
      name: "tags",
      key: "id",
      read: "agent",
      write: "admin",
      make: ({ name }) => ({
        id: `tag-${name.toLowerCase()}`,
        name: name.toLowerCase(),
        color: null,
      }),
    }),
    ...listRoutes("/canned", {
      name: "canned",
      key: "shortcut",
      read: "agent",
      write: "admin",
      make: ({ shortcut, text, team = null }) => ({ shortcut, text, team }),
      check: checkCanned,
    }),
    listOf(/^\/members$/, "viewer", ({ members }) => [...members.values()]),
    [
      "PATCH",
      /^\/members\/([^/]+)$/,
      ({ caller, parts: [id], body }) => {
        const { tenant } = needed(caller(), "admin");
        const member = tenant.members.get(id);
        const owners = [...tenant.members.values()].filter(({ role }) => role === "owner");
        if (member.role === "owner" && body.role !== "owner" && owners.length === 1)
          throw problem(
            409,
            "last_owner",
            "A workspace needs an owner. Make another member an owner first.",
          );
        record(caller(), "member.changed", id);
        return { body: Object.assign(member, body) };
      },
    ],
    [
      "DELETE",
      /^\/members\/([^/]+)$/,
      ({ caller, parts: [id] }) => {
        const { tenant, person } = needed(caller(), "viewer");
        if (person.id !== id) needed(caller(), "admin");
        tenant.members.delete(id);
        return { status: 204 };
      },
    ],
    listOf(/^\/invitations$/, "admin", ({ invitations }) => [...invitations.values()]),
    [
      "POST",
      /^\/invitations$/,
      ({ caller, body }) => {
        const { tenant } = needed(caller(), "admin");
        if (tenant.members.size + tenant.invitations.size >= 5)
          throw problem(402, "limit_reached", "Your plan includes no more seats.", {
            errors: { limit: "seats" },
          });
        invite(tenant, body.email, body.role, body.teams);
        const invitation = [...tenant.invitations.values()].at(-1);
        record(caller(), "invitation.created", invitation.id);
        return { status: 201, body: invitation };
      },
    ],
    [
      "DELETE",
      /^\/invitations\/([^/]+)$/,
      ({ caller, parts: [id] }) => {
        needed(caller(), "admin").tenant.invitations.delete(id);
        return { status: 204 };
      },
    ],
    listOf(/^\/auth\/api-keys$/, "admin", ({ keys }) => [...keys.values()]),
    [
      "POST",
      /^\/auth\/api-keys$/,
      ({ caller, body, request }) => {
        const { tenant, person } = needed(caller(), "admin");
        if (request.headers["idempotency-key"])
          throw problem(400, "bad_request", "A kept answer would hold the key.");
        const id = idOf("key");
        const key = {
          id,
          prefix: `desk_sk_${id.slice(4)}`,
          created_by: person.id,
          created_at: at(Date.now()),
          expires_at: null,
          last_used_at: null,
          last_ip: null,
          ...body,
        };
        tenant.keys.set(id, key);
        record(caller(), "api_key.created", id);
        return { status: 201, body: { ...key, key: `${key.prefix}_secretsecretsecret` } };
      },
    ],
    [
      "DELETE",
      /^\/auth\/api-keys\/([^/]+)$/,
      ({ caller, parts: [id] }) => {
        needed(caller(), "admin").tenant.keys.delete(id);
        return { status: 204 };
      },
    ],
    ["GET", /^\/hours$/, ({ caller }) => ({ body: hoursView(needed(caller(), "agent").tenant) })],
    [
      "PUT",
      /^\/hours$/,
      ({ caller, body }) => {
        const { tenant } = needed(caller(), "admin");
        if (body.version !== (tenant.hours?.version ?? 0)) throw stale();
        for (const spans of Object.values(body.week) as Loose[])
          for (const { from, to } of spans)
            if (from >= to) throw problem(400, "bad_hours", "A span ends after it begins.");
        tenant.hours = { ...body, version: body.version + 1 };
        return { body: hoursView(tenant) };
      },
    ],
    [
      "GET",
      /^\/audit$/,
      ({ caller, query }) => {
        const given = caller();
        const { tenant } = given.isOperator ? given : needed(given, "admin");
        const actor = query.get("actor");
        const all = tenant.audit.filter((entry) => !actor || entry.actor.id === actor);
        const from = Number(query.get("after") ?? 0);
        const limit = Number(query.get("limit") ?? 25);
        const next = from + limit < all.length ? String(from + limit) : null;
        return { body: { items: all.slice(from, from + limit), next } };
      },
    ],
    [
      "GET",
      /^\/tenants$/,
      ({ caller, query }) => {
        if (!caller().person.platform_role) throw problem(403, "forbidden", "You may not do this.");
        const items = [...tenants.values()]
          .filter(({ status }) => !query.get("status") || status === query.get("status"))
          .filter(({ plan }) => !query.get("plan") || plan === query.get("plan"))
          .map(({ id, slug, status, plan, isolation, created_at }) => ({
            id,
            slug,
            status,
            plan,
            isolation,
            created_at,
          }));
        const from = Number(query.get("after") ?? 0);
        const limit = Number(query.get("limit") ?? 25);
        const next = from + limit < items.length ? String(from + limit) : null;
        return { body: { items: items.slice(from, from + limit), next } };
      },
    ],
    [
      "PUT",
      /^\/tenants\/([^/]+)$/,
      ({ caller, parts: [id], body }) => settings(caller(), id, body),
    ],
    [
      "GET",
      /^\/tenants\/([^/]+)\/limits$/,
      ({ caller, parts: [id] }) => ({ body: limitsOf(tenantOf(caller(), id)) }),
    ],
    [
      "DELETE",
      /^\/tenants\/([^/]+)$/,
      ({ caller, parts: [id], body }) => {
        const tenant = tenantOf(caller(), id, "owner");
        if (body.confirm !== tenant.slug)
          throw problem(422, "not_confirmed", "Type the address name of the workspace to confirm.");
        tenant.status = "deleting";
        tenant.erase_at = at(Date.now() + 30 * days);
        return { status: 202, body: settingsView(tenant) };
      },
    ],
    [
      "POST",
      /^\/tenants\/([^/]+)\/(restore|suspend|resume)$/,
      ({ caller, parts: [id, act], body }) => {
        const given = caller();
        const tenant = tenantOf(given, id, "owner");
        if (act === "restore") Object.assign(tenant, { status: "trial", erase_at: null });
        else if (!given.isOperator) throw problem(403, "forbidden", "You may not do this.");
        else if (act === "resume") Object.assign(tenant, { status: "trial", holds: {} });
        else
          Object.assign(tenant, {
            status: "suspended",
            holds: { platform: { since: at(Date.now()), note: body.reason } },
          });
        record(given, `tenant.${act}ed`.replace("eed", "ed"), id, body.reason);
        return { body: settingsView(tenant) };
      },
    ],
    [
      "POST",
      /^\/tenants$/,
      ({ caller, body }) => {
        const { person } = caller();
        const tenant = addTenant(body.name, person);
        tenant.provisioning = { state: "running", current: "validated", step: 0, of: 5 };
        return { status: 201, body: tenantView(tenant) };
      },
    ],
    [
      "GET",
      /^\/tenants\/([^/]+)$/,
      ({ caller, parts: [id] }) => {
        const tenant = tenantOf(caller(), id);
        return { body: { ...tenantView(tenant), provisioning: advance(tenant) } };
      },
    ],
    [
      "POST",
      /^\/tenants\/([^/]+)\/provision$/,
      ({ caller }) => {
        const { tenant } = needed(caller(), "owner");
        tenant.provisioning = { ...tenant.provisioning, state: "running" };
        delete tenant.provisioning.code;
        return { status: 202, body: tenant.provisioning };
      },
    ],
    [
      "PUT",
      /^\/members\/me$/,
      ({ caller, body }) => {
        const { member } = needed(caller(), "viewer");
        return { body: Object.assign(member, body) };
      },
    ],
  ];

  return { routes };
}
