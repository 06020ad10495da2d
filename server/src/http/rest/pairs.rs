//! Tells of pairs as arrays of two, because programs that make clients do not know an array that has a schema for each place.

use utoipa::Modify;
use utoipa::openapi::schema::{AdditionalProperties, AnyOf, Array, ArrayItems};
use utoipa::openapi::{OpenApi, RefOr, Schema};

/// Everywhere in the document's schemas.
pub struct Pairs;

impl Modify for Pairs {
    fn modify(&self, document: &mut OpenApi) {
        let Some(components) = &mut document.components else { return };
        components.schemas.values_mut().for_each(told);
    }
}

fn told(schema: &mut RefOr<Schema>) {
    if let RefOr::T(schema) = schema {
        tell(schema);
    }
}

fn tell(schema: &mut Schema) {
    match schema {
        Schema::Array(array) => tell_array(array),
        Schema::Object(object) => {
            object.properties.values_mut().for_each(told);
            if let Some(AdditionalProperties::RefOr(more)) = object.additional_properties.as_deref_mut() {
                told(more);
            }
        }
        Schema::OneOf(any) => any.items.iter_mut().for_each(told),
        Schema::AllOf(all) => all.items.iter_mut().for_each(told),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(told),
        _ => {}
    }
}

fn tell_array(array: &mut Array) {
    array.prefix_items.iter_mut().for_each(tell);
    if let ArrayItems::RefOrSchema(items) = &mut array.items {
        told(items);
    }
    let places = std::mem::take(&mut array.prefix_items);
    let Some(first) = places.first().cloned() else { return };
    (array.min_items, array.max_items) = (Some(places.len()), Some(places.len()));
    let same = places.iter().all(|place| *place == first);
    let items = match same {
        true => first,
        false => Schema::AnyOf(places.into_iter().fold(AnyOf::new(), |any, place| {
            let mut any = any;
            any.items.push(place.into());
            any
        })),
    };
    array.items = ArrayItems::RefOrSchema(Box::new(items.into()));
}
