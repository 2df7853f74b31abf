//! Vendor specific services (ECMA-269 clause 28.1). Escape names no device, so the right to send it cannot be checked.

use super::{Served, Service};

/// In the schema's order.
pub(super) const VENDOR: &[Service] = &[
    unserved!("EscapeRegister", "vendorSpecificServList", "escapeRegister"),
    unserved!("EscapeRegisterCancel", "vendorSpecificServList", "escapeRegisterCancel"),
    unserved!("EscapeRegisterAbort", "vendorSpecificServList", "escapeRegisterAbort"),
    unserved!("Escape", "vendorSpecificServList", "escape"),
    unserved!("PrivateDataVersionSelection", "vendorSpecificServList", "privateDataVersionSelection"),
];
