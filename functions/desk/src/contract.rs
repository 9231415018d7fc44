//! The contract of Desk, rendered for clients: OpenAPI for the routes, TypeScript for the console. Both are rendered from
//! the types that functions send and read. The files in the repository must equal the rendered ones.

#![expect(dead_code, reason = "types that exist only in the contract")]

mod answers;
mod health;
mod typescript;

use std::collections::BTreeSet;

use confab_core::contract::Problem;
use confab_lambda::Router;
use confab_testkit::assert_rendered;
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Ref, RefOr, Required, Schema, SecurityRequirement,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{
    routes::{
        desk_chatbots, desk_contacts, desk_conversations, desk_health, desk_login, desk_members,
        desk_messages, desk_sessions, desk_settings, desk_tenants, desk_trust, desk_widget,
        desk_ws_ticket,
    },
    state::State,
};

pub(crate) use answers::*;

/// The ways to authenticate, as extractors read them.
struct Authentication;

impl Modify for Authentication {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = |description: &str| {
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
            SecurityScheme::Http(bearer.description(Some(description)).build())
        };
        let cookie = "The refresh token of a browser. The console's own page alone may use it.";
        let cookie = ApiKeyValue::with_description("__Host-desk", cookie);
        let components = openapi.components.get_or_insert_default();
        for (name, scheme) in [
            ("access_token", bearer("A person who is signed in.")),
            ("api_key", bearer("A key of a program: desk_sk_..")),
            ("visitor_token", bearer("A visitor of a site.")),
            (
                "session_cookie",
                SecurityScheme::ApiKey(ApiKey::Cookie(cookie)),
            ),
        ] {
            components.add_security_scheme(name, scheme);
        }
    }
}

/// The header by which operators of the platform name a workspace. Others may name their own.
struct TenantHeader;

impl Modify for TenantHeader {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let needs = |name: &str| SecurityRequirement::new::<&str, [String; 0], String>(name, []);
        let (access_token, cookie) = (needs("access_token"), needs("session_cookie"));
        let header = ParameterBuilder::new()
            .name("X-Tenant-ID")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "The workspace. Operators of the platform name that of others.",
            ))
            .schema(Some(Ref::from_schema_name("TenantId")))
            .build();
        for item in openapi.paths.paths.values_mut() {
            for operation in operations(item) {
                let security = operation.security.as_deref().unwrap_or_default();
                if security.contains(&access_token) && !security.contains(&cookie) {
                    let parameters = operation.parameters.get_or_insert_default();
                    parameters.push(RefOr::T(header.clone()));
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let operations = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ];
    operations.into_iter().flatten()
}

/// Lets the parts of an object have the fields of each other: a part that refuses unknown fields would refuse these.
struct OpenParts;

impl Modify for OpenParts {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let parts: BTreeSet<String> = components.schemas.values().flat_map(parts_of).collect();
        for name in parts {
            if let Some(RefOr::T(Schema::Object(part))) = components.schemas.get_mut(&name) {
                part.additional_properties = None;
            }
        }
    }
}

/// Returns the names of the schemas that an object consists of.
fn parts_of(schema: &RefOr<Schema>) -> Vec<String> {
    let RefOr::T(Schema::AllOf(all)) = schema else {
        return Vec::new();
    };
    let name_of = |part: &RefOr<Schema>| match part {
        RefOr::Ref(part) => {
            let name = part.ref_location.strip_prefix("#/components/schemas/");
            name.map(str::to_owned)
        }
        RefOr::T(_) => None,
    };
    all.items.iter().filter_map(name_of).collect()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Desk",
        version = "1",
        description = "Each route may also answer 500 or 503 with a problem document. After a 503, the same request may succeed.",
        license(name = "MIT OR Apache-2.0"),
    ),
    modifiers(&Authentication, &TenantHeader, &OpenParts),
    components(schemas(Problem, DraftProblem)),
    paths(
        desk_login::sign_up,
        desk_login::verify,
        desk_login::log_in,
        desk_login::forgot_password,
        desk_login::reset_password,
        desk_login::change_password,
        desk_sessions::refresh,
        desk_sessions::log_out,
        desk_sessions::validation::validate,
        desk_sessions::show_person,
        desk_sessions::list_methods,
        desk_sessions::list_sessions,
        desk_sessions::end_session,
        desk_sessions::show_public_keys,
        desk_sessions::api_keys::create_key,
        desk_sessions::api_keys::list_keys,
        desk_sessions::api_keys::delete_key,
        desk_tenants::list::list_tenants,
        desk_tenants::create_tenant,
        desk_tenants::show_tenant,
        desk_tenants::update_tenant,
        desk_tenants::show_limits,
        desk_tenants::provision_tenant,
        desk_tenants::lifecycle::delete_tenant,
        desk_tenants::lifecycle::restore_tenant,
        desk_tenants::lifecycle::suspend_tenant,
        desk_tenants::lifecycle::resume_tenant,
        desk_trust::list_audit,
        desk_members::list_members,
        desk_members::update_own_membership,
        desk_members::update_member,
        desk_members::delete_member,
        desk_members::invitations::list_invitations,
        desk_members::invitations::create_invitation,
        desk_members::invitations::accept_invitation,
        desk_members::invitations::delete_invitation,
        desk_members::teams::list_teams,
        desk_members::teams::create_team,
        desk_members::teams::update_team,
        desk_members::teams::delete_team,
        desk_settings::canned::list_canned,
        desk_settings::canned::create_canned,
        desk_settings::canned::update_canned,
        desk_settings::canned::delete_canned,
        desk_settings::tags::list_tags,
        desk_settings::tags::create_tag,
        desk_settings::tags::update_tag,
        desk_settings::tags::delete_tag,
        desk_settings::views::list_views,
        desk_settings::views::create_view,
        desk_settings::views::update_view,
        desk_settings::views::delete_view,
        desk_settings::hours::show_hours,
        desk_settings::hours::update_hours,
        desk_conversations::start,
        desk_conversations::show,
        desk_conversations::lists::list,
        desk_conversations::lists::counts,
        desk_conversations::lists::history,
        desk_conversations::changes::patch_head,
        desk_conversations::changes::end,
        desk_conversations::changes::prechat,
        desk_conversations::changes::hand_off,
        desk_conversations::changes::read,
        desk_conversations::changes::rate,
        desk_conversations::changes::save_draft,
        desk_conversations::transcript::transcript,
        desk_conversations::files::announce,
        desk_conversations::files::check,
        desk_conversations::files::show,
        desk_messages::list,
        desk_messages::create,
        desk_messages::delete,
        desk_contacts::list,
        desk_contacts::show,
        desk_contacts::patch,
        desk_contacts::merge_into,
        desk_contacts::set_block,
        desk_chatbots::list_bots,
        desk_chatbots::create_bot,
        desk_chatbots::show_bot,
        desk_chatbots::update_bot,
        desk_chatbots::delete_bot,
        desk_chatbots::deployments::deploy_bot,
        desk_chatbots::deployments::list_deployments,
        desk_chatbots::deployments::activate_deployment,
        desk_chatbots::identity::rotate_secret,
        desk_widget::show_config,
        desk_widget::allow_config,
        desk_widget::show_loader,
        desk_widget::show_frame,
        desk_widget::create_embed,
        desk_widget::allow_embed,
        desk_widget::import_embed,
        desk_widget::create_session,
        desk_ws_ticket::create_agent_ticket,
        desk_ws_ticket::create_visitor_ticket,
        health::show_health,
        health::head_health,
        health::show_readiness,
        health::head_readiness,
        health::show_live,
        health::head_live,
        health::show_ready,
        health::head_ready,
    )
)]
struct Spec;

/// The routes of each function. A file of `routes/` that is missing here fails a test.
fn routers() -> [Router<State>; 13] {
    [
        desk_chatbots::routes(),
        desk_contacts::routes(),
        desk_conversations::routes(),
        desk_health::routes(),
        desk_login::routes(),
        desk_members::routes(),
        desk_messages::routes(),
        desk_sessions::routes(),
        desk_settings::routes(),
        desk_tenants::routes(),
        desk_trust::routes(),
        desk_widget::routes(),
        desk_ws_ticket::routes(),
    ]
}

/// Returns the operations of the document: the key of each, such as `GET /teams`, and its id.
fn documented() -> Vec<(String, String)> {
    let document = serde_json::to_value(Spec::openapi()).unwrap();
    let Value::Object(paths) = &document["paths"] else {
        panic!("the document has paths")
    };
    let mut documented = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let key = format!("{} {path}", method.to_uppercase());
            let id = operation["operationId"].as_str().unwrap();
            documented.push((key, id.to_owned()));
        }
    }
    documented
}

#[test]
fn every_route_is_documented_and_nothing_else() {
    let routers = routers();
    let routed: BTreeSet<_> = routers.iter().flat_map(Router::keys).collect();
    let documented = documented();
    let documented: BTreeSet<_> = documented.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(documented, routed);
}

#[test]
fn every_function_with_routes_is_in_the_contract() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/routes");
    let files = std::fs::read_dir(folder).unwrap();
    let is_function = |path: &std::path::Path| path.extension().is_some_and(|kind| kind == "rs");
    let functions = files.filter(|file| is_function(&file.as_ref().unwrap().path()));
    assert_eq!(functions.count(), routers().len());
}

#[test]
fn operation_ids_are_unique() {
    let documented = documented();
    let ids: BTreeSet<_> = documented.iter().map(|(_, id)| id).collect();
    assert_eq!(ids.len(), documented.len());
}

#[test]
fn the_openapi_document_is_current() {
    let document = Spec::openapi().to_pretty_json().unwrap();
    assert_rendered("desk", "docs/desk.openapi.json", &format!("{document}\n"));
}

#[test]
fn the_typescript_types_are_current() {
    assert_rendered("desk", "web/desk/spoken.ts", &typescript::render());
}
