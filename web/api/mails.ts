// Types of the mails that SES kept. See docs/local-api.md.

export interface MailSummary {
  id: string;
  at: number;
  /** The function that sent it, or `outside`. */
  sender: string;
  from: string;
  to: string[];
  subject: string;
}

export interface Mail extends MailSummary {
  cc: string[];
  bcc: string[];
  reply_to: string[];
  text: string | null;
  html: string | null;
}
