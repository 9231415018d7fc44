//! How our types are described to clients: in OpenAPI and in TypeScript.

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// Text of a form.
pub fn text(pattern: Option<&str>) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(pattern)
        .build()
        .into()
}

/// A type that is written as text.
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
