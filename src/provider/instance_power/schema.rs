//! What can be written in a `compshare_instance_power`, and what says which instance it is.

use super::{RUNNING, STOPPED};
use crate::{
    cty::Type,
    framework::{
        Attribute, Block, IdentityAttribute, IdentitySchema, Mode, NestedBlock, Rule, Schema,
    },
};

pub(super) fn schema() -> Schema {
    Schema {
        version: 0,
        block: Block {
            description: "Keeps a CompShare instance running, or stopped. The instance itself is neither created nor \
                          deleted: this resource starts it and stops it, and starts it again when somebody else \
                          stopped it. A running instance is adopted as it is.",
            attributes: attributes(),
            blocks: vec![NestedBlock { name: "timeouts", block: timeouts() }],
        },
    }
}

pub(super) fn identity() -> IdentitySchema {
    let attribute = |name, required_for_import, description| IdentityAttribute {
        name,
        ty: Type::String,
        description,
        required_for_import,
    };
    IdentitySchema {
        version: 0,
        attributes: vec![
            attribute("instance_id", true, "The instance, such as `uhost-…` or `cpod-…`."),
            attribute(
                "project_id",
                false,
                "The project it belongs to. Default: the provider's, else the account's default project.",
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
            "The instance, such as `uhost-…` or `cpod-…`. Another id is another resource.",
        )
        .replaces()
        .rule(Rule::NotEmpty),
        text(
            "state",
            Mode::OptionalComputed,
            "What the instance is to be: `Running` (default) or `Stopped`. After a refresh it holds the state that the cloud \
             reports, so an instance that somebody stopped shows as a change.",
        )
        .default(RUNNING)
        .rule(Rule::OneOf(&[RUNNING, STOPPED])),
        text(
            "region",
            Mode::OptionalComputed,
            "Where the instance is. Found by the id; if set, it has to be right.",
        )
        .replaces()
        .rule(Rule::NotEmpty),
        text(
            "zone",
            Mode::OptionalComputed,
            "The zone the instance is in. Found by the id; if set, it has to be right.",
        )
        .replaces()
        .rule(Rule::NotEmpty),
        text(
            "project_id",
            Mode::OptionalComputed,
            "The project the instance belongs to. Default: the provider's.",
        )
        .replaces()
        .rule(Rule::NotEmpty),
        Attribute::new(
            "without_gpu",
            Type::Bool,
            Mode::OptionalComputed,
            "Start without a GPU, which is cheaper; for preparing data, say. Default: `false`. Only pay-as-you-go instances \
             of some GPU models can, and one per account at a time.",
        )
        .default(false),
        text(
            "without_gpu_spec",
            Mode::Optional,
            "What to run on without a GPU: `A` (2 cores, 4 GiB; default) or `B` (8 cores, 16 GiB; not for containers). \
             Only with `without_gpu = true`. A change takes effect when the instance is started the next time.",
        )
        .rule(Rule::OneOf(&["A", "B"])),
        flag(
            "allow_stopping_for_update",
            "Whether a running instance may be stopped and started again to change `without_gpu`. Default: `false`, and \
             such a change is refused in the plan.",
        ),
        flag(
            "stop_on_destroy",
            "Whether destroying this resource stops the instance. Default: `false`: it is left as it is, and goes on being \
             billed if it runs.",
        ),
        flag("force_stop", "Whether stopping is forced, which spot instances need. Default: `false`."),
        flag(
            "wait_for_capacity",
            "Whether to keep trying, until the timeout, while the zone is sold out. Default: `false`: that is an error at \
             once.",
        ),
        text("id", Mode::Computed, "The same as `instance_id`.").never_null(),
        text("name", Mode::Computed, "The instance's name."),
        text("gpu_type", Mode::Computed, "Its GPU model, such as `4090`."),
        Attribute::new(
            "gpu_count",
            Type::Number,
            Mode::Computed,
            "GPUs allocated now: 0 unless it runs with its GPU.",
        ),
        text("started_at", Mode::Computed, "When it was last started, in RFC 3339."),
    ]
}

fn timeouts() -> Block {
    let text = |name, description| {
        Attribute::new(name, Type::String, Mode::Optional, description).rule(Rule::Duration)
    };
    Block {
        description: "How long operations may take in all, such as `\"30m\"`.",
        attributes: vec![
            text("create", "Adopting or starting the instance. Default: `20m`."),
            text("update", "Starting or stopping it. Default: `20m`."),
            text("delete", "Stopping it, with `stop_on_destroy`. Default: `20m`."),
        ],
        blocks: Vec::new(),
    }
}
