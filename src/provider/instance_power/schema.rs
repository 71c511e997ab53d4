//! What can be written in a `compshare_instance_power`, and what says which instance it is.

use super::{RUNNING, STOPPED};
use crate::{
    cty::Type,
    framework::{
        Attribute, Block, IdentityAttribute, IdentitySchema, Mode, NestedBlock, Rule, Schema,
    },
};

pub(crate) fn schema() -> Schema {
    Schema {
        version: 0,
        block: Block {
            description: "Keeps a CompShare instance running, or stopped. The instance itself is neither created nor \
                          deleted: this resource starts and stops it, and does so again when somebody else did otherwise. \
                          An instance that is in the wanted state already is adopted as it is, without a call.",
            attributes: attributes(),
            blocks: vec![NestedBlock { name: "timeouts", block: timeouts() }],
        },
    }
}

pub(crate) fn identity() -> IdentitySchema {
    let attribute = |name, required_for_import, description| IdentityAttribute {
        name,
        ty: Type::String,
        description,
        required_for_import,
    };
    IdentitySchema {
        version: 0,
        attributes: vec![
            attribute(
                "instance_id",
                true,
                "The instance, such as `uhost-1a2b3c4d` or `cpod-1a2b3c4d`.",
            ),
            attribute(
                "project_id",
                false,
                "The project the instance belongs to. Default: the provider's, else the account's default project.",
            ),
        ],
    }
}

fn attributes() -> Vec<Attribute> {
    let text = |name, mode, description| Attribute::new(name, Type::String, mode, description);
    let flag = |name, description| Attribute::new(name, Type::Bool, Mode::Optional, description);
    vec![
        text(
            "instance_id",
            Mode::Required,
            "The instance, such as `uhost-1a2b3c4d` or `cpod-1a2b3c4d`. Another id replaces the resource: the instance of \
             before is let go as `stop_on_destroy` says.",
        )
        .replaces()
        .rule(Rule::NotEmpty),
        text(
            "state",
            Mode::OptionalComputed,
            "What the instance is to be: `Running`, which is the default, or `Stopped`. After a refresh it holds the state that \
             the cloud reports, so that an instance which somebody stopped shows as a change.",
        )
        .default(RUNNING)
        .rule(Rule::OneOf(&[RUNNING, STOPPED])),
        text(
            "region",
            Mode::OptionalComputed,
            "The region the instance is in, such as `cn-wlcb`. Default: wherever the instance is found. If set and the instance \
             is elsewhere, that is an error which names the right one. Another configured value replaces the resource.",
        )
        .replaces()
        .rule(Rule::NotEmpty),
        text(
            "zone",
            Mode::OptionalComputed,
            "The zone the instance is in, such as `cn-wlcb-01`. Default and errors are as with `region`. Another configured \
             value replaces the resource.",
        )
        .replaces()
        .rule(Rule::NotEmpty),
        text(
            "project_id",
            Mode::OptionalComputed,
            "The project the instance belongs to. Default: the provider's, else the account's default project. Another \
             configured value replaces the resource.",
        )
        .replaces()
        .rule(Rule::NotEmpty),
        Attribute::new(
            "without_gpu",
            Type::Bool,
            Mode::OptionalComputed,
            "Whether the instance runs without its GPU, which is cheaper; to prepare data, say. Default: `false`. Only \
             pay-as-you-go instances of some GPU models can, and one per account at a time. If the cloud allocates a GPU all \
             the same, that is an error. A change on a running instance takes `allow_stopping_for_update`.",
        )
        .default(false),
        text(
            "without_gpu_spec",
            Mode::Optional,
            "What the instance runs on without its GPU: `A`, which is the default, has 2 cores and 4 GiB; `B` has 8 cores and \
             16 GiB, and is not for containers. Only with `without_gpu = true`. A change takes effect at the next start.",
        )
        .rule(Rule::OneOf(&["A", "B"])),
        flag(
            "allow_stopping_for_update",
            "Whether a running instance may be stopped and started again to change `without_gpu`, which ends whatever runs on \
             it. Default: `false`, and the plan refuses such a change.",
        ),
        flag(
            "stop_on_destroy",
            "Whether the instance is stopped when the resource is destroyed or replaced. Default: `false`: it is left as it is, \
             and if it runs it goes on being billed. It has to be applied before the destroy.",
        ),
        flag("force_stop", "Whether stops are forced, which spot instances need. Default: `false`."),
        flag(
            "wait_for_capacity",
            "Whether to keep trying while the zone is sold out, about every 30 seconds until the timeout. Default: `false`, and \
             that is an error at once.",
        ),
        text("id", Mode::Computed, "The same as `instance_id`.").never_null(),
        text("name", Mode::Computed, "The instance's name."),
        text("gpu_type", Mode::Computed, "The instance's GPU model, such as `4090`."),
        Attribute::new(
            "gpu_count",
            Type::Number,
            Mode::Computed,
            "GPUs that are allocated to the instance now: 0 unless it runs with its GPU.",
        ),
        text("started_at", Mode::Computed, "When the instance was last started, in RFC 3339, such as `2026-01-31T01:00:00Z`."),
    ]
}

fn timeouts() -> Block {
    let text = |name, description| {
        Attribute::new(name, Type::String, Mode::Optional, description).rule(Rule::Duration)
    };
    Block {
        description: "How long operations may take in all, as durations such as `\"90s\"` or `\"1h30m\"`. A timeout ends the \
                      waiting, and not what the cloud has accepted.",
        attributes: vec![
            text(
                "create",
                "For adopting, starting or stopping the instance when the resource is created. Default: `\"20m\"`.",
            ),
            text(
                "update",
                "For starting or stopping the instance when the resource is changed. Default: `\"20m\"`.",
            ),
            text(
                "delete",
                "For stopping the instance when the resource is destroyed, with `stop_on_destroy`. Default: `\"20m\"`.",
            ),
        ],
        blocks: Vec::new(),
    }
}
