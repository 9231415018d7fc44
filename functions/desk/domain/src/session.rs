//! Sessions: refresh tokens that rotate, access tokens that expire, and links that are mailed.

mod claims;
mod family;
mod mail_token;
mod refresh;
mod refresh_token;
mod workspace;

pub use claims::{ACCESS_CLOCK_SKEW, ACCESS_TTL, AccessClaimError, AccessClaims, Issuer};
pub use family::{
    Device, MAX_SESSION_AGE, MAX_SESSION_IDLE, SessionClient, SessionEnd, SessionEndReason,
    SessionFamily, SessionSummary,
};
pub use mail_token::{
    InviteToken, MailToken, RESET_TTL, ResetToken, VERIFY_TTL, VerifyToken, link_used,
    open_mail_token, seal_mail_token,
};
pub use refresh::{PREDECESSOR_GRACE, ROTATION_INTERVAL, RefreshOutcome, refresh_session};
pub use refresh_token::{RefreshToken, RefreshTokenError};
pub use workspace::{Membership, choose_workspace};
