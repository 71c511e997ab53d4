//! Core's rules for values, after Terraform's package `objchange`. Each panics where core reports a
//! bug of the provider.

use std::collections::BTreeMap;

use terraform_provider_compshare::cty::Value;

use super::schema::Block;

/// The proposed new state: the configuration, with the prior value for each computed attribute that
/// is not configured.
pub(crate) fn proposed_new(block: &Block, prior: &Value, config: &Value) -> Value {
    if !matches!(config, Value::Map(_)) {
        return config.clone();
    }
    let mut proposed = BTreeMap::new();
    for (name, attribute) in &block.attributes {
        let configured = config.attribute(name);
        let value = if attribute.computed && configured.is_null() {
            prior.attribute(name)
        } else {
            configured
        };
        proposed.insert(name.clone(), value.clone());
    }
    for (name, nested) in &block.blocks {
        let value = proposed_new(nested, prior.attribute(name), config.attribute(name));
        proposed.insert(name.clone(), value);
    }
    Value::Map(proposed)
}

/// "Provider produced invalid plan".
#[track_caller]
pub(crate) fn assert_plan_valid(block: &Block, prior: &Value, config: &Value, planned: &Value) {
    check_plan(block, prior, config, planned, "");
}

#[track_caller]
fn check_plan(block: &Block, prior: &Value, config: &Value, planned: &Value, at: &str) {
    assert_eq!(
        planned.is_null(),
        config.is_null(),
        "{at}: exactly one of plan and configuration is null"
    );
    if config.is_null() {
        return;
    }
    assert!(!planned.is_unknown() || config.is_unknown(), "{at}: an unknown block");
    for (name, attribute) in &block.attributes {
        let (before, wanted, plan) =
            (prior.attribute(name), config.attribute(name), planned.attribute(name));
        let kept = plan == before && !before.is_null() && !wanted.is_null();
        let free = attribute.computed && (!attribute.optional || wanted.is_null());
        assert!(
            plan == wanted || kept || free,
            "invalid plan of `{at}{name}`: prior {before:?}, config {wanted:?}, planned {plan:?}"
        );
    }
    for (name, nested) in &block.blocks {
        let (before, wanted, plan) =
            (prior.attribute(name), config.attribute(name), planned.attribute(name));
        check_plan(nested, before, wanted, plan, &format!("{at}{name}."));
    }
}

/// "Provider produced inconsistent final plan", or "inconsistent result after apply": known values
/// must not change.
#[track_caller]
pub(crate) fn assert_object_compatible(planned: &Value, actual: &Value, at: &str) {
    match (planned, actual) {
        (Value::Unknown(_), _) => {}
        (Value::Map(planned), Value::Map(actual)) => {
            assert!(planned.keys().eq(actual.keys()), "{at}: different attributes");
            for (name, value) in planned {
                assert_object_compatible(value, &actual[name], &format!("{at}.{name}"));
            }
        }
        _ => assert_eq!(planned, actual, "inconsistent: {at}, planned and actual"),
    }
}

/// Tests of the rules: a rule that accepts every value would prove nothing.
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use serde_json::{Value as Json, json};
    use terraform_provider_compshare::cty::Type;

    use super::super::{UNKNOWN, schema::Attribute};
    use super::*;

    /// `required`, `optional`, `both` (optional and computed), `computed`, and a block `block` with
    /// `inner`.
    fn block() -> Block {
        let attribute = |optional, computed| Attribute { ty: Type::String, optional, computed };
        let inner = Block {
            attributes: [("inner".to_owned(), attribute(true, false))].into(),
            ..Block::default()
        };
        Block {
            attributes: [
                ("required".to_owned(), attribute(false, false)),
                ("optional".to_owned(), attribute(true, false)),
                ("both".to_owned(), attribute(true, true)),
                ("computed".to_owned(), attribute(false, true)),
            ]
            .into(),
            blocks: [("block".to_owned(), inner)].into(),
        }
    }

    #[track_caller]
    fn check_plan(prior: &Json, config: &Json, planned: &Json, valid: bool) {
        let value = |json: &Json| if json.is_null() { Value::Null } else { block().value(json) };
        let (prior, config, planned) = (value(prior), value(config), value(planned));
        let check = || assert_plan_valid(&block(), &prior, &config, &planned);
        assert_eq!(
            catch_unwind(AssertUnwindSafe(check)).is_ok(),
            valid,
            "{config:?} as {planned:?}"
        );
    }

    #[test]
    fn plan_can_only_set_computed_attributes() {
        let config = json!({"required": "a"});
        let prior = json!({"required": "A", "both": "old"});
        for (planned, valid) in [
            (json!({"required": "a"}), true),
            (json!({"required": "a", "both": UNKNOWN, "computed": "x"}), true),
            (json!({"required": "A"}), true),
            (json!({"required": "b"}), false),
            (json!({"required": UNKNOWN}), false),
            (json!({"required": "a", "optional": "default"}), false),
            (json!({"required": "a", "block": {}}), false),
            (Json::Null, false),
        ] {
            check_plan(&prior, &config, &planned, valid);
        }
        let config = json!({"required": "a", "both": "mine", "block": {"inner": UNKNOWN}});
        for (planned, valid) in [
            (config.clone(), true),
            (json!({"required": "a", "both": "old", "block": {"inner": UNKNOWN}}), true),
            (json!({"required": "a", "both": "other", "block": {"inner": UNKNOWN}}), false),
            (json!({"required": "a", "both": "mine", "block": {"inner": "known"}}), false),
            (json!({"required": "a", "both": "mine"}), false),
        ] {
            check_plan(&prior, &config, &planned, valid);
        }
    }

    #[test]
    fn planned_known_values_must_be_kept() {
        let planned = block().value(&json!({"required": "a", "computed": UNKNOWN}));
        for (actual, compatible) in [
            (json!({"required": "a", "computed": "x"}), true),
            (json!({"required": "a"}), true),
            (json!({"required": "b"}), false),
            (json!({"required": "a", "optional": "x"}), false),
            (json!({"required": "a", "block": {}}), false),
        ] {
            let actual = block().value(&actual);
            let check = || assert_object_compatible(&planned, &actual, "the result");
            assert_eq!(catch_unwind(AssertUnwindSafe(check)).is_ok(), compatible, "{actual:?}");
        }
    }

    #[test]
    fn proposed_state_keeps_prior_computed_values() {
        let prior =
            block().value(&json!({"required": "A", "optional": "o", "both": "b", "computed": "c"}));
        let config = block().value(&json!({"required": "a", "block": {"inner": "i"}}));
        let proposed = block().value(
            &json!({"required": "a", "both": "b", "computed": "c", "block": {"inner": "i"}}),
        );
        assert_eq!(proposed_new(&block(), &prior, &config), proposed);
        let created = block().value(&json!({"required": "a", "block": {"inner": "i"}}));
        assert_eq!(proposed_new(&block(), &Value::Null, &config), created);
    }
}
