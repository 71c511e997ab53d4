//! Typed models: one struct declares a schema, and holds a configuration, plan or state.

use std::marker::PhantomData;

use super::{
    attr::{Attr, Convert},
    schema::{Attribute, Block, Mode, NestedBlock},
};
use crate::cty::{Error, Step, Value};

/// A struct whose fields are the attributes and nested blocks of one schema.
///
/// Written with [`model!`](crate::framework::model), which derives the schema and the conversions.
pub trait Model: Convert + Clone + Send + Sync + 'static {
    /// The attributes and nested blocks of the fields, without a description of the whole.
    fn block() -> Block;

    /// Converts an object value. Attributes that it lacks are null.
    fn from_value(value: &Value) -> Result<Self, Error> {
        Self::from_known(value)
    }

    /// Replaces each unknown field by that of `other`.
    fn fill_unknown(&mut self, other: &Self);
}

/// Conversion of one field of a model from and to the object value of the model.
pub trait ModelField: Sized {
    /// Reads the field from `object`, where it is called `name`.
    fn read(object: &Value, name: &'static str) -> Result<Self, Error>;

    /// The attributes of the object value that the field contributes.
    fn into_attributes(self, name: &'static str) -> Vec<(String, Value)>;

    /// As [`Model::fill_unknown`], for this field.
    fn fill_unknown(&mut self, other: &Self);
}

/// One attribute, or one nested block.
impl<T: Convert + Clone> ModelField for Attr<T> {
    fn read(object: &Value, name: &'static str) -> Result<Self, Error> {
        Self::from_value(object.attribute(name))
            .map_err(|error| error.below(Step::Attribute(name.to_owned())))
    }

    fn into_attributes(self, name: &'static str) -> Vec<(String, Value)> {
        vec![(name.to_owned(), self.into_value())]
    }

    fn fill_unknown(&mut self, other: &Self) {
        if self.is_unknown() {
            *self = other.clone();
        }
    }
}

/// A flattened group: its attributes are beside those of the model, and the field's own name does
/// not appear in the schema.
impl<M: Model> ModelField for M {
    fn read(object: &Value, _name: &'static str) -> Result<Self, Error> {
        Self::from_value(object)
    }

    fn into_attributes(self, _name: &'static str) -> Vec<(String, Value)> {
        match self.into_value() {
            Value::Map(attributes) => attributes.into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn fill_unknown(&mut self, other: &Self) {
        Model::fill_unknown(self, other);
    }
}

/// Name, description and type of a model's field. A method turns it into a part of the schema; in
/// [`model!`](crate::framework::model), it is the first one after the `=`.
#[derive(Debug)]
pub struct Field<F> {
    name: &'static str,
    description: String,
    field: PhantomData<fn() -> F>,
}

impl<F> Field<F> {
    /// The field called `name` in Rust, described by the lines of its doc comment.
    pub fn new(name: &'static str, doc: &[&str]) -> Self {
        Self { name: attribute_name(name), description: text(doc), field: PhantomData }
    }
}

impl<T: Convert> Field<Attr<T>> {
    /// An attribute that the configuration must set.
    pub fn required(self) -> Attribute {
        self.attribute(Mode::Required)
    }

    /// An attribute that the configuration may set, and that is null otherwise.
    pub fn optional(self) -> Attribute {
        self.attribute(Mode::Optional)
    }

    /// An attribute that only the provider sets.
    pub fn computed(self) -> Attribute {
        self.attribute(Mode::Computed)
    }

    /// An attribute that the configuration may set, and that the provider sets otherwise.
    pub fn optional_computed(self) -> Attribute {
        self.attribute(Mode::OptionalComputed)
    }

    fn attribute(self, mode: Mode) -> Attribute {
        Attribute {
            sensitive: T::SENSITIVE,
            ..Attribute::new(self.name, T::ty(), mode, self.description)
        }
    }
}

impl<M: Model> Field<Attr<M>> {
    /// A nested block that may be written once; null if it is absent.
    pub fn nested_block(self) -> NestedBlock {
        let block = Block { description: self.description, ..M::block() };
        NestedBlock { name: self.name, block }
    }
}

impl<M: Model> Field<M> {
    /// The attributes of a group that several models share.
    pub fn flattened(self) -> Block {
        M::block()
    }
}

/// The name of the attribute. A field named like a Rust keyword is written `r#type`.
pub fn attribute_name(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// The lines of a doc comment as one line of Markdown.
fn text(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// Defines a [`Model`]: name, type, mode, rules and description of each attribute at its field.
///
/// The field's type gives the attribute's type, and whether it is sensitive. The doc comment is the
/// description that hosts and the registry show, in Markdown. After the `=` come a method of
/// [`Field`] and methods of [`Attribute`]:
///
/// ```
/// use terraform_provider_compshare::framework::{Attr, Model as _, Rule, model};
///
/// model! {
///     struct Filter {
///         /// Region of the instances, for example `cn-wlcb`.
///         region: Attr<String> = optional().rule(Rule::NotEmpty),
///     }
/// }
///
/// model! {
///     struct Instances {
///         filter: Filter = flattened(),
///         /// IDs of the matching instances.
///         ids: Attr<Vec<String>> = computed(),
///     }
/// }
///
/// let names: Vec<_> = Instances::block().attributes.iter().map(|a| a.name).collect();
/// assert_eq!(names, ["region", "ids"]);
/// ```
#[macro_export]
macro_rules! model {
    (
        $(#[$outer:meta])*
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $field_visibility:vis $field:ident: $kind:ty
                    = $($method:ident($($argument:expr),* $(,)?)).+,
            )*
        }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Default)]
        $visibility struct $name {
            $($(#[doc = $doc])* $field_visibility $field: $kind,)*
        }

        impl $crate::framework::Convert for $name {
            const EXPECTED: &'static str = "an object";

            fn ty() -> $crate::cty::Type {
                <Self as $crate::framework::Model>::block().ty()
            }

            fn from_known(value: &$crate::cty::Value) -> Result<Self, $crate::cty::Error> {
                if !matches!(value, $crate::cty::Value::Map(_)) {
                    return Err($crate::framework::unexpected::<Self>(value));
                }
                Ok(Self {
                    $($field: $crate::framework::ModelField::read(
                        value,
                        $crate::framework::attribute_name(stringify!($field)),
                    )?,)*
                })
            }

            fn into_value(self) -> $crate::cty::Value {
                let fields = [$($crate::framework::ModelField::into_attributes(
                    self.$field,
                    $crate::framework::attribute_name(stringify!($field)),
                ),)*];
                $crate::cty::Value::Map(fields.into_iter().flatten().collect())
            }
        }

        impl $crate::framework::Model for $name {
            fn block() -> $crate::framework::Block {
                let mut block = $crate::framework::Block::default();
                $($crate::framework::BlockPart::add_to(
                    $crate::framework::Field::<$kind>::new(stringify!($field), &[$($doc),*])
                        $(.$method($($argument),*))+,
                    &mut block,
                );)*
                block
            }

            fn fill_unknown(&mut self, other: &Self) {
                $($crate::framework::ModelField::fill_unknown(&mut self.$field, &other.$field);)*
            }
        }
    };
}

pub use crate::model;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cty::Type, framework::rule::Rule};

    model! {
        struct Location {
            /// Region, for
            /// example `cn-wlcb`.
            region: Attr<String> = optional().rule(Rule::NotEmpty),
        }
    }

    model! {
        struct Timeouts {
            /// Time limit of a create.
            create: Attr<String> = optional(),
        }
    }

    model! {
        struct Sample {
            /// Identifier.
            id: Attr<String> = required().replaces(),
            location: Location = flattened(),
            /// Kind.
            r#type: Attr<i64> = optional_computed().default(1),
            /// Locations.
            locations: Attr<Vec<Location>> = computed(),
            /// Time limits.
            timeouts: Attr<Timeouts> = nested_block(),
        }
    }

    #[test]
    fn schema_is_derived_from_the_fields() {
        let block = Sample::block();
        let location = Type::Object([("region".to_owned(), Type::String)].into());
        let attribute = |name, ty, mode, text: &str| Attribute::new(name, ty, mode, text);
        assert_eq!(
            block.attributes,
            [
                attribute("id", Type::String, Mode::Required, "Identifier.").replaces(),
                attribute("region", Type::String, Mode::Optional, "Region, for example `cn-wlcb`.")
                    .rule(Rule::NotEmpty),
                attribute("type", Type::Number, Mode::OptionalComputed, "Kind.").default(1),
                attribute(
                    "locations",
                    Type::List(Box::new(location)),
                    Mode::Computed,
                    "Locations."
                ),
            ]
        );
        let [timeouts] = &block.blocks[..] else { panic!("{:?}", block.blocks) };
        assert_eq!((timeouts.name, &*timeouts.block.description), ("timeouts", "Time limits."));
        assert_eq!(timeouts.block.attributes, Timeouts::block().attributes);
    }

    #[test]
    fn sensitive_types_make_sensitive_attributes() {
        model! {
            struct Secrets {
                /// Password.
                password: Attr<crate::framework::Sensitive> = computed(),
                /// User.
                user: Attr<String> = computed(),
            }
        }
        let sensitive: Vec<_> = Secrets::block().attributes.iter().map(|a| a.sensitive).collect();
        assert_eq!(sensitive, [true, false]);
    }

    fn sample() -> (Sample, Value) {
        let region = |name: &str| Location { region: name.into() };
        let sample = Sample {
            id: "a".into(),
            location: region("r"),
            r#type: Attr::Unknown,
            locations: Attr::Known(vec![region("s")]),
            timeouts: Attr::Null,
        };
        let value = Value::map([
            ("id", Value::from("a")),
            ("region", Value::from("r")),
            ("type", Value::unknown()),
            ("locations", vec![Value::map([("region", Value::from("s"))])].into()),
            ("timeouts", Value::Null),
        ]);
        (sample, value)
    }

    #[test]
    fn models_convert_from_and_to_values() {
        let (sample, value) = sample();
        assert_eq!(Sample::from_value(&value).unwrap(), sample);
        assert_eq!(sample.into_value(), value);
    }

    #[test]
    fn conversion_error_names_the_attribute() {
        for (name, path) in [("type", "type"), ("region", "region")] {
            let error = Sample::from_value(&Value::map([(name, Value::from(true))])).unwrap_err();
            assert_eq!(error.path.to_string(), path);
        }
        assert!(Sample::from_value(&Value::from("text")).is_err());
    }

    #[test]
    fn only_unknown_fields_are_filled() {
        let (mut sample, _) = sample();
        sample.location.region = Attr::Unknown;
        let other = Sample {
            id: "b".into(),
            location: Location { region: "t".into() },
            r#type: Attr::Known(2),
            ..Sample::default()
        };
        Model::fill_unknown(&mut sample, &other);
        assert_eq!(sample.id, "a".into());
        assert_eq!((sample.location.region, sample.r#type), ("t".into(), Attr::Known(2)));
    }
}
