//! The texts of mails, by language. `{tenant}`, `{inviter}` and `{device}` are placeholders.

use super::MailContent;

/// A sentence or two with placeholders.
pub(super) type Phrase = &'static str;

/// The texts of one mail.
pub(super) struct MailText {
    pub(super) subject: Phrase,
    /// Paragraphs before the link, or before the quoted text.
    pub(super) before: &'static [Phrase],
    /// The label of the button; empty if there is no link.
    pub(super) button: Phrase,
    /// Introduces the link itself, below the button.
    pub(super) link_hint: Phrase,
    pub(super) after: &'static [Phrase],
}

const EN_LINK_HINT: Phrase = "If the button does not work, open this link:";
const HE_LINK_HINT: Phrase = "אם הכפתור לא עובד, אפשר לפתוח את הקישור הזה:";

pub(super) fn english(content: &MailContent) -> &'static MailText {
    match content {
        MailContent::Verify { .. } => &MailText {
            subject: "Confirm your email address",
            before: &[
                "Confirm your email address to finish signing up for Desk.",
                "You will be asked for the password that you chose.",
            ],
            button: "Confirm email address",
            link_hint: EN_LINK_HINT,
            after: &[
                "The link works once and expires in 24 hours.",
                "If you didn't sign up for Desk, you can ignore this email. Nothing will be confirmed.",
            ],
        },
        MailContent::AlreadyRegistered { .. } => &MailText {
            subject: "You already have a Desk account",
            before: &[
                "We received a sign-up for Desk with this email address. You already have an account, so we didn't create another one.",
                "Sign in to continue.",
            ],
            button: "Sign in",
            link_hint: EN_LINK_HINT,
            after: &[
                "Forgot your password? You can reset it on the sign-in page.",
                "If you didn't try to sign up, you can ignore this email. Nothing in your account has changed.",
            ],
        },
        MailContent::ResetPassword { .. } => &MailText {
            subject: "Reset your password",
            before: &["We received a request to reset the password of your Desk account."],
            button: "Choose a new password",
            link_hint: EN_LINK_HINT,
            after: &[
                "The link works once and expires in 1 hour.",
                "If you didn't request this, you can ignore this email. Your password stays the same.",
            ],
        },
        MailContent::PasswordChanged => &MailText {
            subject: "Your password was changed",
            before: &[
                "The password of your Desk account was changed.",
                "If you didn't change it, reset your password on the sign-in page right away.",
            ],
            button: "",
            link_hint: "",
            after: &[],
        },
        MailContent::SessionReused { .. } => &MailText {
            subject: "We signed you out of a device",
            before: &[
                "A sign-in of your Desk account may have been copied to another device. To protect your account, we ended that session.",
                "Device: {device}",
                "Sign in again to continue. If you don't recognize this activity, change your password.",
            ],
            button: "",
            link_hint: "",
            after: &[],
        },
        MailContent::Invite { .. } => &MailText {
            subject: "You're invited to join {tenant} on Desk",
            before: &[
                "You're invited to join {tenant} on Desk, where the team talks with its customers.",
                "Invited by: {inviter}",
            ],
            button: "Accept invitation",
            link_hint: EN_LINK_HINT,
            after: &[
                "The invitation expires in 7 days.",
                "If you weren't expecting it, you can ignore this email.",
            ],
        },
        MailContent::Transcript { .. } => &MailText {
            subject: "Your conversation with {tenant}",
            before: &["Here is a copy of your conversation with {tenant}."],
            button: "",
            link_hint: "",
            after: &[],
        },
    }
}

/// Values stand behind whole words, because a Hebrew prefix would join a name in one script and not in the other.
pub(super) fn hebrew(content: &MailContent) -> &'static MailText {
    match content {
        MailContent::Verify { .. } => &MailText {
            subject: "אימות כתובת האימייל שלך",
            before: &[
                "כדי להשלים את ההרשמה ל-Desk, צריך לאמת את כתובת האימייל.",
                "בדף האימות תתבקש הסיסמה שבחרת.",
            ],
            button: "אימות כתובת האימייל",
            link_hint: HE_LINK_HINT,
            after: &[
                "הקישור תקף ל-24 שעות וניתן לשימוש פעם אחת.",
                "לא נרשמת ל-Desk? אפשר להתעלם מהמייל הזה, ודבר לא יאומת.",
            ],
        },
        MailContent::AlreadyRegistered { .. } => &MailText {
            subject: "כבר יש לך חשבון ב-Desk",
            before: &[
                "התקבלה הרשמה ל-Desk עם כתובת האימייל הזו. כבר יש לך חשבון, ולכן לא נוצר חשבון נוסף.",
                "אפשר להמשיך בכניסה לחשבון הקיים.",
            ],
            button: "כניסה לחשבון",
            link_hint: HE_LINK_HINT,
            after: &[
                "שכחת את הסיסמה? אפשר לאפס אותה בדף הכניסה.",
                "לא ניסית להירשם? אפשר להתעלם מהמייל הזה. דבר לא השתנה בחשבון שלך.",
            ],
        },
        MailContent::ResetPassword { .. } => &MailText {
            subject: "איפוס הסיסמה שלך",
            before: &["התקבלה בקשה לאיפוס הסיסמה של חשבון ה-Desk שלך."],
            button: "בחירת סיסמה חדשה",
            link_hint: HE_LINK_HINT,
            after: &[
                "הקישור תקף לשעה אחת וניתן לשימוש פעם אחת.",
                "לא ביקשת לאפס את הסיסמה? אפשר להתעלם מהמייל הזה, והסיסמה לא תשתנה.",
            ],
        },
        MailContent::PasswordChanged => &MailText {
            subject: "הסיסמה שלך שונתה",
            before: &[
                "הסיסמה של חשבון ה-Desk שלך שונתה.",
                "לא שינית את הסיסמה? כדאי לאפס אותה מיד בדף הכניסה.",
            ],
            button: "",
            link_hint: "",
            after: &[],
        },
        MailContent::SessionReused { .. } => &MailText {
            subject: "ניתקנו מכשיר מהחשבון שלך",
            before: &[
                "ייתכן שפרטי החיבור לחשבון ה-Desk שלך הועתקו למכשיר אחר. כדי להגן על החשבון, ניתקנו את החיבור הזה.",
                "מכשיר: {device}",
                "כדי להמשיך, צריך להיכנס שוב לחשבון. הפעילות לא מוכרת לך? כדאי להחליף את הסיסמה.",
            ],
            button: "",
            link_hint: "",
            after: &[],
        },
        MailContent::Invite { .. } => &MailText {
            subject: "הזמנה להצטרף לצוות {tenant} ב-Desk",
            before: &[
                "קיבלת הזמנה להצטרף לצוות {tenant} ב-Desk, המקום שבו הצוות משוחח עם הלקוחות שלו.",
                "ההזמנה נשלחה על ידי {inviter}",
            ],
            button: "אישור ההזמנה",
            link_hint: HE_LINK_HINT,
            after: &[
                "ההזמנה תקפה ל-7 ימים.",
                "לא ציפית להזמנה? אפשר להתעלם מהמייל הזה.",
            ],
        },
        MailContent::Transcript { .. } => &MailText {
            subject: "העתק השיחה שלך עם {tenant}",
            before: &["זהו העתק של השיחה שלך עם {tenant}."],
            button: "",
            link_hint: "",
            after: &[],
        },
    }
}
