// Chatbots of the mocked Desk.
import { at, idOf } from "./mock-desk";
import { widgetTexts } from "./mock-desk-data";
import type { Loose, Route } from "./mock-types";

export const blankSettings = (name, language = "en") => ({
  name,
  persona: "",
  instructions: "",
  languages: [language],
  model: null,
  answer: { mode: "auto", max_turns: 10, floor: null },
  handoff: {
    words: ["human", "person", "agent", "real person", "talk to someone"],
    on_unknown: 2,
    on_sentiment: false,
    hours: "always",
    team: null,
  },
  prechat: [],
  csat: false,
  quick_replies: { opening: [], followup: [], handoff: [] },
  appearance: { color: "#1f6feb", position: "right", launcher: "bubble", strings: {} },
  origins: [],
  identity: { required: false },
  avatar_id: null,
  rules: [],
  reopening: "always",
});

export function createDeskBots({ problem, needed, onlyFields }, urlOf) {
  const snippetOf = (key) => `<script async src="${urlOf()}/w.js" data-key="${key}"></script>`;

  function add(tenant, settings: Loose = {}, { isLive = false } = {}) {
    const id = idOf("bot");
    const bot: Loose = {
      id,
      version: 1,
      created_at: at(Date.now()),
      updated_at: at(Date.now()),
      live: null,
      ...blankSettings("Lumi"),
      ...settings,
    };
    bot.deployments = [];
    tenant.bots.set(id, bot);
    if (isLive) {
      bot.origins = ["https://lumen.example"];
      bot.appearance.strings = { en: widgetTexts };
      deploy(bot, { note: "First version" }, [...tenant.members.keys()][0]);
    }
    return bot;
  }

  const settingsOf = ({
    id,
    version,
    created_at,
    updated_at,
    live,
    deployments,
    secret,
    ...rest
  }) => rest;
  const hashOf = (bot) => JSON.stringify(settingsOf(bot));
  function wire(bot) {
    const { deployments: _, secret: __, ...rest } = bot;
    return { ...rest, live: bot.live && liveView(bot) };
  }

  const liveView = ({ live }) => ({ ...live, snippet: snippetOf(live.deployment_key) });
  const summary = ({ id, name, created_at, updated_at, live }) => ({
    id,
    name,
    created_at,
    updated_at,
    ...(live ? { live_number: live.number } : {}),
  });

  function deploy(bot, { note = null, rotate_key = false }: Loose, user) {
    const same = bot.deployments.findLast(({ hash }) => hash === hashOf(bot));
    const number = same?.number ?? bot.deployments.length + 1;
    if (!same)
      bot.deployments.push({
        number,
        note,
        deployed_at: at(Date.now()),
        deployed_by: user,
        hash: hashOf(bot),
      });
    const key = bot.live && !rotate_key ? bot.live.deployment_key : `dpl_${idOf("k").slice(2, 18)}`;
    bot.live = { number, deployment_key: key };
    return { number, deployment_key: key, snippet: snippetOf(key) };
  }

  function found(caller, id, role = "viewer") {
    const bot = needed(caller, role).tenant.bots.get(id);
    if (!bot) throw problem(404, "chatbot_not_found", "There is no such chatbot.");
    return bot;
  }

  function check(body) {
    const errors = [];
    const refuse = (field, code, message) => errors.push({ field, code, message });
    if (!body.name.trim()) refuse("name", "required", "This cannot be empty.");
    for (const [index, { label, type, options = [] }] of body.prechat.entries()) {
      if (!label.trim()) refuse(`prechat[${index}].label`, "required", "This cannot be empty.");
      if (type === "select" && options.length < 2)
        refuse(`prechat[${index}].options`, "required", "A list needs at least two options.");
    }
    for (const [index, rule] of body.rules.entries()) {
      if (!rule.name.trim()) refuse(`rules[${index}].name`, "required", "This cannot be empty.");
      if (rule.when.words.length === 0 && !rule.when.page && !rule.when.language)
        refuse(`rules[${index}].when`, "required", "A rule needs a condition.");
      if (rule.then.length === 0)
        refuse(`rules[${index}].then`, "required", "A rule does something.");
    }
    for (const [index, origin] of body.origins.entries())
      if (!/^https:\/\/[^/]+\/?$|^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(origin))
        refuse(
          `origins[${index}]`,
          "bad_origin",
          "An address such as https://shop.example or https://*.shop.example is expected.",
        );
    if (errors.length > 0)
      throw problem(422, "bad_settings", "Some of the settings are not valid.", { errors });
  }

  const routes: Route[] = [
    [
      "GET",
      /^\/chatbots$/,
      ({ caller }) => ({
        body: {
          items: [...needed(caller(), "viewer").tenant.bots.values()].map(summary),
          next: null,
        },
      }),
    ],
    [
      "POST",
      /^\/chatbots$/,
      ({ caller, body }) => {
        const { tenant } = needed(caller(), "admin");
        onlyFields(body, "name", "language", "template");
        if (tenant.bots.size >= 2)
          throw problem(402, "limit_reached", "Your plan includes no more chatbots.", {
            errors: { limit: "bots" },
          });
        const settings: Loose = blankSettings(body.name, body.language);
        if (body.template !== "blank") {
          settings.persona = "A patient colleague at the help desk. Short sentences, no jargon.";
          settings.quick_replies.opening = ["Where is my order?", "Returns and refunds"];
          settings.csat = true;
        }
        return { status: 201, body: wire(add(tenant, settings)) };
      },
    ],
    [
      "GET",
      /^\/chatbots\/([^/]+)$/,
      ({ caller, parts: [id] }) => ({ body: wire(found(caller(), id)) }),
    ],
    [
      "PUT",
      /^\/chatbots\/([^/]+)$/,
      ({ caller, parts: [id], body }) => {
        const bot = found(caller(), id, "admin");
        const { version, ...settings } = body;
        if (version !== bot.version)
          throw problem(409, "changed_meanwhile", "The chatbot has been changed meanwhile.");
        onlyFields(settings, ...Object.keys(blankSettings("")));
        check(body);
        Object.assign(bot, settings, { version: version + 1, updated_at: at(Date.now()) });
        return { body: wire(bot) };
      },
    ],
    [
      "DELETE",
      /^\/chatbots\/([^/]+)$/,
      ({ caller, parts: [id] }) => {
        found(caller(), id, "admin");
        caller().tenant.bots.delete(id);
        return { status: 204 };
      },
    ],
    [
      "POST",
      /^\/chatbots\/([^/]+)\/deploy$/,
      ({ caller, parts: [id], body }) => {
        const bot = found(caller(), id, "admin");
        if (body.version !== bot.version)
          throw problem(409, "changed_meanwhile", "The chatbot has been changed meanwhile.");
        if (bot.origins.length === 0)
          throw problem(409, "no_origins", "Add the address of your site first.");
        return { status: 201, body: deploy(bot, body, caller().person.id) };
      },
    ],
    [
      "GET",
      /^\/chatbots\/([^/]+)\/deployments$/,
      ({ caller, parts: [id] }) => {
        const bot = found(caller(), id);
        const items = bot.deployments
          .toReversed()
          .map(({ hash: _, ...rest }) => ({ ...rest, is_live: rest.number === bot.live?.number }));
        return { body: { items, next: null } };
      },
    ],
    [
      "POST",
      /^\/chatbots\/([^/]+)\/deployments\/(\d+)\/activate$/,
      ({ caller, parts: [id, number] }) => {
        const bot = found(caller(), id, "admin");
        bot.live = { ...bot.live, number: Number(number) };
        return { body: liveView(bot) };
      },
    ],
    [
      "POST",
      /^\/chatbots\/([^/]+)\/identity-secret$/,
      ({ caller, parts: [id] }) => {
        found(caller(), id, "admin");
        return {
          status: 201,
          body: { secret: `dis_${idOf("s").slice(2)}`, generation: 1 },
        };
      },
    ],
  ];

  return { routes, add, deploy, wire };
}
