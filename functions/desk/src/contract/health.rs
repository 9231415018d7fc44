//! The routes of `desk-health`. One handler answers all of them, so that they are described here.

use utoipa::ToSchema;

use super::Unavailable;

#[derive(ToSchema)]
pub(crate) struct Health {
    service: String,
    status: HealthStatus,
}

#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HealthStatus {
    Healthy,
    Ready,
}

macro_rules! described {
    ($($name:ident: $method:ident $path:literal, $($response:tt),+;)*) => {
        $(
            #[utoipa::path($method, path = $path, tag = "Health", responses($($response),+), security(()))]
            pub(super) fn $name() {}
        )*
    };
}

described! {
    show_health: get "/desk/health", (status = 200, description = "The process runs.", body = Health);
    head_health: head "/desk/health", (status = 200, description = "The process runs.");
    show_readiness: get "/desk/ready", (status = 200, description = "Dependencies answer.", body = Health), Unavailable;
    head_readiness: head "/desk/ready", (status = 200, description = "Dependencies answer."), Unavailable;
    show_live: get "/health/live", (status = 200, description = "The process runs.", body = Health);
    head_live: head "/health/live", (status = 200, description = "The process runs.");
    show_ready: get "/health/ready", (status = 200, description = "Dependencies answer.", body = Health), Unavailable;
    head_ready: head "/health/ready", (status = 200, description = "Dependencies answer."), Unavailable;
}
