// The wire format of Desk: docs and types of functions/desk/domain.

export type Role = "viewer" | "agent" | "admin" | "owner";

export interface TenantSummary {
  id: string;
  name: string;
  role: Role;
}

export interface User {
  id: string;
  email: string;
  name: string;
  platform_role?: "admin" | null;
}

/** The answer of a sign-in or a refresh. The refresh token is in a cookie. */
export interface SessionInfo {
  access_token: string;
  expires_in: number;
  user: User;
  tenant_id: string | null;
  role: Role | null;
  tenants: TenantSummary[];
}

export interface Page<Item> {
  items: Item[];
  next: string | null;
}

// Conversations

export type Status = "bot" | "open" | "snoozed" | "closed";
export type Handler = "bot" | "human";
export type Priority = "low" | "normal" | "high" | "urgent";
export type EndReason = "resolved" | "spam" | "no_reply" | "left";
export type HandoffReason =
  | "asked"
  | "unknown"
  | "sentiment"
  | "rule"
  | "off"
  | "max_turns"
  | "budget"
  | "error"
  | "assigned"
  | "returned";

export interface VisitorSummary {
  id: string;
  name: string | null;
  is_verified: boolean;
  is_blocked: boolean;
}

export interface Head {
  id: string;
  status: Status;
  handled_by: Handler;
  assignee: string | null;
  team: string | null;
  priority: Priority;
  tags: string[];
  visitor: VisitorSummary;
  bot_id: string | null;
  subject: string;
  language: string | null;
  started_at: string;
  last_seq: number;
  last_at: string;
  unread: number;
  waiting_since: string | null;
  first_reply_ms: number | null;
  csat: { score: number; comment: string } | null;
  sentiment: "negative" | "neutral" | "positive" | null;
  snooze_until: string | null;
  ended: { at: string; reason: EndReason; asks_csat: boolean } | null;
  prechat: Record<string, string>;
  mentions: string[];
  last_visitor_seq: number;
  read_seq: number;
  visitor_read_seq: number;
  updated_at: string;
  version: number;
}

/** A conversation with what the agent who asks has typed and not sent. */
export interface ConversationDetail extends Head {
  draft: { text: string; saved_at: string } | null;
}

export interface HeadPatch {
  assignee?: string | null;
  team?: string | null;
  priority?: Priority;
  tags?: string[];
  snooze_until?: string | null;
  status?: "bot" | "open" | "closed";
}

export type Author =
  | { kind: "visitor"; id: string; name: string | null }
  | { kind: "bot"; id: string; name: string }
  | { kind: "agent"; id: string; name: string }
  | { kind: "system" };

export type ConversationEvent =
  | { type: "started" }
  | { type: "assigned"; assignee: string | null }
  | { type: "handed_off"; to: Handler; reason: HandoffReason; team: string | null }
  | { type: "took_over" }
  | { type: "snoozed"; until: string }
  | { type: "reopened" }
  | { type: "ended"; reason: EndReason }
  | { type: "csat"; score: number }
  | { type: "rule"; rule: string };

export interface Attachment {
  upload_id: string;
  name: string;
  mime: string;
  bytes: number;
}

export interface Message {
  seq: number;
  at: string;
  author: Author;
  kind: "message" | "note" | "event";
  text: string;
  event?: ConversationEvent;
  attachments: Attachment[];
  client_msg_id: string | null;
  reply_to: number | null;
  offer?: { quick_replies?: string[]; form?: "prechat" | "address" };
  rev: number;
  is_deleted: boolean;
}

export interface MessagePage {
  messages: Message[];
  last_seq: number;
  first_seq: number;
}

/** An author without ids, in frames of typing. */
export type TypingAuthor = { kind: Author["kind"]; name?: string | null };

/** `after_seq` and `last_seq` name the numbers that the frame covers. */
export interface MessagesFrame {
  type: "message:receive" | "backfill";
  conversation_id: string;
  messages: Message[];
  after_seq: number;
  last_seq: number;
}

export interface TypingFrame {
  type: "typing:start" | "typing:stop";
  conversation_id: string;
  author: TypingAuthor;
}

/** Agents of the workspace who are online, and of a conversation whether its visitor is. */
export interface PresenceFrame {
  type: "presence";
  conversation_id?: string;
  agents: number;
  is_visitor_online?: boolean;
}

export interface RefusedFrame {
  type: "refused";
  code: string;
  title: string;
  client_msg_id?: string;
}

export interface WelcomeFrame {
  type: "welcome";
  now: string;
  until: string;
  last_seqs: Record<string, number>;
}

export type ByeReason = "signed_out" | "blocked" | "suspended" | "renew";

export type ServerFrame =
  | WelcomeFrame
  | MessagesFrame
  | { type: "changed"; conversation_id: string; messages: Message[] }
  | TypingFrame
  | { type: "conversation:end" }
  | { type: "head"; head: Head }
  | PresenceFrame
  | { type: "pong"; now: string; last_seq: number | null }
  | RefusedFrame
  | { type: "bye"; reason: ByeReason };

export interface Contact {
  id: string;
  created_at: string;
  last_seen_at: string;
  is_verified: boolean;
  subject: string | null;
  name: string | null;
  email: string | null;
  phone: string | null;
  language: string | null;
  merged: string[];
  merged_into: string | null;
  blocked_at: string | null;
  version: number;
}

// The workspace

export type Availability = "online" | "away";

export interface Notifications {
  mail: boolean;
  push: boolean;
}

export interface Member {
  user_id: string;
  /** null: the account was closed. */
  name: string | null;
  email: string | null;
  role: Role;
  teams: string[];
  availability: Availability;
  joined_at: string;
  /** For the member alone. */
  notify?: Notifications;
}

export interface Team {
  id: string;
  name: string;
  version: number;
}

export interface Canned {
  /** Distinguishes the reply, and does not change. */
  shortcut: string;
  text: string;
  team: string | null;
  version: number;
}

export interface Tag {
  id: string;
  name: string;
  color: string | null;
  version: number;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  teams: string[];
  invited_by: string;
  created_at: string;
  expires_at: string;
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  bot_ids: string[];
  allowed_ips: string[];
  created_by: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  last_ip: string | null;
}

export interface DeviceSession {
  id: string;
  client: "browser" | "mobile";
  name: string;
  ip: string | null;
  created_at: string;
  used_at: string;
  expires_at: string;
  is_current: boolean;
}

export type LimitName =
  | "seats"
  | "bots"
  | "sockets"
  | "conversations"
  | "ai_answers"
  | "documents"
  | "chunks"
  | "api_keys";

export interface Limit {
  name: LimitName;
  unit: string;
  limit: number;
  cap: number | null;
  used: number;
  reserved: number;
  resets_at: string | null;
  policy: "hard" | "soft" | "metered";
}

export interface Limits {
  plan: Plan;
  /** The month of the limits that begin anew each month. */
  period: string;
  limits: Limit[];
  entitlements: string[];
}

export type Plan = "trial" | "starter" | "team" | "business";
export type TenantStatus = "trial" | "active" | "suspended" | "deleting";
export type LoginMethod = "password" | "google" | "github" | "oidc" | "saml";

export interface TenantSettings {
  version: number;
  name: string;
  locale: string;
  timezone: string;
  branding: { color: string | null; logo_url: string | null };
  privacy: { retention_days: number; mask_ip: boolean; consent_text: string | null };
  security: {
    mfa_required: boolean;
    session_hours: number;
    methods: LoginMethod[];
    ip_allow: string[];
  };
  ai: { budget_micros: number; on_budget: "handoff" | "extract" };
}

export type Isolation = "pooled" | "table" | "stack";
export type HoldReason = "trial_ended" | "unpaid" | "platform";

/** How far the setup of a workspace is. */
export interface Provisioning {
  state: "running" | "ready" | "failed";
  current: string;
  step: number;
  of: number;
  code?: string;
}

export interface Tenant extends Omit<TenantSettings, "security"> {
  id: string;
  slug: string;
  status: TenantStatus;
  plan: Plan;
  isolation: Isolation;
  /** For those who may change settings. */
  security?: TenantSettings["security"];
  trial_ends_at: string | null;
  /** When the data of a deleted workspace is erased. */
  erase_at: string | null;
  holds: Partial<Record<HoldReason, { since: string; note?: string }>>;
  created_at: string;
  provisioning?: Provisioning;
}

/** A workspace in the list of operators. */
export interface TenantRow {
  id: string;
  slug: string;
  status: TenantStatus;
  plan: Plan;
  isolation: Isolation;
  created_at: string;
}

export interface DaySpan {
  from: string;
  to: string;
}

export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

export type Week = Record<Weekday, DaySpan[]>;

export interface Holiday {
  date: string;
  name: string;
  spans: DaySpan[];
}

/** Before the first hours, version is 0 and people answer at any time. */
export interface Hours {
  version: number;
  timezone?: string;
  week?: Week;
  holidays?: Holiday[];
  is_open: boolean;
  opens_at: string | null;
}

export interface AuditEntry {
  at: string;
  actor: { kind: "person" | "key" | "platform" | "operator" | "system"; id: string };
  action: string;
  target: string;
  source?: string;
  note?: string;
  correlation_id: string;
}

// Chatbots

export type PrechatType = "text" | "email" | "select" | "checkbox";

export interface PrechatField {
  key: string;
  label: string;
  type: PrechatType;
  required: boolean;
  options?: string[];
}

export type RuleEffect =
  | { do: "say"; text: string }
  | { do: "tag"; tag: string }
  | { do: "priority"; priority: Priority }
  | { do: "hand_off"; team: string | null };

export interface Rule {
  name: string;
  when: { words: string[]; language: string | null; page: string | null };
  then: RuleEffect[];
}

export interface WidgetTexts {
  title?: string;
  greeting?: string;
  prechat?: string;
  unknown?: string;
  handoff?: string;
  away?: string;
  ask_address?: string;
  address_saved?: string;
}

export interface BotSettings {
  name: string;
  persona: string;
  instructions: string;
  languages: string[];
  model: string | null;
  answer: { mode: "auto" | "suggest" | "off"; max_turns: number; floor: number | null };
  handoff: {
    words: string[];
    on_unknown: number;
    on_sentiment: boolean;
    hours: "always" | "business";
    team: string | null;
  };
  prechat: PrechatField[];
  csat: boolean;
  quick_replies: { opening: string[]; followup: string[]; handoff: string[] };
  appearance: {
    color: string;
    position: "left" | "right";
    launcher: "bubble" | "question" | "wave";
    strings: Record<string, WidgetTexts>;
  };
  origins: string[];
  identity: { required: boolean };
  avatar_id: string | null;
  rules: Rule[];
  reopening: "always" | "week" | "never";
}

export interface Bot extends BotSettings {
  id: string;
  version: number;
  created_at: string;
  updated_at: string;
  live: LiveDeployment | null;
}

/** A bot in lists. */
export interface BotSummary {
  id: string;
  name: string;
  created_at: string;
  updated_at: string;
  /** The number of the deployment that visitors meet. */
  live_number?: number;
}

/** What visitors meet, and what an admin pastes into the pages of a site. */
export interface LiveDeployment {
  number: number;
  deployment_key: string;
  snippet: string;
}

export interface Deployment {
  number: number;
  note: string | null;
  deployed_at: string;
  deployed_by: string;
  is_live: boolean;
}

/** A secret with which a site's server vouches for its visitors. It is shown once. */
export interface IdentitySecret {
  secret: string;
  generation: number;
  previous_valid_until?: string;
}
