//! The rules of Desk: tenants, people and sessions; bots, conversations, messages, contacts and business hours.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; times and randomness are arguments.

mod bot;
mod contact;
mod conversation;
mod digest;
mod email;
mod frame;
mod greeter;
mod hours;
mod id;
mod identity;
mod inbox_settings;
mod language;
mod mail;
mod message;
mod phrases;
mod presence;
mod provision;
mod rate;
mod secret;
mod session;
mod sockets;
mod tenancy;
mod text;
mod time_zone;
mod triage;
mod views;

pub use bot::{
    AnswerMode, AnswerSettings, Appearance, BUILT_IN_LANGUAGES, Bot, BotSettings, BotTemplate,
    BotText, BotUpdate, Color, DeployOutcome, DeployRequest, Deployment, DeploymentKey,
    DeploymentSummary, FieldError, HandoffHours, HandoffSettings, IDENTITY_SECRET_OVERLAP,
    IdentitySecrets, IdentitySettings, InvalidSettings, KEY_OVERLAP, LauncherIcon, LiveDeployment,
    MAX_WIDGET_BYTES, MIN_CONTRAST, Origin, OriginPattern, Position, PrechatAnswers, PrechatField,
    PrechatType, QuickReplies, RetiredKey, Rule, RuleCondition, RuleEffect, TextColor, Theme,
    WidgetConfig, WidgetTexts, check_answers, content_hash, contrast, snippet,
};
pub use contact::{
    Contact, ContactAlias, ContactChange, ContactMerge, IdentificationOutcome, IdentityClaims,
    MAX_IDENTITY_TTL, MAX_MERGED_VISITORS, VerifiedIdentity, identify_contact, merge_contacts,
    resume_contact,
};
pub use conversation::{
    BotProgress, BotStage, CSAT_WINDOW, Command, ConversationPatch, ConversationStatus, Csat,
    Ending, Head, IDLE_AFTER, MAX_SNOOZE, NewConversation, PatchedStatus, Refusal, Sentiment,
    Transition, VisitorHead, VisitorSummary, WriteCondition, apply_command, apply_commands,
    apply_commands_if, round_for_index, start_conversation,
};
pub use email::{DomainName, DomainNameError, EmailAddress, EmailError, EmailKey, MAX_EMAIL_BYTES};
pub use frame::{
    AnswerVerdict, ByeReason, ClientFrame, FrameRefusal, MAX_FRAME_BYTES, MAX_HELLO_CONVERSATIONS,
    MessageBatch, MessageList, Numbered, ReadMark, ServerFrame, split_into_batches,
};
pub use greeter::{
    BotAction, BotActionKind, BotVoice, ContactForm, Exchange, GreeterContext, GreeterEvent,
    commands_of, decide_reply, fill_prechat_with_bot, post_with_bot, start_with_bot,
};
pub use hours::{DayTime, Holiday, Hours, OpenSpan, Week};
pub use id::{
    ApiKeyId, AvatarId, BotId, ConversationId, InvitationId, ProvisionRunId, SessionId, TeamId,
    UploadId, ViewId, VisitorId,
};
pub use identity::{
    Acceptance, Action, ApiKey, ApiKeyError, ApiKeyHash, ApiKeyRecord, ApiKeyRefusal,
    ApiKeyRequest, Availability, INVITATION_TTL, Invitation, InvitationState, IpRange,
    IpRangeError, LoginMethod, MAX_API_KEY_TTL, MAX_API_KEYS, MAX_PASSWORD_CHARS,
    MAX_TENANTS_PER_PERSON, MAX_TRIALS_PER_PERSON, MIN_PASSWORD_CHARS, Member, MembershipActor,
    MembershipChange, NotificationSettings, Password, PasswordOwner, Permission, Person,
    PlatformRole, Principal, Role, Scope, Scopes, SignUp, SignUpRequest, WantedTenant,
    invitation_rates, login_methods, mask_ip, may, scopes_of_role, source_of_ip,
};
pub use inbox_settings::{
    CannedInput, CannedReply, InboxSetting, InboxSettingKind, SavedView, Tag, TagInput, Team,
    TeamInput, ViewEditor, ViewInput,
};
pub use language::LanguageTag;
pub use mail::{MailContent, RenderedMail, render_mail};
pub use message::{
    Attachment, Author, ClientMessageId, ConversationEvent, EndReason, Handler, HandoffReason,
    MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, MAX_TEXT_CHARS, MediaType, Message, MessageDraft,
    MessageKind, MessageText, Offer, OfferedForm, UPLOAD_TTL, Upload, UploadMessage, UploadRefusal,
    UploadState, VisitorAuthor, VisitorEvent, VisitorMessage, VisitorMessageKind,
};
pub use presence::{MAX_PRESENCE_CONVERSATIONS, ONLINE_TTL, VisitorPresence};
pub use provision::{
    CompletedStep, MAX_STEP_TRIES, ProvisionEvent, ProvisionProgress, ProvisionRun, ProvisionState,
    ProvisionStep, StepRequest, decide_provision, default_bot,
};
pub use rate::{CountedBy, Rate, RateClass};
pub use secret::Secret;
pub use session::{
    ACCESS_CLOCK_SKEW, ACCESS_TTL, AccessClaimError, AccessClaims, Device, InviteToken, Issuer,
    MAX_SESSION_AGE, MAX_SESSION_IDLE, MailToken, Membership, PREDECESSOR_GRACE, RESET_TTL,
    ROTATION_INTERVAL, RefreshOutcome, RefreshToken, RefreshTokenError, ResetToken, SessionClient,
    SessionEnd, SessionEndReason, SessionFamily, SessionSummary, VERIFY_TTL, VerifyToken,
    choose_workspace, link_used, open_mail_token, refresh_session, seal_mail_token,
};
pub use sockets::{SOCKET_TTL, SocketHour, admits_socket};
pub use tenancy::{
    AiBudget, Branding, BrandingInput, DELETION_DELAY, Entitlements, HoldReason, Isolation,
    Lifecycle, LifecycleEvent, Limit, LimitGrant, LimitName, LimitPolicy, LimitReached,
    LimitReport, LimitThreshold, LimitWindow, MAX_SLUG_LETTERS, OnBudget, Overrides, Plan, Privacy,
    PrivacyInput, Security, SecurityInput, SettingsActor, Slug, TRIAL_LENGTH, Tenant, TenantAccess,
    TenantDeletion, TenantHold, TenantSettings, TenantSettingsInput, TenantStanding, TenantStatus,
    UsageMonth, check_limit, entitlements,
};
pub use time_zone::TimeZoneName;
pub use triage::{MAX_TAGS, Priority, ReopenPolicy, parse_tag, parse_tags};
pub use views::{InboxCursor, InboxFilter, InboxPartition, InboxView, ListKey};
