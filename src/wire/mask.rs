//! Secret values on the wire.

use crate::fact::Value;

/// Whether secret values are shown, and whether this one is secret.
#[derive(Clone, Copy)]
pub(super) struct Mask(bool);

impl Mask {
    pub(super) const fn new(secret: bool, reveal: bool) -> Self {
        Self(secret && !reveal)
    }

    /// Whether something is hidden.
    pub(super) const fn hides(self) -> bool {
        self.0
    }

    /// The value, or what stands for it.
    pub(super) fn value(self, value: &Value) -> Value {
        if self.0 { Value::string("(masked)") } else { value.clone() }
    }
}

/// Leaves a member out when it is false.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the serializer hands over a reference")]
pub(super) fn is_false(flag: &bool) -> bool {
    !flag
}
