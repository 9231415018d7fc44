//! Where a resource is declared.

use super::super::intrinsics::Scope;

/// Returns `file:line` of a resource.
pub(super) fn place(scope: &Scope, id: &str) -> String {
    scope.source.place(["Resources", id])
}
