//! Descriptions of our types for clients: OpenAPI schemas and TypeScript. Only tests of contracts compile them.

use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// An error, as RFC 9457 has it.
#[derive(Debug, ToSchema)]
pub struct Problem {
    pub title: String,
    pub status: u16,
    pub code: String,
    pub correlation_id: String,
}

/// Returns the schema of a string with a pattern.
pub fn text(pattern: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
        .build()
        .into()
}

/// Declares error responses by their status. `Problem` and `utoipa::IntoResponses` are in the caller's scope.
#[macro_export]
macro_rules! problems {
    ($($name:ident = $status:literal, $description:literal;)*) => {
        $(
            #[derive(IntoResponses)]
            #[response(status = $status, description = $description, content_type = "application/problem+json")]
            pub(crate) struct $name(Problem);
        )*
    };
}

/// Describes a type as a string that matches a pattern.
#[macro_export]
macro_rules! describe_as_string {
    ($name:ty, $pattern:expr) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::contract::text($pattern)
            }
        }

        impl utoipa::ToSchema for $name {}

        $crate::typescript_string!($name);
    };
}

/// Describes a type as a TypeScript `string`.
#[macro_export]
macro_rules! typescript_string {
    ($name:ty) => {
        impl ts_rs::TS for $name {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;

            fn name(_: &ts_rs::Config) -> String {
                "string".to_owned()
            }

            fn inline(config: &ts_rs::Config) -> String {
                <Self as ts_rs::TS>::name(config)
            }
        }
    };
}
