//! Sessions: refresh tokens that rotate, access tokens that expire, and links that are mailed.

mod claims;
mod family;
mod mail_token;
mod refresh;
mod refresh_token;

pub use claims::{ACCESS_TTL, AccessClaims, CLOCK_SKEW, ClaimError, Issuer};
pub use family::{
    Client, Device, EndReason, MAX_SESSION_AGE, MAX_SESSION_IDLE, SessionEnd, SessionFamily,
    SessionSummary, end_sessions,
};
pub use mail_token::{
    InviteToken, MailToken, RESET_TTL, ResetToken, VERIFY_TTL, VerifyToken, open_mail_token,
    seal_mail_token,
};
pub use refresh::{PREDECESSOR_GRACE, ROTATION_INTERVAL, RefreshOutcome, refresh};
pub use refresh_token::{RefreshToken, RefreshTokenError};
