//! OpenAPI documents: the paths that can be read without a parameter. They are not asked.

use reqwest::Url;
use serde_json::{Map, Value as Json};

use super::{
    block::{Block, segment, slug},
    shape::is_secret,
    signal::{Signal, word},
    suggestion::Suggestion,
};

/// Paths that are suggested.
const MOST: usize = 8;
/// References followed to one schema.
const DEEPEST: usize = 8;

pub(super) fn detect(signal: &Signal) -> Vec<Suggestion> {
    let body = &signal.body;
    let is_openapi = word(body, "/openapi").or_else(|| word(body, "/swagger")).is_some();
    let (true, Some(Json::Object(paths))) = (is_openapi, body.get("paths")) else { return Vec::new() };
    let title = signal.word("/info/title").unwrap_or("api");
    let (name, first) = (slug(title), segment(&title.to_ascii_lowercase()));
    let mut found = Vec::new();
    if signal.word("/info/version").is_some() {
        let block = Block::again(&format!("{name}-openapi"), signal).map("", &format!("api/{first}/version"), "$.info.version");
        found.push(block.suggest("openapi", signal, 0.5).because("shape"));
    }
    let Some(base) = base(signal) else { return found };
    let readable: Vec<(&String, &Json)> = paths.iter().filter_map(|(path, item)| Some((path, answer(body, path, item)?))).collect();
    for (path, schema) in readable.iter().take(MOST) {
        let Ok(url) = Url::parse(&format!("{}{path}", base.as_str().trim_end_matches('/'))) else { continue };
        let prefix = format!("api/{first}/{}", segment(path.trim_matches('/')));
        let block = Block::http(&format!("{name}-{}", slug(path)), url.as_str()).text("prefix", &prefix);
        found.push(
            shaped(block, body, schema)
                .suggest("openapi", signal, 0.7)
                .because("openapi_path")
                .because_if(readable.len() > MOST, "operations_left_out"),
        );
    }
    found
}

/// Where the paths begin: an address that is written there, or one beside the document.
fn base(signal: &Signal) -> Option<Url> {
    let body = &signal.body;
    let text = match (word(body, "/servers/0/url"), word(body, "/host")) {
        (Some(url), _) => url.to_owned(),
        (None, Some(host)) => {
            let scheme = word(body, "/schemes/0").unwrap_or("https");
            format!("{scheme}://{host}{}", word(body, "/basePath").unwrap_or_default())
        }
        (None, None) => word(body, "/basePath").unwrap_or("/").to_owned(),
    };
    let url = match (Url::parse(&text), signal.url()) {
        (Ok(url), _) => url,
        (Err(_), Some(document)) => document.join(&text).ok()?,
        (Err(_), None) => return None,
    };
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.has_host()
        && !url.as_str().contains(['{', '}'])
        && !text.contains('{');
    (is_bare && matches!(url.scheme(), "http" | "https")).then_some(url)
}

/// The schema of what a path answers, null where it says none; none where it cannot be asked like that.
fn answer<'a>(body: &'a Json, path: &str, item: &'a Json) -> Option<&'a Json> {
    let get = item.get("get")?;
    let needs = |of: &Json| {
        let parameters = of.get("parameters").and_then(Json::as_array);
        parameters.is_some_and(|all| all.iter().any(|one| one.get("required") == Some(&Json::Bool(true)) || one.get("$ref").is_some()))
    };
    if path.contains(['{', '}', '?', '#']) || !path.starts_with('/') || path.len() > 200 || needs(get) || needs(item) {
        return None;
    }
    let responses = get.get("responses")?;
    let response = resolve(body, responses.get("200").or_else(|| responses.get("default"))?);
    if let Some(schema) = response.get("schema") {
        return Some(resolve(body, schema));
    }
    let json = response.get("content")?.as_object()?.iter().find(|(kind, _)| kind.contains("json"))?.1;
    Some(json.get("schema").map_or(&Json::Null, |schema| resolve(body, schema)))
}

/// What a reference inside the document leads to.
fn resolve<'a>(body: &'a Json, mut here: &'a Json) -> &'a Json {
    for _ in 0..DEEPEST {
        let target = here.get("$ref").and_then(Json::as_str).and_then(|way| way.strip_prefix('#')).and_then(|way| body.pointer(way));
        match target {
            Some(there) => here = there,
            None => break,
        }
    }
    here
}

/// With maps for a list of items that have a name; else as it comes, below the prefix.
fn shaped(block: Block, body: &Json, schema: &Json) -> Block {
    let none = Map::new();
    let properties = |schema: &'_ Json| resolve(body, schema).get("properties").and_then(Json::as_object).unwrap_or(&none).clone();
    let is_list = |schema: &Json| resolve(body, schema).get("type").and_then(Json::as_str) == Some("array");
    let (items, item) = if is_list(schema) {
        ("$[*]".to_owned(), schema.get("items"))
    } else {
        let members = properties(schema);
        let Some((name, list)) = members.into_iter().find(|(_, inner)| is_list(inner)) else { return block };
        let Some(step) = super::block::step(&name) else { return block };
        return with_items(block, &format!("${step}[*]"), &properties(resolve(body, &list).get("items").unwrap_or(&Json::Null)), body);
    };
    with_items(block, &items, &properties(item.unwrap_or(&Json::Null)), body)
}

fn with_items(mut block: Block, items: &str, properties: &Map<String, Json>, body: &Json) -> Block {
    let Some(name) = ["name", "id", "key", "slug"].into_iter().find(|name| properties.contains_key(*name)) else { return block };
    let scalar = |schema: &Json| {
        matches!(resolve(body, schema).get("type").and_then(Json::as_str), Some("string" | "number" | "integer" | "boolean"))
    };
    let taken = properties.iter().filter(|(member, schema)| member.as_str() != name && !is_secret(member) && scalar(schema));
    for (member, _) in taken.take(MOST) {
        if let Some(step) = super::block::step(member) {
            block = block.map(items, &format!("{{$.{name}}}/{}", segment(member)), &format!("${step}"));
        }
    }
    if block.has_maps() { block } else { block.map(items, &format!("{{$.{name}}}"), "") }
}
