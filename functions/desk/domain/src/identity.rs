//! Who may do what: people and their addresses, roles, API keys, members and invitations.

mod api_key;
mod domain_name;
mod email;
mod invitation;
mod key_record;
mod member;
mod network;
mod password;
mod permission;
mod person;
mod role;
mod scope;

pub use api_key::{ApiKey, ApiKeyError, KeyHash};
pub use domain_name::{DomainName, DomainNameError};
pub use email::{EmailAddress, EmailError, EmailKey, MAX_EMAIL_BYTES};
pub use invitation::{Acceptance, INVITATION_TTL, Invitation, InvitationState};
pub use key_record::{KeyRecord, KeyRefusal, KeyRequest, MAX_KEY_TTL, MAX_KEYS};
pub use member::{Availability, Member, MembershipChange, Notify};
pub use network::{IpRange, IpRangeError, mask_ip, source_of};
pub use password::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, Password, PasswordOwner};
pub use permission::{Action, Permission, Principal, may};
pub use person::{LoginMethod, MAX_TENANTS, MAX_TRIALS, Person};
pub use role::{PlatformRole, Role};
pub use scope::{Scope, Scopes};
