// Desk's types, generated from the server, under the console's names.
import type {
  MessagePage as AnyMessagePage,
  ServerFrame as AnyServerFrame,
  ConversationPatch,
  Message,
  MessageList,
  Security,
  Tenant,
  Week,
} from "./spoken";

export type {
  AcceptanceRequest,
  ApiKey,
  ApiKeyRequest,
  Attachment,
  AuditEntry,
  Author,
  Availability,
  Bot,
  BotSettings,
  BotSummary,
  BotUpdate,
  ByeReason,
  CannedInput,
  CannedReply as Canned,
  Contact,
  ContactBlock,
  ContactMerge,
  ContactPatch,
  ConversationDetail,
  ConversationEnd,
  ConversationEvent,
  ConversationPatch,
  ConversationStatus as Status,
  CreatedApiKey,
  Deployment,
  DeployRequest,
  Draft,
  EndReason,
  FileView,
  ForgottenPassword,
  Handler,
  HandoffReason,
  Head,
  HoldReason,
  Holiday,
  Hours,
  HoursInput,
  IdentitySecret,
  InboxView,
  Invitation,
  Isolation,
  LimitName,
  LimitReport as Limit,
  Limits,
  LiveDeployment,
  Login,
  LoginMethod,
  Member,
  MemberChange,
  Message,
  NewBot,
  NewFile,
  NewInvitation,
  NewMessage,
  NewTenant,
  NotificationSettings as Notifications,
  OpenSpan as DaySpan,
  OwnMembership,
  Page,
  PasswordChange,
  PasswordReset,
  Plan,
  PrechatField,
  PrechatType,
  Priority,
  ProvisionProgress as Provisioning,
  Role,
  Rule,
  RuleEffect,
  SessionInfo,
  SessionSummary as DeviceSession,
  SetupRequest,
  SignUpRequest as SignUp,
  Suspension,
  Tag,
  TagInput,
  Team,
  TeamInput,
  Tenant,
  TenantRow,
  TenantSettingsInput,
  TenantStatus,
  TenantSummary,
  UploadReceipt,
  UploadRefusal,
  User,
  Verification,
  VisitorAuthor as TypingAuthor,
  VisitorSummary,
  Week,
  WidgetTexts,
} from "./spoken";

export type Weekday = keyof Week;

/** What an agent changes. The version is that of the head that the agent saw. */
export type HeadPatch = Omit<ConversationPatch, "version">;

/** The settings of a workspace as a form edits them, for those who may. */
export type TenantSettings = Pick<
  Tenant,
  "version" | "name" | "locale" | "timezone" | "branding" | "privacy" | "ai"
> & { security: Security };

export type MessagePage = Omit<AnyMessagePage, "messages"> & { messages: Message[] };

/** A frame as agents get it: with all messages, and not as visitors see them. */
type ForAgents<Frame> = Frame extends { messages: MessageList }
  ? Omit<Frame, "messages"> & { messages: Message[] }
  : Frame;

export type ServerFrame = ForAgents<AnyServerFrame>;

type FrameOf<Type extends ServerFrame["type"]> = Extract<ServerFrame, { type: Type }>;

export type WelcomeFrame = FrameOf<"welcome">;
export type MessagesFrame = FrameOf<"message:receive" | "backfill">;
export type TypingFrame = FrameOf<"typing:start" | "typing:stop">;
export type PresenceFrame = FrameOf<"presence">;
export type RefusedFrame = FrameOf<"refused">;
