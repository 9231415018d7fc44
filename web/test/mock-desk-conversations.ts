// Conversations and contacts of the mocked Desk: heads, gapless messages and the rules that the console meets.

import { at, idOf } from "./mock-desk";
import { chat, days, hours, minutes, subjects, visitors } from "./mock-desk-data";
import type { Loose, Route } from "./mock-types";

const views = {
  mine: (head, me) => head.status === "open" && head.assignee === me,
  unassigned: (head) => head.status === "open" && head.assignee === null,
  all: (head) => head.status === "open",
  bot: (head) => head.status === "bot",
  snoozed: (head) => head.status === "snoozed",
  closed: (head) => head.status === "closed",
  mentions: (head, me) => head.mentions.includes(me),
};

const keyOf = ({ last_at, id }) => {
  const second = Math.floor(Date.parse(last_at) / 1000);
  return `${String(second - (second % 10)).padStart(12, "0")}#${id}`;
};

export function createDeskConversations(shared) {
  const { problem, needed, onlyFields, toTenant, toConversation } = shared;
  const all = new Map();

  function addContact(tenant, extra: Loose = {}) {
    const id = idOf("vis");
    const contact = {
      id,
      created_at: at(Date.now() - 20 * days),
      last_seen_at: at(Date.now() - 5 * minutes),
      is_verified: false,
      subject: null,
      name: null,
      email: null,
      phone: null,
      language: "en",
      merged: [],
      merged_into: null,
      blocked_at: null,
      version: 1,
      ...extra,
    };
    tenant.contacts.set(id, contact);
    return contact;
  }

  function add(tenant, { contact = addContact(tenant), messages = [], ...extra }: Loose = {}) {
    const id = extra.id ?? idOf("cnv");
    const now = Date.now();
    const head = {
      id,
      status: "open",
      handled_by: "human",
      assignee: null,
      team: null,
      priority: "normal",
      tags: [],
      visitor: {
        id: contact.id,
        name: contact.name,
        is_verified: contact.is_verified,
        is_blocked: false,
      },
      bot_id: null,
      subject: "",
      language: "en",
      started_at: at(now),
      last_seq: 0,
      last_at: at(now),
      unread: 0,
      waiting_since: null,
      first_reply_ms: null,
      csat: null,
      sentiment: null,
      snooze_until: null,
      ended: null,
      prechat: {},
      mentions: [],
      last_visitor_seq: 0,
      read_seq: 0,
      visitor_read_seq: 0,
      updated_at: at(now),
      version: 1,
      ...extra,
    };
    const conversation = {
      head,
      tenant,
      contact,
      messages: [],
      drafts: new Map(),
      posted: new Map(),
      isVisitorOnline: false,
    };
    all.set(id, conversation);
    tenant.conversations.set(id, conversation);
    for (const message of messages) append(conversation, message, false);
    return conversation;
  }

  function append(conversation, entry, isSent = true) {
    const { head, messages, tenant } = conversation;
    head.last_seq += 1;
    const message = {
      seq: head.last_seq,
      at: at(Date.now()),
      kind: "message",
      text: "",
      attachments: [],
      client_msg_id: null,
      reply_to: null,
      rev: 0,
      is_deleted: false,
      ...entry,
    };
    messages.push(message);
    if (message.kind === "message") {
      head.last_at = message.at;
      if (message.author.kind === "visitor") {
        head.subject ||= message.text.slice(0, 80);
        head.last_visitor_seq = head.last_seq;
        head.visitor_read_seq = head.last_seq;
        head.unread += 1;
        if (head.handled_by === "human") head.waiting_since ??= message.at;
      } else if (message.author.kind === "agent") {
        head.unread = 0;
        head.waiting_since = null;
        head.read_seq = head.last_seq;
      }
    }
    head.version += 1;
    head.updated_at = message.at;
    if (isSent) {
      toConversation(head.id, {
        type: "message:receive",
        conversation_id: head.id,
        messages: [message],
        after_seq: head.last_seq - 1,
        last_seq: head.last_seq,
      });
      toTenant(tenant, { type: "head", head });
    }
    return message;
  }

  const event = (conversation, author, given) =>
    append(conversation, { kind: "event", author, event: given });

  function changed(conversation) {
    conversation.head.version += 1;
    toTenant(conversation.tenant, { type: "head", head: conversation.head });
    return { body: conversation.head };
  }

  function post(
    id,
    author,
    { client_msg_id, text, kind = "message", reply_to = null, mentions = [], attachments = [] },
  ) {
    const conversation = all.get(id);
    const key = `${author.id} ${client_msg_id}`;
    const before = conversation.posted.get(key);
    if (before) return { message: before, isNew: false };
    const refusal = shared.faults.refuse.get("POST message");
    if (refusal) {
      shared.faults.refuse.delete("POST message");
      throw refusal;
    }
    const { head } = conversation;
    if (author.kind === "agent" && kind === "message") {
      if (head.status === "closed") {
        head.status = "open";
        head.ended = null;
        event(conversation, author, { type: "reopened" });
      }
      if (head.handled_by === "bot") {
        head.handled_by = "human";
        head.status = "open";
        head.assignee = author.id;
        event(conversation, author, { type: "took_over" });
      } else if (!head.assignee) {
        head.assignee = author.id;
        event(conversation, author, { type: "assigned", assignee: author.id });
      }
    }
    head.mentions = [...new Set([...head.mentions, ...mentions])];
    const message = append(conversation, {
      author,
      kind,
      text,
      client_msg_id,
      reply_to,
      attachments: attachments.map((upload) => fileView(uploads.get(upload))),
    });
    conversation.posted.set(key, message);
    return { message, isNew: true };
  }

  function found(caller, id) {
    const { tenant } = needed(caller, "agent");
    const conversation = tenant.conversations.get(id);
    if (!conversation)
      throw problem(404, "conversation_not_found", "There is no such conversation.");
    return conversation;
  }

  function patch(caller, conversation, body) {
    const { head } = conversation;
    onlyFields(body, "version", "assignee", "team", "priority", "tags", "snooze_until", "status");
    if (body.version !== head.version)
      throw problem(409, "changed_meanwhile", "The conversation has been changed meanwhile.");
    const author = { kind: "agent", id: caller.person.id, name: caller.person.name };
    if (body.status === "open") {
      if (head.status === "closed" || head.status === "snoozed") {
        head.status = head.handled_by === "bot" ? "bot" : "open";
        head.ended = null;
        head.snooze_until = null;
        event(conversation, author, { type: "reopened" });
      }
      if (head.handled_by === "bot") {
        head.handled_by = "human";
        head.status = "open";
        head.assignee = author.id;
        event(conversation, author, { type: "took_over" });
      }
    }
    if (body.status === "bot") {
      head.handled_by = "bot";
      head.status = "bot";
      head.assignee = null;
      event(conversation, author, {
        type: "handed_off",
        to: "bot",
        reason: "returned",
        team: null,
      });
    }
    if (body.assignee !== undefined && body.assignee !== head.assignee) {
      head.assignee = body.assignee;
      event(conversation, author, { type: "assigned", assignee: body.assignee });
    }
    if (body.team !== undefined) head.team = body.team;
    if (body.priority) head.priority = body.priority;
    if (body.tags) head.tags = [...new Set(body.tags as string[])].sort();
    if (body.snooze_until) {
      if (Date.parse(body.snooze_until) <= Date.now())
        throw problem(400, "bad_snooze", "Choose a time within the next year.");
      head.status = "snoozed";
      head.snooze_until = body.snooze_until;
      event(conversation, author, { type: "snoozed", until: body.snooze_until });
    } else if (body.snooze_until === null && head.status === "snoozed") {
      head.status = "open";
      head.snooze_until = null;
      event(conversation, author, { type: "reopened" });
    }
    return changed(conversation);
  }

  function list(caller, query) {
    const { tenant, person } = needed(caller, "agent");
    const shows = views[query.get("view")];
    if (!shows) throw problem(400, "bad_view", "There is no such view.");
    const q = (query.get("q") ?? "").toLowerCase();
    const words = ({ subject, visitor }) => `${subject} ${visitor.name ?? ""}`.toLowerCase();
    const heads = [...tenant.conversations.values()]
      .map(({ head }) => head)
      .filter((head) => shows(head, person.id) && words(head).includes(q))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1));
    const after = query.get("after");
    const from = after ? heads.findIndex((head) => keyOf(head) < after) : 0;
    const limit = Number(query.get("limit") ?? 25);
    const items = from < 0 ? [] : heads.slice(from, from + limit);
    const isLast = from < 0 || from + limit >= heads.length;
    return { body: { items, next: isLast ? null : keyOf(items.at(-1)) } };
  }

  function page({ messages, head }, query) {
    const limit = Number(query.get("limit") ?? 50);
    const before = Number(query.get("before") ?? 0);
    const after = query.get("after");
    const found =
      after !== null
        ? messages.filter(({ seq }) => seq > Number(after)).slice(0, limit)
        : messages.filter(({ seq }) => before === 0 || seq < before).slice(-limit);
    return {
      body: { messages: found, last_seq: head.last_seq, first_seq: messages[0]?.seq ?? 1 },
    };
  }

  function contactOf(caller, id) {
    const contact = needed(caller, "agent").tenant.contacts.get(id);
    if (!contact) throw problem(404, "contact_not_found", "There is no such contact.");
    return contact;
  }

  const uploads = new Map();
  const fileView = ({ name, mime, bytes, upload_id, state }) => ({
    upload_id,
    name,
    mime,
    bytes,
    ...state,
    ...(state.state === "ready" ? { url: `${shared.urlOf()}/files/${upload_id}` } : {}),
  });

  const routes: Route[] = [
    [
      "POST",
      /^\/conversations\/([^/]+)\/attachments$/,
      ({ caller, parts: [id], body }) => {
        found(caller(), id);
        const upload_id = idOf("upl");
        uploads.set(upload_id, { ...body, upload_id, state: { state: "waiting" } });
        const fields = { key: `quarantine/${upload_id}`, policy: "p" };
        return { status: 201, body: { upload_id, url: `${shared.urlOf()}/bucket`, fields } };
      },
    ],
    [
      "POST",
      /^\/bucket$/,
      ({ raw }) => {
        const upload_id = /quarantine\/(upl_[0-9a-f]+)/.exec(raw)?.[1];
        uploads.get(upload_id).isUploaded = true;
        return { status: 204 };
      },
    ],
    [
      "POST",
      /^\/conversations\/[^/]+\/attachments\/([^/]+)$/,
      ({ parts: [id] }) => ({ status: 202, body: fileView(uploads.get(id)) }),
    ],
    [
      "GET",
      /^\/conversations\/[^/]+\/attachments\/([^/]+)$/,
      ({ parts: [id] }) => {
        const upload = uploads.get(id);
        if (upload.isUploaded)
          upload.state = upload.name.includes("bad")
            ? { state: "refused", code: "wrong_type" }
            : { state: "ready" };
        return { body: fileView(upload) };
      },
    ],
    ["GET", /^\/files\/([^/]+)$/, ({ parts: [id] }) => ({ body: `The file ${id}` })],
    ["GET", /^\/conversations$/, ({ caller, query }) => list(caller(), query)],
    [
      "GET",
      /^\/conversations\/visitor\/([^/]+)$/,
      ({ caller, parts: [id] }) => {
        const { tenant } = needed(caller(), "agent");
        const items = [...tenant.conversations.values()]
          .map(({ head }) => head)
          .filter(({ visitor }) => visitor.id === id)
          .sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1));
        return { body: { items, next: null } };
      },
    ],
    [
      "GET",
      /^\/conversations\/([^/]+)$/,
      ({ caller, parts: [id] }) => {
        const { head, drafts } = found(caller(), id);
        return { body: { ...head, draft: drafts.get(caller().person.id) ?? null } };
      },
    ],
    [
      "PATCH",
      /^\/conversations\/([^/]+)$/,
      ({ caller, parts: [id], body }) => patch(caller(), found(caller(), id), body),
    ],
    [
      "PUT",
      /^\/conversations\/([^/]+)\/end$/,
      ({ caller, parts: [id], body }) => {
        const conversation = found(caller(), id);
        const { head } = conversation;
        const { person } = caller();
        if (head.status === "closed") return { body: head };
        event(
          conversation,
          { kind: "agent", id: person.id, name: person.name },
          {
            type: "ended",
            reason: body.reason,
          },
        );
        Object.assign(head, {
          status: "closed",
          ended: { at: at(Date.now()), reason: body.reason, asks_csat: false },
          waiting_since: null,
          unread: 0,
          read_seq: head.last_seq,
        });
        return changed(conversation);
      },
    ],
    [
      "GET",
      /^\/conversations\/([^/]+)\/messages$/,
      ({ caller, parts: [id], query }) => page(found(caller(), id), query),
    ],
    [
      "POST",
      /^\/conversations\/([^/]+)\/messages$/,
      ({ caller, parts: [id], body }) => {
        const { person } = caller();
        found(caller(), id);
        const author = { kind: "agent", id: person.id, name: person.name };
        const { message, isNew } = post(id, author, body);
        return { status: isNew ? 201 : 200, body: message };
      },
    ],
    [
      "DELETE",
      /^\/conversations\/([^/]+)\/messages\/(\d+)$/,
      ({ caller, parts: [id, seq] }) => {
        const conversation = found(caller(), id);
        const message = conversation.messages.find((one) => one.seq === Number(seq));
        Object.assign(message, { text: "", is_deleted: true, rev: message.rev + 1 });
        toConversation(id, { type: "changed", conversation_id: id, messages: [message] });
        return { status: 204 };
      },
    ],
    [
      "PUT",
      /^\/conversations\/([^/]+)\/draft$/,
      ({ caller, parts: [id], body }) => {
        const draft = body.text.trim() ? { text: body.text, saved_at: at(Date.now()) } : null;
        found(caller(), id).drafts.set(caller().person.id, draft);
        return { status: 204 };
      },
    ],
    [
      "POST",
      /^\/conversations\/([^/]+)\/read$/,
      ({ caller, parts: [id], body }) => {
        found(caller(), id);
        read(id, body.seq);
        return { status: 204 };
      },
    ],
    [
      "GET",
      /^\/conversations\/([^/]+)\/transcript$/,
      ({ caller, parts: [id] }) => ({
        body: found(caller(), id)
          .messages.map(({ text }) => text)
          .filter(Boolean)
          .join("\n"),
      }),
    ],
    [
      "GET",
      /^\/contacts$/,
      ({ caller, query }) => {
        const { tenant } = needed(caller(), "agent");
        const q = (query.get("q") ?? "").toLowerCase();
        const fits = ({ name, email }) => `${name ?? ""} ${email ?? ""}`.toLowerCase().includes(q);
        const items = [...tenant.contacts.values()].filter(fits);
        const from = Number(query.get("after") ?? 0);
        const limit = Number(query.get("limit") ?? 25);
        const isLast = from + limit >= items.length;
        return {
          body: {
            items: items.slice(from, from + limit),
            next: isLast ? null : String(from + limit),
          },
        };
      },
    ],
    [
      "GET",
      /^\/contacts\/([^/]+)$/,
      ({ caller, parts: [id] }) => ({ body: contactOf(caller(), id) }),
    ],
    [
      "PATCH",
      /^\/contacts\/([^/]+)$/,
      ({ caller, parts: [id], body }) => {
        const contact = contactOf(caller(), id);
        if (body.version !== contact.version)
          throw problem(409, "changed_meanwhile", "The contact has been changed meanwhile.");
        const { version: _, ...changes } = body;
        if (changes.email && !changes.email.includes("@"))
          throw problem(400, "bad_email", "This is not an email address.");
        for (const [name, value] of Object.entries(changes))
          contact[name] = value === "" ? null : value;
        contact.version += 1;
        return { body: contact };
      },
    ],
    [
      "POST",
      /^\/contacts\/([^/]+)\/merge$/,
      ({ caller, parts: [id], body }) => {
        const into = contactOf(caller(), body.into);
        contactOf(caller(), id).merged_into = into.id;
        into.merged = [...into.merged, id];
        return { body: into };
      },
    ],
    [
      "POST",
      /^\/contacts\/([^/]+)\/block$/,
      ({ caller, parts: [id], body }) => {
        const contact = contactOf(caller(), id);
        contact.blocked_at = body.is_blocked ? at(Date.now()) : null;
        contact.version += 1;
        for (const conversation of all.values())
          if (conversation.contact === contact) {
            conversation.head.visitor.is_blocked = body.is_blocked;
            changed(conversation);
          }
        return { body: contact };
      },
    ],
  ];

  function read(id, seq) {
    const conversation = all.get(id);
    if (!conversation || seq <= conversation.head.read_seq) return;
    const { head } = conversation;
    head.read_seq = Math.min(seq, head.last_seq);
    if (head.last_visitor_seq <= head.read_seq) head.unread = 0;
    changed(conversation);
  }

  return {
    routes,
    add,
    addContact,
    append,
    changed,
    read,
    post,
    find: (id) => all.get(id),
    /** A visitor writes. */
    say(conversation, text) {
      const { head, contact } = conversation;
      return append(conversation, {
        author: { kind: "visitor", id: head.visitor.id, name: contact.name },
        text,
        client_msg_id: idOf("msg"),
      });
    },
    typing(conversation, type = "typing:start") {
      const { id } = conversation.head;
      toConversation(id, { type, conversation_id: id, author: { kind: "visitor" } });
    },
    /** The last number alone, as `watch` is answered. */
    marker(id, send) {
      const { last_seq } = all.get(id)?.head ?? { last_seq: 0 };
      send({
        type: "backfill",
        conversation_id: id,
        messages: [],
        after_seq: last_seq,
        last_seq,
      });
    },
    backfill(id, seq, send) {
      const conversation = all.get(id);
      if (!conversation) return;
      const missed = conversation.messages.filter((message) => message.seq > seq);
      if (missed.length === 0) return;
      send({
        type: "backfill",
        conversation_id: id,
        messages: missed,
        after_seq: seq,
        last_seq: conversation.head.last_seq,
      });
    },
    /** Many conversations in every state. */
    fill(tenant, me, count = visitors.length) {
      const bot = [...tenant.bots.values()][0];
      const members = [...tenant.members.values()];
      for (let index = 0; index < count; index += 1) {
        const name = visitors[index % visitors.length];
        const contact = addContact(tenant, {
          name,
          email: name && index % 3 === 0 ? `visitor${index}@mail.example` : null,
          is_verified: index % 4 === 0,
          language: ["en", "es", "he", "en"][index % 4],
        });
        const began = Date.now() - (count - index) * 7 * minutes - (index % 5) * hours;
        const conversation = add(tenant, { contact, bot_id: bot?.id ?? null });
        const { head } = conversation;
        const script = index === 0 ? chat : [["visitor", subjects[index % subjects.length]]];
        head.started_at = at(began);
        for (const [place, [kind, text]] of script.entries()) {
          const author =
            kind === "visitor"
              ? { kind, id: contact.id, name }
              : kind === "bot"
                ? { kind, id: bot?.id, name: bot?.name ?? "Lumi" }
                : { kind, id: me.id, name: me.name };
          append(
            conversation,
            {
              author,
              text,
              at: at(began + place * 2 * minutes),
              client_msg_id: idOf("msg"),
            },
            false,
          );
        }
        const state = index % 7;
        if (index === 0) head.assignee = me.id;
        else if (state === 1) Object.assign(head, { assignee: me.id, priority: "high" });
        else if (state === 2) Object.assign(head, { assignee: members[2]?.user_id ?? null });
        else if (state === 3)
          Object.assign(head, { tags: ["delivery", "vip"], priority: "urgent" });
        else if (state === 4)
          Object.assign(head, { status: "bot", handled_by: "bot", waiting_since: null });
        else if (state === 5)
          Object.assign(head, { status: "snoozed", snooze_until: at(Date.now() + 20 * hours) });
        else if (state === 6)
          Object.assign(head, {
            status: "closed",
            ended: { at: at(began + hours), reason: "resolved", asks_csat: true },
            waiting_since: null,
            unread: 0,
          });
      }
    },
  };
}
