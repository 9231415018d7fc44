//! Creates tenants: for a new person, and for one who wants another.

use confab_core::{CorrelationId, Error, Result, TenantId};
use desk_domain::{
    Isolation, LanguageTag, Member, Person, ProvisionEvent, ProvisionRun, ProvisionRunId, Role,
    Slug, Tenant as TenantRecord, decide_provision,
};

use super::setup::request_setup;
use crate::{
    auth::TenantGrant,
    state::State,
    store::{AuditActor, AuditEntry, NewTenant, Tenant, TenantCreation},
};

/// Attempts against changes of the creator, and at names that are taken.
const MAX_ATTEMPTS: usize = 8;

/// A tenant that is wanted. Attempts at the same one have the same id.
#[derive(Debug, Clone)]
pub(crate) struct TenantRequest<'a> {
    pub(crate) id: TenantId,
    pub(crate) name: &'a str,
    /// The wanted name in addresses. Without it, one is made of the name.
    pub(crate) slug: Option<&'a str>,
    pub(crate) locale: LanguageTag,
}

/// Creates a tenant and requests its setup. Repeated with the same id, it goes on where the first call ended.
pub(crate) async fn create_requested_tenant(
    state: &State,
    person: &Person,
    request: &TenantRequest<'_>,
    correlation_id: CorrelationId,
) -> Result<TenantRecord> {
    let grant = TenantGrant::of_new_tenant(request.id);
    let tenant = state.store()?.tenant(grant);
    let record = match find_own(tenant, person).await? {
        Some(record) => record,
        None => store_tenant(state, tenant, person, request, correlation_id).await?,
    };
    request_setup(state, grant, Isolation::Pooled, person.id, correlation_id).await?;
    Ok(record)
}

/// Returns the tenant if an earlier call has created it.
async fn find_own(tenant: Tenant<'_>, person: &Person) -> Result<Option<TenantRecord>> {
    let Some(record) = tenant.find_tenant().await? else {
        return Ok(None);
    };
    if record.created_by == person.id {
        Ok(Some(record))
    } else {
        Err(Error::internal("tenant_id_taken", record.id.to_string()))
    }
}

async fn store_tenant(
    state: &State,
    tenant: Tenant<'_>,
    person: &Person,
    request: &TenantRequest<'_>,
    correlation_id: CorrelationId,
) -> Result<TenantRecord> {
    let suggested = match request.slug {
        Some(slug) => Slug::parse(slug)?,
        None => Slug::suggest(request.name),
    };
    let (mut slug, mut person) = (suggested.clone(), person.clone());
    for _ in 0..MAX_ATTEMPTS {
        let attempt = Attempt::new(state, &person, request, slug.clone(), correlation_id)?;
        match attempt.store(state, tenant, person.version).await? {
            TenantCreation::Created => return Ok(attempt.tenant),
            TenantCreation::Exists => {
                if let Some(record) = find_own(tenant, &person).await? {
                    return Ok(record);
                }
            }
            TenantCreation::SlugTaken if request.slug.is_some() => {
                let message = "This address name is taken.";
                return Err(Error::conflict("slug_taken", message));
            }
            TenantCreation::SlugTaken => slug = suggested.with_random_ending(&state.entropy),
            TenantCreation::Conflict => {
                let changed = state.store()?.find_person(person.id).await?;
                person = changed.ok_or_else(|| Error::unauthenticated("Sign in first."))?;
            }
        }
    }
    Err(Error::unavailable(
        "contended",
        "the creator or the name was taken at each attempt",
    ))
}

/// The rows of one attempt.
struct Attempt {
    tenant: TenantRecord,
    owner: Member,
    person: Person,
    run: ProvisionRun,
    audit: AuditEntry,
}

impl Attempt {
    fn new(
        state: &State,
        person: &Person,
        request: &TenantRequest<'_>,
        slug: Slug,
        correlation_id: CorrelationId,
    ) -> Result<Self> {
        let (id, now) = (request.id, state.clock.now());
        let locale = request.locale.clone();
        let tenant = TenantRecord::new(id, slug, request.name, locale, person.id, now)?;
        let owner = Member::join(person.id, Role::Owner, [].into(), now).member;
        let owner = owner.ok_or_else(|| Error::internal("no_owner", id.to_string()))?;
        let requested = ProvisionEvent::Requested {
            id: ProvisionRunId::new(now, &state.entropy),
            tenant: id,
            isolation: tenant.isolation,
            by: person.id,
        };
        let (run, _) = decide_provision(None, &requested, now)?;
        let actor = AuditActor::Person(person.id);
        let audit = AuditEntry::of_actor(actor, "tenant.created", id, correlation_id);
        Ok(Self {
            audit: audit.with_change(None, Some(&tenant))?,
            person: person.clone().start_trial()?.join(id)?,
            tenant,
            owner,
            run,
        })
    }

    async fn store(
        &self,
        state: &State,
        tenant: Tenant<'_>,
        person_version: u64,
    ) -> Result<TenantCreation> {
        let new = NewTenant {
            tenant: &self.tenant,
            owner: &self.owner,
            person: &self.person,
            person_version,
            run: &self.run,
            audit: &self.audit,
        };
        tenant.create_tenant(&new, state.clock.now()).await
    }
}
