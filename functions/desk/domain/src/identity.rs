//! Who may do what: people and their addresses, roles, API keys, members and invitations.

mod api_key;
mod guessable;
mod invitation;
mod key_record;
mod member;
mod network;
mod password;
mod permission;
mod person;
mod role;
mod scope;
mod sign_up;

pub use api_key::{ApiKey, ApiKeyError, ApiKeyHash};
pub use invitation::{Acceptance, INVITATION_TTL, Invitation, InvitationState, invitation_rates};
pub use key_record::{ApiKeyRecord, ApiKeyRefusal, ApiKeyRequest, MAX_API_KEY_TTL, MAX_API_KEYS};
pub use member::{Availability, Member, MembershipActor, MembershipChange, NotificationSettings};
pub use network::{IpRange, IpRangeError, mask_ip, source_of_ip};
pub use password::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, Password, PasswordOwner};
pub use permission::{Action, Permission, Principal, may, scopes_of_role};
pub use person::{
    LoginMethod, MAX_TENANTS_PER_PERSON, MAX_TRIALS_PER_PERSON, Person, WantedTenant, login_methods,
};
pub use role::{PlatformRole, Role};
pub use scope::{Scope, Scopes};
pub use sign_up::{SignUp, SignUpRequest};
