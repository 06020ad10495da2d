//! Leads from what a list names to what can be asked of it, so that programs can walk the document.

use utoipa::Modify;
use utoipa::openapi::link::Link;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

/// Every list leads to what may be asked of its first row.
pub struct Links;

/// What may be asked of one thing.
struct Target {
    /// `/api/v1/jobs`
    list: String,
    /// What the address names the thing by: `id`
    parameter: String,
    /// `/api/v1/jobs/{id}/cancel`
    path: String,
    method: &'static str,
    /// Of the link: `post-cancel`
    name: String,
}

impl Modify for Links {
    fn modify(&self, document: &mut OpenApi) {
        let targets: Vec<Target> = document.paths.paths.iter().flat_map(|(path, item)| targets(path, item)).collect();
        for (path, item) in &mut document.paths.paths {
            let of_this = || targets.iter().filter(|target| target.list == *path);
            if let Some(listing) = &mut item.get {
                of_this().for_each(|target| lead(listing, target));
            }
        }
    }
}

/// `/api/v1/jobs/{id}/cancel` asks something of what `/api/v1/jobs` lists.
fn targets(path: &str, item: &PathItem) -> Vec<Target> {
    let Some((list, rest)) = path.split_once("/{") else { return Vec::new() };
    let Some((parameter, below)) = rest.split_once('}') else { return Vec::new() };
    if below.contains('{') {
        return Vec::new(); // of a thing within the thing
    }
    let methods = [
        ("get", item.get.is_some()),
        ("put", item.put.is_some()),
        ("post", item.post.is_some()),
        ("patch", item.patch.is_some()),
        ("delete", item.delete.is_some()),
    ];
    let target = |(method, _)| Target {
        list: list.to_owned(),
        parameter: parameter.to_owned(),
        path: path.to_owned(),
        method,
        name: format!("{method}{}", below.replace('/', "-")),
    };
    methods.into_iter().filter(|(_, there)| *there).map(target).collect()
}

fn lead(listing: &mut Operation, target: &Target) {
    let Some(RefOr::T(answer)) = listing.responses.responses.get_mut("200") else { return };
    let field = &target.parameter;
    let address = format!("#/paths/{}/{}", target.path.replace('~', "~0").replace('/', "~1"), target.method);
    let link =
        Link::builder().operation_ref(address).parameter(field, format!("$response.body#/rows/0/{field}")).build();
    answer.links.insert(target.name.clone(), link.into());
}
