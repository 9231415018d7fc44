// Made from the Rust types by `cargo test -p desk`. Not to be changed by hand.

export type Page<T> = { items: Array<T>, 
/**
 * The cursor of the next page.
 */
next: string | null, };

export type Role = "viewer" | "agent" | "admin" | "owner";

export type PlatformRole = "admin";

export type LoginMethod = "password" | "google" | "github" | "oidc" | "saml";

export type SessionClient = "browser" | "mobile";

export type User = { id: string, email: string, name: string, platform_role?: PlatformRole, };

export type TenantSummary = { id: string, name: string, role: Role, };

export type PersonInfo = { user: User, tenant_id: string | null, role: Role | null, tenants: Array<TenantSummary>, };

export type SessionInfo = { access_token: string, expires_in: number, refresh_token?: string, user: User, tenant_id: string | null, role: Role | null, tenants: Array<TenantSummary>, };

export type Verification = { token: string, 
/**
 * The password of the sign-up.
 */
password: string, client?: SessionClient, };

export type SignUpRequest = { email: string, password: string, name: string, tenant_name: string, locale?: string, };

export type Login = { email: string, password: string, tenant?: string, client?: SessionClient, };

export type ForgottenPassword = { email: string, };

export type PasswordReset = { token: string, password: string, };

export type PasswordChange = { current: string, password: string, };

export type Refresh = { 
/**
 * Of a mobile client. Browsers send a cookie.
 */
refresh_token?: string, tenant_id?: string, };

export type Logout = { refresh_token?: string, 
/**
 * Ends all sessions of the person.
 */
all?: boolean, };

export type Device = { client: SessionClient, 
/**
 * The name that the client gives itself, such as its user agent.
 */
name: string, ip: string | null, };

export type SessionSummary = { id: string, created_at: string, used_at: string, expires_at: string, 
/**
 * Whether it is the session that asks.
 */
is_current: boolean, client: SessionClient, 
/**
 * The name that the client gives itself, such as its user agent.
 */
name: string, ip: string | null, };

export type TokenKind = "user" | "key" | "visitor";

export type Scope = "chatbots:read" | "chatbots:write" | "knowledge:read" | "knowledge:write" | "conversations:read" | "conversations:write" | "contacts:read" | "contacts:write" | "analytics:read" | "analytics:write" | "webhooks:read" | "webhooks:write" | "jobs:read" | "jobs:write" | "members:read" | "members:write" | "events:write" | "ai:use" | "billing:read";

export type Validation = { kind: TokenKind, user_id?: string, tenant_id: string | null, role?: Role, scopes: Array<Scope>, 
/**
 * When the token expires by itself. `None` is a key without an end, and a visitor, whose token is renewed.
 */
expires_at: string | null, };

export type ApiKeyRequest = { name: string, scopes: Array<string>, 
/**
 * The bots that the key reaches; none is all of them.
 */
bot_ids?: Array<string>, expires_at?: string, 
/**
 * The addresses that may use the key; none is all of them.
 */
allowed_ips?: Array<string>, };

export type ApiKey = { id: string, name: string, 
/**
 * The beginning of the key, by which people recognize it.
 */
prefix: string, scopes: Array<Scope>, bot_ids: Array<string>, allowed_ips: Array<string>, created_by: string, created_at: string, expires_at: string | null, 
/**
 * Exact to an hour.
 */
last_used_at: string | null, last_ip: string | null, };

export type CreatedApiKey = { key: string, id: string, name: string, 
/**
 * The beginning of the key, by which people recognize it.
 */
prefix: string, scopes: Array<Scope>, bot_ids: Array<string>, allowed_ips: Array<string>, created_by: string, created_at: string, expires_at: string | null, 
/**
 * Exact to an hour.
 */
last_used_at: string | null, last_ip: string | null, };

export type Plan = "trial" | "starter" | "team" | "business";

export type TenantStatus = "trial" | "active" | "suspended" | "deleting";

export type Isolation = "pooled" | "table" | "stack";

export type HoldReason = "trial_ended" | "unpaid" | "platform";

export type Branding = { color: string | null, 
/**
 * An `https` address.
 */
logo_url: string | null, };

export type BrandingInput = { color?: string | null, logo_url?: string | null, };

export type Privacy = { retention_days: number, 
/**
 * Whether addresses of visitors are stored without their last part.
 */
mask_ip: boolean, 
/**
 * Visitors agree to it before they write; `None` asks nothing.
 */
consent_text: string | null, };

export type PrivacyInput = { retention_days: number, mask_ip: boolean, consent_text?: string | null, };

export type Security = { 
/**
 * Whether a second factor is asked for.
 */
mfa_required: boolean, 
/**
 * Hours from a sign-in to the next one.
 */
session_hours: number, 
/**
 * How members sign in.
 */
methods: Array<LoginMethod>, 
/**
 * The addresses from which members may work; none is all of them.
 */
ip_allow: Array<string>, };

export type SecurityInput = { mfa_required: boolean, session_hours: number, methods: Array<LoginMethod>, ip_allow?: Array<string>, };

export type OnBudget = "handoff" | "extract";

export type AiBudget = { 
/**
 * Micro-dollars a month.
 */
budget_micros: number, on_budget: OnBudget, };

export type TenantSettingsInput = { version: number, name: string, locale: string, timezone: string, branding: BrandingInput, privacy: PrivacyInput, security: SecurityInput, ai: AiBudget, };

export type ProvisionStep = "validated" | "identity" | "table" | "search" | "customer" | "defaults" | "index" | "ready";

export type ProvisionState = { "state": "running" } | { "state": "ready" } | { "state": "failed", code: string, };

export type ProvisionProgress = { 
/**
 * The name of the current step.
 */
current: ProvisionStep, 
/**
 * Steps that are done, of all needed ones.
 */
step: number, of: number, } & ({ "state": "running" } | { "state": "ready" } | { "state": "failed", code: string, });

export type CompletedStep = { step: ProvisionStep, at: string, };

export type ProvisionRun = { run_id: string, 
/**
 * Those that are done.
 */
steps: Array<CompletedStep>, 
/**
 * The name of the current step.
 */
current: ProvisionStep, 
/**
 * Steps that are done, of all needed ones.
 */
step: number, of: number, } & ({ "state": "running" } | { "state": "ready" } | { "state": "failed", code: string, });

export type Hold = { since: string, 
/**
 * The operator's reason, for those who read the audit, too.
 */
note?: string, };

export type Tenant = { id: string, slug: string, name: string, status: TenantStatus, plan: Plan, isolation: Isolation, 
/**
 * Of the settings: a PUT names it.
 */
version: number, locale: string, timezone: string, branding: Branding, privacy: Privacy, 
/**
 * For those who may change settings.
 */
security?: Security, ai: AiBudget, trial_ends_at: string | null, 
/**
 * When the data of a deleted workspace is erased.
 */
erase_at: string | null, 
/**
 * Why the workspace is suspended.
 */
holds: { [key in HoldReason]?: Hold }, created_at: string, provisioning?: ProvisionProgress, };

export type TenantRow = { id: string, slug: string, status: TenantStatus, plan: Plan, isolation: Isolation, created_at: string, };

export type NewTenant = { name: string, slug?: string, locale?: string, 
/**
 * A workspace begins on trial.
 */
plan?: Plan, };

export type SetupRequest = { isolation: Isolation, };

export type Suspension = { reason: string, };

export type Resumption = { reason?: string, };

export type Deletion = { 
/**
 * The slug of the workspace.
 */
confirm: string, };

export type LimitName = "seats" | "bots" | "sockets" | "conversations" | "ai_answers" | "documents" | "chunks" | "api_keys";

export type LimitPolicy = "hard" | "soft" | "metered";

export type LimitReport = { name: LimitName, unit: string, limit: number, cap: number | null, used: number, reserved: number, resets_at: string | null, policy: LimitPolicy, };

export type Limits = { plan: Plan, 
/**
 * The month of the limits that begin anew each month.
 */
period: string, limits: Array<LimitReport>, entitlements: Array<string>, };

export type AuditActor = { "kind": "person", "id": string } | { "kind": "key", "id": string } | { "kind": "platform", "id": string } | { "kind": "operator", "id": string } | { "kind": "system", "id": string };

export type AuditEntry = { at: string, actor: AuditActor, action: string, target: string, before?: string, after?: string, source?: string, note?: string, correlation_id: string, };

export type Availability = "online" | "away";

export type NotificationSettings = { mail: boolean, push: boolean, };

export type Member = { user_id: string, 
/**
 * Absent for an account that was closed.
 */
name: string | null, email: string | null, role: Role, teams: Array<string>, availability: Availability, joined_at: string, 
/**
 * For the member alone.
 */
notify?: NotificationSettings, };

export type MemberChange = { role?: Role, teams?: Array<string>, };

export type OwnMembership = { availability: Availability, notify: NotificationSettings, };

export type Invitation = { id: string, email: string, role: Role, teams: Array<string>, invited_by: string, created_at: string, expires_at: string, };

export type NewInvitation = { email: string, role: Role, teams?: Array<string>, };

export type AcceptanceRequest = { 
/**
 * Of the link.
 */
token: string, 
/**
 * For a new account.
 */
name?: string, password?: string, client?: SessionClient, };

export type Joined = { tenant_id: string, role: Role, };

export type Team = { id: string, name: string, version: number, };

export type TeamInput = { version?: number, name: string, };

export type CannedReply = { 
/**
 * Distinguishes the reply, so that no two have the same.
 */
shortcut: string, 
/**
 * May have placeholders such as `{{visitor.name}}`.
 */
text: string, 
/**
 * The team that uses it; `None` is all.
 */
team: string | null, version: number, };

export type CannedInput = { version?: number, shortcut: string, text: string, team?: string | null, };

export type Tag = { 
/**
 * Made of the name, so that no two tags have the same.
 */
id: string, name: string, color: string | null, version: number, };

export type TagInput = { version?: number, name: string, color?: string | null, };

export type InboxView = "mine" | "unassigned" | "all" | "bot" | "snoozed" | "closed" | "mentions";

export type ViewCount = { view: InboxView, count: number, 
/**
 * Whether there are more than that.
 */
has_more: boolean, };

export type InboxFilter = { bot: string | null, tag: string | null, assignee: string | null, 
/**
 * Words of the subject or the visitor's name.
 */
q: string | null, };

export type SavedView = { id: string, name: string, 
/**
 * The built-in view that the filter narrows.
 */
view: InboxView, filter: InboxFilter, 
/**
 * Whether all agents see it.
 */
shared: boolean, owner: string, version: number, };

export type ViewInput = { version?: number, name: string, view?: InboxView, filter?: InboxFilter, shared?: boolean, };

export type OpenSpan = { from: string, to: string, };

export type Week = { mon: Array<OpenSpan>, tue: Array<OpenSpan>, wed: Array<OpenSpan>, thu: Array<OpenSpan>, fri: Array<OpenSpan>, sat: Array<OpenSpan>, sun: Array<OpenSpan>, };

export type Holiday = { date: string, name: string, spans: Array<OpenSpan>, };

export type HoursInput = { version: number, timezone: string, week: Week, holidays?: Array<Holiday>, };

export type Hours = { 
/**
 * 0 before the first hours: people answer at any time.
 */
version: number, timezone?: string, week?: Week, holidays?: Array<Holiday>, is_open: boolean, 
/**
 * The next opening, while it is closed.
 */
opens_at: string | null, };

export type ConversationStatus = "bot" | "open" | "snoozed" | "closed";

export type Handler = "bot" | "human";

export type HandoffReason = "asked" | "unknown" | "sentiment" | "rule" | "off" | "max_turns" | "budget" | "error" | "assigned" | "returned";

export type EndReason = "resolved" | "spam" | "no_reply" | "left";

export type Priority = "low" | "normal" | "high" | "urgent";

export type ReopenPolicy = "always" | "week" | "never";

export type Sentiment = "negative" | "neutral" | "positive";

export type VisitorSummary = { id: string, name: string | null, is_verified: boolean, is_blocked: boolean, };

export type Csat = { 
/**
 * 1 to 5.
 */
score: number, comment: string, };

export type Ending = { at: string, reason: EndReason, 
/**
 * The visitor is asked for a rating.
 */
asks_csat: boolean, };

export type BotStage = "talking" | { "prechat": { is_reminded: boolean, } } | { "address": { is_reminded: boolean, 
/**
 * Why the conversation is handed over when the address is there.
 */
reason: HandoffReason, team: string | null, } };

export type BotProgress = { stage: BotStage, 
/**
 * Messages of the bot since it has handled the conversation.
 */
turns: number, 
/**
 * Questions in a row without an answer.
 */
unknown: number, };

export type PrechatAnswers = { [key in string]: string };

export type Head = { id: string, status: ConversationStatus, handled_by: Handler, assignee: string | null, team: string | null, priority: Priority, tags: Array<string>, visitor: VisitorSummary, bot_id: string | null, 
/**
 * The beginning of the visitor's first message.
 */
subject: string, language: string | null, started_at: string, 
/**
 * Messages, notes and events have the numbers from 1 to this one.
 */
last_seq: number, 
/**
 * The time of the last message. Notes and events do not count.
 */
last_at: string, 
/**
 * Messages of the visitor that no agent has read.
 */
unread: number, 
/**
 * Since when the visitor waits for a person's answer.
 */
waiting_since: string | null, 
/**
 * From the first wait, or the start, to a person's first answer.
 */
first_reply_ms: number | null, csat: Csat | null, 
/**
 * Set by the analysis of the visitor's messages.
 */
sentiment: Sentiment | null, snooze_until: string | null, 
/**
 * When it last changed hands, woke or was reopened.
 */
resumed_at: string | null, 
/**
 * While it is closed.
 */
ended: Ending | null, reopening: ReopenPolicy, prechat: PrechatAnswers, bot: BotProgress, 
/**
 * Agents whom notes mention.
 */
mentions: Array<string>, 
/**
 * The number of the event that decided who handles the conversation.
 */
handler_seq: number, last_visitor_seq: number, 
/**
 * The highest numbers that agents and the visitor have read.
 */
read_seq: number, visitor_read_seq: number, updated_at: string, version: number, };

export type VisitorHead = { id: string, is_closed: boolean, handled_by: Handler, language: string | null, last_seq: number, last_at: string, 
/**
 * The highest number that the visitor's devices have shown.
 */
read_seq: number, asks_csat: boolean, csat_score: number | null, 
/**
 * A message would be accepted now.
 */
may_write: boolean, };

export type SavedDraft = { text: string, saved_at: string, };

export type ConversationDetail = { draft: SavedDraft | null, id: string, status: ConversationStatus, handled_by: Handler, assignee: string | null, team: string | null, priority: Priority, tags: Array<string>, visitor: VisitorSummary, bot_id: string | null, 
/**
 * The beginning of the visitor's first message.
 */
subject: string, language: string | null, started_at: string, 
/**
 * Messages, notes and events have the numbers from 1 to this one.
 */
last_seq: number, 
/**
 * The time of the last message. Notes and events do not count.
 */
last_at: string, 
/**
 * Messages of the visitor that no agent has read.
 */
unread: number, 
/**
 * Since when the visitor waits for a person's answer.
 */
waiting_since: string | null, 
/**
 * From the first wait, or the start, to a person's first answer.
 */
first_reply_ms: number | null, csat: Csat | null, 
/**
 * Set by the analysis of the visitor's messages.
 */
sentiment: Sentiment | null, snooze_until: string | null, 
/**
 * When it last changed hands, woke or was reopened.
 */
resumed_at: string | null, 
/**
 * While it is closed.
 */
ended: Ending | null, reopening: ReopenPolicy, prechat: PrechatAnswers, bot: BotProgress, 
/**
 * Agents whom notes mention.
 */
mentions: Array<string>, 
/**
 * The number of the event that decided who handles the conversation.
 */
handler_seq: number, last_visitor_seq: number, 
/**
 * The highest numbers that agents and the visitor have read.
 */
read_seq: number, visitor_read_seq: number, updated_at: string, version: number, };

export type FirstMessage = { client_msg_id: string, text: string, };

export type NewConversation = { client_conv_id: string, bot_id?: string, visitor_id?: string, 
/**
 * A new contact, with whom an agent begins.
 */
contact?: ContactChange, prechat?: { [key in string]: string }, message?: FirstMessage, language?: string, 
/**
 * The path of the page that the visitor is on.
 */
page?: string, };

export type PatchedStatus = "bot" | "open" | "closed";

export type ConversationPatch = { 
/**
 * The version that the agent saw.
 */
version: number, assignee?: string | null, team?: string | null, priority?: Priority, tags?: Array<string>, 
/**
 * `null` ends the snooze.
 */
snooze_until?: string | null, status?: PatchedStatus, };

export type ConversationEnd = { reason: EndReason, 
/**
 * By default, the bot's settings decide. Visitors have no say.
 */
ask_csat?: boolean, };

export type PrechatForm = { answers: { [key in string]: string }, };

export type Handoff = { to: Handler, reason?: HandoffReason, team?: string, };

export type ReadUpTo = { 
/**
 * The highest number that was shown.
 */
seq: number, };

export type Rating = { score: number, comment?: string, };

export type Draft = { text: string, };

export type MediaType = "image/jpeg" | "image/png" | "image/webp" | "application/pdf" | "text/plain";

export type Attachment = { 
/**
 * Names the uploaded object.
 */
upload_id: string, name: string, mime: MediaType, bytes: number, };

export type UploadRefusal = "wrong_type" | "too_large" | "unreadable";

export type UploadState = { "state": "waiting" } | { "state": "ready" } | { "state": "refused", code: UploadRefusal, };

export type NewFile = { name: string, mime: string, bytes: number, };

export type UploadReceipt = { upload_id: string, url: string, fields: { [key in string]: string }, 
/**
 * When the form ends.
 */
expires_at: string, };

export type FileView = { 
/**
 * A link that is valid for an hour, once the file was checked.
 */
url?: string, 
/**
 * Names the uploaded object.
 */
upload_id: string, name: string, mime: MediaType, bytes: number, } & ({ "state": "waiting" } | { "state": "ready" } | { "state": "refused", code: UploadRefusal, });

export type Author = { "kind": "visitor", id: string, name: string | null, } | { "kind": "bot", id: string, name: string, } | { "kind": "agent", id: string, name: string, } | { "kind": "system" };

export type MessageKind = "message" | "note" | "event";

export type OfferedForm = "prechat" | "address";

export type Offer = { 
/**
 * Texts that the visitor can send with one tap.
 */
quick_replies?: Array<string>, form?: OfferedForm, };

export type ConversationEvent = { "type": "started" } | { "type": "assigned", assignee: string | null, } | { "type": "handed_off", to: Handler, reason: HandoffReason, team: string | null, } | { "type": "took_over" } | { "type": "snoozed", until: string, } | { "type": "reopened" } | { "type": "ended", reason: EndReason, } | { "type": "csat", score: number, } | { "type": "rule", rule: string, };

export type Message = { seq: number, at: string, author: Author, kind: MessageKind, 
/**
 * Empty in events and tombstones.
 */
text: string, event?: ConversationEvent, attachments: Array<Attachment>, 
/**
 * `None` in events.
 */
client_msg_id: string | null, reply_to: number | null, language?: string, offer?: Offer, 
/**
 * Incremented by each change; the higher revision is current.
 */
rev: number, is_deleted: boolean, };

export type VisitorAuthor = { "kind": "visitor" } | { "kind": "bot", name: string, } | { "kind": "agent", name: string, } | { "kind": "system" };

export type VisitorMessageKind = "message" | "event";

export type VisitorEvent = { "type": "started" } | { "type": "handed_off", to: Handler, } | { "type": "took_over" } | { "type": "reopened" } | { "type": "ended" };

export type VisitorMessage = { seq: number, at: string, author: VisitorAuthor, kind: VisitorMessageKind, text: string, event?: VisitorEvent, attachments: Array<Attachment>, 
/**
 * Of the visitor's own messages.
 */
client_msg_id?: string, reply_to: number | null, offer?: Offer, rev: number, is_deleted: boolean, };

export type MessageList = Array<Message> | Array<VisitorMessage>;

export type MessagePage = { messages: MessageList, last_seq: number, first_seq: number, };

export type PostedKind = "message" | "note";

export type NewMessage = { client_msg_id: string, text: string, kind?: PostedKind, reply_to?: number, 
/**
 * Ids of uploads.
 */
attachments?: Array<string>, lang?: string, 
/**
 * Agents whom a note mentions.
 */
mentions?: Array<string>, 
/**
 * The path of the page that the visitor is on.
 */
page?: string, };

export type Contact = { id: string, created_at: string, last_seen_at: string, is_verified: boolean, 
/**
 * The site's id of the person, once verified.
 */
subject: string | null, name: string | null, email: string | null, phone: string | null, language: string | null, 
/**
 * Visitors whose history agents have joined to this one.
 */
merged: Array<string>, 
/**
 * The contact that this one was merged into.
 */
merged_into: string | null, blocked_at: string | null, version: number, };

export type ContactChange = { name?: string, email?: string, phone?: string, language?: string, };

export type ContactPatch = { version: number, name?: string, email?: string, phone?: string, language?: string, };

export type ContactMerge = { into: string, };

export type ContactBlock = { is_blocked: boolean, };

export type PrechatType = "text" | "email" | "select" | "checkbox";

export type PrechatField = { key: string, label: string, type: PrechatType, 
/**
 * A required checkbox must be ticked, as for consent.
 */
required: boolean, 
/**
 * Of a select field.
 */
options?: Array<string>, };

export type RuleCondition = { 
/**
 * Phrases of which the message contains one, as whole words.
 */
words: Array<string>, language: string | null, 
/**
 * The beginning of the page's path, such as `/pricing`.
 */
page: string | null, };

export type RuleEffect = { "do": "say", text: string, } | { "do": "tag", tag: string, } | { "do": "priority", priority: Priority, } | { "do": "hand_off", team: string | null, };

export type Rule = { name: string, when: RuleCondition, then: Array<RuleEffect>, };

export type WidgetTexts = { title?: string, greeting?: string, prechat?: string, unknown?: string, handoff?: string, away?: string, ask_address?: string, address_saved?: string, };

export type AnswerMode = "auto" | "suggest" | "off";

export type AnswerSettings = { mode: AnswerMode, 
/**
 * Messages of the bot before it hands over.
 */
max_turns: number, 
/**
 * The least score of a passage, in percent. `None` is the measured default.
 */
floor: number | null, };

export type HandoffHours = "always" | "business";

export type HandoffSettings = { 
/**
 * Phrases with which a visitor asks for a person.
 */
words: Array<string>, 
/**
 * Questions without an answer, one after the other, before the bot hands over.
 */
on_unknown: number, on_sentiment: boolean, hours: HandoffHours, team: string | null, };

export type QuickReplies = { 
/**
 * Below the greeting.
 */
opening: Array<string>, 
/**
 * Below an answer, and when the bot has none.
 */
followup: Array<string>, 
/**
 * Each of them asks for a person.
 */
handoff: Array<string>, };

export type Position = "left" | "right";

export type LauncherIcon = "bubble" | "question" | "wave";

export type Appearance = { color: string, position: Position, launcher: LauncherIcon, 
/**
 * Texts of the bot by language. A missing one is the built-in text.
 */
strings: { [key in string]: WidgetTexts }, };

export type IdentitySettings = { 
/**
 * Only visitors whom the site vouches for may chat.
 */
required: boolean, };

export type BotSettings = { name: string, persona: string, instructions: string, languages: Array<string>, model: string | null, answer: AnswerSettings, handoff: HandoffSettings, prechat: Array<PrechatField>, csat: boolean, quick_replies: QuickReplies, appearance: Appearance, origins: Array<string>, identity: IdentitySettings, avatar_id: string | null, rules: Array<Rule>, 
/**
 * Whether visitors may go on in a conversation that has ended.
 */
reopening: ReopenPolicy, };

export type BotUpdate = { version: number, name: string, persona: string, instructions: string, languages: Array<string>, model: string | null, answer: AnswerSettings, handoff: HandoffSettings, prechat: Array<PrechatField>, csat: boolean, quick_replies: QuickReplies, appearance: Appearance, origins: Array<string>, identity: IdentitySettings, avatar_id: string | null, rules: Array<Rule>, 
/**
 * Whether visitors may go on in a conversation that has ended.
 */
reopening: ReopenPolicy, };

export type BotTemplate = "blank" | "support" | "sales";

export type NewBot = { name: string, language: string, template: BotTemplate, };

export type LiveDeployment = { number: number, deployment_key: string, snippet: string, };

export type Bot = { id: string, version: number, created_at: string, updated_at: string, 
/**
 * `None` before the first deployment.
 */
live: LiveDeployment | null, name: string, persona: string, instructions: string, languages: Array<string>, model: string | null, answer: AnswerSettings, handoff: HandoffSettings, prechat: Array<PrechatField>, csat: boolean, quick_replies: QuickReplies, appearance: Appearance, origins: Array<string>, identity: IdentitySettings, avatar_id: string | null, rules: Array<Rule>, 
/**
 * Whether visitors may go on in a conversation that has ended.
 */
reopening: ReopenPolicy, };

export type BotSummary = { id: string, name: string, created_at: string, updated_at: string, 
/**
 * The number of the deployment that visitors meet.
 */
live_number?: number, };

export type FieldError = { field: string, code: string, message: string, };

export type DeployRequest = { 
/**
 * The version of the draft that the admin saw.
 */
version: number, note?: string, rotate_key?: boolean, };

export type DeploymentSummary = { number: number, content_hash: string, note: string | null, deployed_at: string, deployed_by: string, };

export type Deployment = { is_live: boolean, number: number, content_hash: string, note: string | null, deployed_at: string, deployed_by: string, };

export type IdentitySecret = { 
/**
 * The key of HS256, as it is written here.
 */
secret: string, generation: number, 
/**
 * Until then the server may sign with the secret before.
 */
previous_valid_until?: string, };

export type TextColor = "light" | "dark";

export type Theme = { 
/**
 * The launcher and the visitor's bubbles.
 */
accent: string, 
/**
 * White or black, whichever has more contrast: one of them always has at least 4.58.
 */
on_accent: TextColor, 
/**
 * Links and outlines in the light theme.
 */
accent_on_light: string, 
/**
 * Links and outlines in the dark theme.
 */
accent_on_dark: string, };

export type WidgetConfig = { bot_id: string, number: number, name: string, languages: Array<string>, theme: Theme, position: Position, launcher: LauncherIcon, strings: { [key in string]: WidgetTexts }, prechat: Array<PrechatField>, quick_replies: Array<string>, asks_csat: boolean, requires_identity: boolean, avatar_id: string | null, 
/**
 * The tenant is read-only: the widget says that the team is away, and opens no session.
 */
is_away: boolean, };

export type EmbedRequest = { key: string, };

export type EmbedAnswer = { embed_token: string, };

export type VisitorSessionRequest = { embed_token: string, visitor_token?: string, 
/**
 * Signed by the site's server.
 */
identity_jwt?: string, };

export type SessionVisitor = { id: string, is_verified: boolean, };

export type VisitorSession = { visitor_token: string, visitor: SessionVisitor, 
/**
 * The latest conversation of the visitor.
 */
conversation?: VisitorHead, };

export type SocketTicket = { url: string, expires_at: string, };

export type ReadMark = { conversation_id: string, seq: number, };

export type ClientFrame = { "type": "hello", conversations?: { [key in string]: number }, } | { "type": "message:send", conversation_id: string, client_msg_id: string, text: string, is_note?: boolean, reply_to?: number, 
/**
 * Ids of uploads.
 */
attachments?: Array<string>, lang?: string, } | { "type": "typing:start", conversation_id: string, } | { "type": "typing:stop", conversation_id: string, } | { "type": "ping", read?: ReadMark, } | { "type": "conversation:end", conversation_id: string, reason?: EndReason, } | { "type": "watch", conversation_id: string, } | { "type": "unwatch", conversation_id: string, };

export type AnswerVerdict = "answer" | "ask" | "unknown" | "handoff" | "taken_over";

export type ByeReason = "signed_out" | "blocked" | "suspended" | "renew";

export type ServerFrame = { "type": "welcome", now: string, until: string, last_seqs: { [key in string]: number }, } | { "type": "message:receive", conversation_id: string, messages: MessageList, after_seq: number, last_seq: number, } | { "type": "backfill", conversation_id: string, messages: MessageList, after_seq: number, last_seq: number, } | { "type": "changed", conversation_id: string, messages: MessageList, } | { "type": "typing:start", conversation_id: string, author: VisitorAuthor, } | { "type": "typing:stop", conversation_id: string, author: VisitorAuthor, } | { "type": "conversation:end", conversation: VisitorHead, } | { "type": "head", head: Head, } | { "type": "presence", conversation_id?: string, agents: number, is_visitor_online?: boolean, } | { "type": "answer:part", turn_id: string, at: number, text: string, } | { "type": "answer:over", turn_id: string, verdict: AnswerVerdict, } | { "type": "stats", stats: unknown, } | { "type": "pong", now: string, last_seq: number | null, } | { "type": "refused", code: string, title: string, client_msg_id?: string, } | { "type": "bye", reason: ByeReason, };
