//! Descriptions of our types for clients: OpenAPI schemas and TypeScript.

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// Returns the schema of a string, with a pattern if it has one.
pub fn text(pattern: Option<&str>) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(pattern)
        .build()
        .into()
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
