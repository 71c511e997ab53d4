//! A resource that implements only the required methods: no identity, plan or generated
//! configuration of its own.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::framework::{
    Attr, Context, Definition, Diagnostics, ErasedResource, Failure, Host, ImportBy, NoIdentity,
    Provider, Resource, model,
};

use crate::support::terraform_core::{Action, Terraform, connect};

struct Minimal;

model! {
    struct Configuration {
        /// Unused.
        comment: Attr<String> = optional(),
    }
}

impl Provider for Minimal {
    type Model = Configuration;
    type Session = ();

    fn description(&self) -> &'static str {
        "A provider with one resource."
    }

    async fn configure(&self, _: Configuration, _: Host) -> Result<(), Diagnostics> {
        Ok(())
    }

    fn resources(&self) -> Vec<Box<dyn ErasedResource<()>>> {
        vec![Note.boxed()]
    }
}

struct Note;

model! {
    struct NoteModel {
        /// Title of the note. Changing this forces a new resource.
        title: Attr<String> = required().replaces(),
        /// Text of the note. Defaults to an empty text.
        text: Attr<String> = optional_computed().default(""),
        /// Same as `title`.
        id: Attr<String> = computed().never_null(),
    }
}

impl Definition for Note {
    type Model = NoteModel;
    type Session = ();

    fn type_name(&self) -> &'static str {
        "minimal_note"
    }

    fn description(&self) -> &'static str {
        "A note, which exists in the state only."
    }
}

impl Resource for Note {
    type Identity = NoIdentity;

    async fn create(
        &self,
        _: &Context<()>,
        plan: NoteModel,
    ) -> Result<NoteModel, Failure<NoteModel>> {
        Ok(NoteModel { id: plan.title.clone(), ..plan })
    }

    async fn read(
        &self,
        _: &Context<()>,
        state: NoteModel,
    ) -> Result<Option<NoteModel>, Diagnostics> {
        Ok(Some(state))
    }

    async fn update(
        &self,
        _: &Context<()>,
        _: NoteModel,
        plan: NoteModel,
    ) -> Result<NoteModel, Failure<NoteModel>> {
        Ok(plan)
    }

    async fn delete(&self, _: &Context<()>, _: NoteModel) -> Result<(), Diagnostics> {
        Ok(())
    }

    fn import(&self, _: &Context<()>, by: ImportBy<NoIdentity>) -> Result<NoteModel, Diagnostics> {
        let ImportBy::Id(id) = by else { panic!("the resource has no identity") };
        Ok(NoteModel { title: (*id).into(), text: "imported".into(), id: (*id).into() })
    }
}

async fn note() -> Terraform {
    let terraform = Terraform::on_resource(connect(Minimal).await, "minimal_note").await;
    terraform.configure(json!({})).await.unwrap();
    terraform
}

#[tokio::test]
async fn minimal_resource_has_a_complete_life() {
    let mut note = note().await;
    let plan = note.plan(json!({"title": "a"})).await.unwrap();
    assert_eq!(plan.action, Action::Create);
    note.apply(plan).await.unwrap();
    assert_eq!([note.attribute("id"), note.attribute("text")], [json!("a"), json!("")]);
    assert_eq!(note.identity(), Json::Null);

    note.refresh().await.unwrap();
    let plan = note.plan(json!({"title": "a", "text": "b"})).await.unwrap();
    assert_eq!(plan.action, Action::Update);
    note.apply(plan).await.unwrap();
    let plan = note.plan(json!({"title": "c"})).await.unwrap();
    assert_eq!(
        (plan.action, &plan.requires_replace[..]),
        (Action::Replace, &["title".to_owned()][..])
    );
    note.apply(plan).await.unwrap();
    assert_eq!([note.attribute("id"), note.attribute("text")], [json!("c"), json!("")]);

    let plan = note.plan_destroy().await.unwrap();
    note.apply(plan).await.unwrap();
    assert!(note.state().is_none());
}

#[tokio::test]
async fn imported_minimal_resource_has_a_generated_configuration() {
    let mut note = note().await;
    note.import("a").await.unwrap();
    assert_eq!(note.identity(), Json::Null);
    let config = note.generate_config().await;
    assert_eq!(config, json!({"title": "a", "text": "imported", "id": null}));
    assert_eq!(note.plan(config).await.unwrap().action, Action::NoOp);
}
