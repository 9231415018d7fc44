// The workspace: name, language, time zone, privacy, and what owners set for security.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/status";
import "../../ui/time";
import { toast } from "../../ui/toast";
import type { Tenant, TenantSettings, TenantSettingsInput } from "../contract";
import type { Desk } from "../desk";
import { checkField, field, selectField, textField } from "../field";
import { formStyle } from "../form.style";
import { languagesWith } from "../languages";
import { Loading } from "../loading";
import { pageStyle } from "../page.style";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";
import { timeZones } from "../time-zones";
import { exactly, tenantStatusWords } from "../words";
import "./delete-workspace";
import { partStyle } from "./part.style";

/** The field that a refusal is about. */
const fieldOfCode: Record<string, string> = {
  bad_name: "name",
  bad_language: "locale",
  bad_timezone: "timezone",
  bad_retention: "retention",
  retention_not_in_plan: "retention",
  text_too_long: "consent",
  bad_session_hours: "session_hours",
  bad_ip_allow: "ip_allow",
  would_lock_out: "ip_allow",
  bad_logo_url: "logo",
};

type Part = "branding" | "privacy" | "security" | "ai";

export function settingsOfTenant(tenant: Tenant): TenantSettings {
  const { version, name, locale, timezone, branding, privacy, security, ai } = tenant;
  const none = { mfa_required: false, session_hours: 720, methods: [], ip_allow: [] };
  return { version, name, locale, timezone, branding, privacy, security: security ?? none, ai };
}

@customElement("workspace-settings")
export class WorkspaceSettings extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    pageStyle,
    partStyle,
    css`
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2) var(--s5);
        font-size: var(--t2);
      }
      dt {
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      dd {
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @state() private settings: TenantSettings | null = null;
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;
  readonly #tenant = new Loading(this, async () => {
    const tenant = await this.desk.api.get<Tenant>(pathOf("tenants", this.desk.me.tenantId));
    this.settings = settingsOfTenant(tenant);
    return tenant;
  });

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk")) void this.#tenant.load();
  }

  override render() {
    return html`<div class="page-head"><h1>Workspace</h1></div>
      ${this.#tenant.render(
        (
          tenant,
        ) => html`${this.#facts(tenant)} ${this.desk.may("writeTenant") && this.settings ? this.#form(this.settings, tenant) : nothing}
        ${this.desk.may("deleteTenant") ? html`<delete-workspace .desk=${this.desk} .tenant=${tenant} @changed=${(event: CustomEvent<Tenant>) => this.#tenant.set(event.detail)}></delete-workspace>` : nothing}`,
      )}`;
  }

  #facts(tenant: Tenant): TemplateResult {
    const { status, trial_ends_at, erase_at, holds } = tenant;
    const why = holds.trial_ended
      ? "The trial is over."
      : holds.unpaid
        ? "The subscription is not paid."
        : holds.platform
          ? "The operator of the platform has suspended it."
          : "";
    return html`<section class="panel">
      <dl>
        <div><dt>Name</dt><dd dir="auto">${tenant.name}</dd></div>
        <div><dt>State</dt><dd><cf-status tone=${status === "suspended" || status === "deleting" ? "bad" : "good"}>${tenantStatusWords[status]}</cf-status></dd></div>
        ${trial_ends_at ? html`<div><dt>Trial ends</dt><dd><cf-time at=${Date.parse(trial_ends_at)}></cf-time></dd></div>` : nothing}
        <div><dt>Address name</dt><dd class="mono">${tenant.slug}</dd></div>
        <div><dt>Id</dt><dd class="mono">${tenant.id}</dd></div>
      </dl>
      ${why ? html`<cf-notice tone="warn">${why} You can read, and the chat on your site says that you are away.</cf-notice>` : nothing}
      ${erase_at ? html`<cf-notice tone="warn">This workspace is erased on ${exactly(erase_at)}.</cf-notice>` : nothing}
    </section>`;
  }

  #form(settings: TenantSettings, tenant: Tenant): TemplateResult {
    const isChanged = JSON.stringify(settings) !== JSON.stringify(settingsOfTenant(tenant));
    return html`<form class="form" novalidate @submit=${this.#save}>
      ${this.#general(settings)} ${this.#privacy(settings)}
      ${this.desk.may("writeSecurity") ? this.#security(settings) : nothing}
      ${this.#notice()}
      <div class="actions">
        <button class="button bare" type="button" ?disabled=${!isChanged} @click=${this.#discard}>Discard</button>
        <button class="button main" ?disabled=${!isChanged || this.isBusy}>${this.isBusy ? "Saving" : "Save"}</button>
      </div>
    </form>`;
  }

  #general(settings: TenantSettings): TemplateResult {
    const zones = timeZones().map((zone) => [zone, zone.replaceAll("_", " ")] as const);
    return html`<section class="panel">
      <h2>General</h2>
      ${textField({ label: "Name", name: "name", value: settings.name, maxLength: 80, isRequired: true, error: this.#error("name"), input: (name) => this.#set({ name }) })}
      <div class="two">
        ${selectField({ label: "Language", name: "locale", value: settings.locale, options: languagesWith(settings.locale), error: this.#error("locale"), change: (locale) => this.#set({ locale }) })}
        ${selectField({ label: "Time zone", name: "timezone", value: settings.timezone, options: zones.some(([zone]) => zone === settings.timezone) ? zones : [[settings.timezone, settings.timezone], ...zones], error: this.#error("timezone"), change: (timezone) => this.#set({ timezone }) })}
      </div>
    </section>`;
  }

  #privacy({ privacy }: TenantSettings): TemplateResult {
    return html`<section class="panel">
      <h2>Privacy</h2>
      ${textField({ label: "Keep conversations for, in days", name: "retention", type: "number", min: 30, max: 3650, value: String(privacy.retention_days), hint: "Afterwards they are erased.", error: this.#error("retention"), input: (days) => this.#setPart("privacy", { retention_days: Number(days) }) })}
      ${checkField("Store network addresses of visitors without their last part", privacy.mask_ip, (mask_ip) => this.#setPart("privacy", { mask_ip }))}
      ${textField({ label: "Visitors agree to this before they write", name: "consent", rows: 3, value: privacy.consent_text ?? "", placeholder: "Nothing is asked", error: this.#error("consent"), input: (text) => this.#setPart("privacy", { consent_text: text || null }) })}
    </section>`;
  }

  #security({ security }: TenantSettings): TemplateResult {
    return html`<section class="panel">
      <h2>Security</h2>
      ${textField({ label: "Sign in again after, in hours", name: "session_hours", type: "number", min: 1, max: 720, value: String(security.session_hours), error: this.#error("session_hours"), input: (hours) => this.#setPart("security", { session_hours: Number(hours) }) })}
      ${field({
        label: "Members may work from these addresses alone, one in each line",
        name: "ip_allow",
        hint: "Ranges such as 203.0.113.0/24. Empty is everywhere. Your own address must be among them.",
        error: this.#error("ip_allow"),
        control: ({ id, describedBy, isInvalid }) =>
          html`<textarea class="input" id=${id} rows="3" dir="ltr" .value=${security.ip_allow.join("\n")} aria-describedby=${describedBy} aria-invalid=${isInvalid} @input=${(event: Event) => this.#setAddresses((event.target as HTMLTextAreaElement).value)}></textarea>`,
      })}
    </section>`;
  }

  #notice(): TemplateResult | typeof nothing {
    const { problem } = this;
    if (!problem || fieldOfCode[problem.code]) return nothing;
    return problem.isStale
      ? html`<cf-notice tone="warn" action="Load them" @retry=${this.#reload}>A colleague has changed the settings meanwhile, and nothing was saved. Load them and change yours again.</cf-notice>`
      : html`<cf-notice>${problem.message}</cf-notice>`;
  }

  #error(name: string): string | undefined {
    const { problem } = this;
    return problem && fieldOfCode[problem.code] === name ? problem.message : undefined;
  }

  #set(change: Partial<TenantSettings>): void {
    if (this.settings) this.settings = { ...this.settings, ...change };
  }

  #setPart<Name extends Part>(part: Name, change: Partial<TenantSettings[Name]>): void {
    if (this.settings) this.#set({ [part]: { ...this.settings[part], ...change } });
  }

  #setAddresses(text: string): void {
    this.#setPart("security", { ip_allow: text === "" ? [] : text.split("\n") });
  }

  #discard(): void {
    if (this.#tenant.data) this.settings = settingsOfTenant(this.#tenant.data);
    this.problem = null;
  }

  #reload = (): void => {
    this.problem = null;
    void this.#tenant.load();
  };

  async #save(event: Event): Promise<void> {
    event.preventDefault();
    const { settings, isBusy } = this;
    if (!settings || isBusy) return;
    this.isBusy = true;
    this.problem = null;
    const ip_allow = settings.security.ip_allow.map((text) => text.trim()).filter(Boolean);
    const body = {
      ...settings,
      security: { ...settings.security, ip_allow },
    } satisfies TenantSettingsInput;
    try {
      const path = pathOf("tenants", this.desk.me.tenantId);
      const tenant = await this.desk.api.put<Tenant>(path, body);
      this.#tenant.set(tenant);
      this.settings = settingsOfTenant(tenant);
      toast("Saved");
      // The name is part of the session.
      void this.desk.session.refresh().catch(() => {});
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }
}
