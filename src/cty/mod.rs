//! cty
