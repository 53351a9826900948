//! Tags. Source of the limits: EC2 user guide, "Tag restrictions".

use world::World;
use world::model::shapes::{Filter, TagInput, TagSpecification};
use world::model::tags::{CreateTags, DeleteTags, DescribeTags};

use crate::{available, code, message, pass, request, strings, world};

fn put(id: &str, tags: Vec<TagInput>) -> CreateTags {
    CreateTags {
        resources: strings(&[id]),
        tags,
        ..Default::default()
    }
}

fn all(world: &mut World, id: &str) -> Vec<(String, String)> {
    let filters = vec![Filter::new("resource-id", &[id])];
    let tags = world
        .call(DescribeTags {
            filters,
            ..Default::default()
        })
        .unwrap()
        .tags;
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn tags_are_added_replaced_and_removed() {
    let mut world = world("default");
    let id = available(&mut world, request());

    world
        .call(put(
            &id,
            vec![TagInput::new("a", "1"), TagInput::new("b", "1")],
        ))
        .unwrap();
    world.call(put(&id, vec![TagInput::new("a", "2")])).unwrap();
    pass(&mut world, 2);
    assert_eq!(all(&mut world, &id), [pair("a", "2"), pair("b", "1")]);

    // EC2 API reference, DeleteTags: a tag with a value goes only if it has that value.
    let tags = vec![
        TagInput::new("a", "other"),
        TagInput {
            key: "b".to_owned(),
            value: None,
        },
    ];
    world
        .call(DeleteTags {
            resources: strings(&[&id]),
            tags,
            ..Default::default()
        })
        .unwrap();
    pass(&mut world, 2);
    assert_eq!(all(&mut world, &id), [pair("a", "2")]);
}

#[test]
fn a_resource_has_at_most_50_tags() {
    let mut world = world("default");
    let id = available(&mut world, request());
    let tags = |range: std::ops::Range<i32>| {
        range
            .map(|number| TagInput::new(&number.to_string(), ""))
            .collect()
    };

    world.call(put(&id, tags(0..50))).unwrap();

    assert_eq!(code(world.call(put(&id, tags(50..51)))), "TagLimitExceeded");
    world.call(put(&id, tags(49..50))).unwrap();
}

#[test]
fn reserved_duplicate_and_overlong_keys_are_refused() {
    let mut world = world("default");
    let id = available(&mut world, request());

    for tags in [
        vec![TagInput::new("aws:mine", "")],
        vec![TagInput::new("a", "1"), TagInput::new("a", "2")],
        vec![TagInput::new(&"k".repeat(129), "")],
        vec![TagInput::new("k", &"v".repeat(257))],
    ] {
        assert_eq!(code(world.call(put(&id, tags))), "InvalidParameterValue");
    }
    assert_eq!(code(world.call(put(&id, Vec::new()))), "MissingParameter");
}

// EC2 API reference, TagSpecification: the resource type must be the one that is created.
#[test]
fn a_tag_specification_must_be_for_the_resource_that_is_created() {
    let mut world = world("default");
    let mut request = request();
    request.tag_specifications = vec![TagSpecification::new("subnet", &[("a", "1")])];

    assert_eq!(
        message(world.call(request)),
        "InvalidParameterValue: 'subnet' is not a valid taggable resource type for this operation."
    );
}

#[test]
fn only_what_exists_can_be_tagged() {
    let mut world = world("default");
    let tag = || vec![TagInput::new("a", "1")];

    assert_eq!(
        code(world.call(put("vpce-0000000000000000a", tag()))),
        "InvalidVpcEndpointId.NotFound"
    );
    assert_eq!(
        code(world.call(put("sg-0000000000000000a", tag()))),
        "InvalidGroup.NotFound"
    );
    assert_eq!(code(world.call(put("nonsense", tag()))), "InvalidID");
}
