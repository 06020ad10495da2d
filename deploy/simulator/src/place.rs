//! Finds what stands at a place of a JSON document, without a copy of the words that lead there.
use serde_json::Value;

/// The value at a JSON pointer (RFC 6901). Its escapes are left to serde_json, which copies each word to look at them.
pub fn at<'a>(document: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.contains('~') || !pointer.starts_with('/') {
        return document.pointer(pointer);
    }
    pointer.split('/').skip(1).try_fold(document, |here, word| match here {
        Value::Object(members) => members.get(word),
        Value::Array(list) if word == "0" || !word.starts_with(['0', '+']) => list.get(word.parse::<usize>().ok()?),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::at;
    use serde_json::json;

    #[test]
    fn it_finds_what_serde_json_finds() {
        let document = json!({"a": {"b/c": 1, "": 2, "d": [3, {"e": 4}], "01": 5}, "": {"x": 6}});
        let pointers = [
            "",
            "/",
            "/a",
            "/a/",
            "/a/d",
            "/a/d/0",
            "/a/d/1/e",
            "/a/d/2",
            "/a/d/01",
            "/a/d/+1",
            "/a/d/-1",
            "/a/d/x",
            "/a/01",
            "/a/b~1c",
            "//x",
            "/none/a",
            "/a/d/1/e/f",
            "a",
            "a/d",
        ];
        for pointer in pointers {
            assert_eq!(at(&document, pointer), document.pointer(pointer), "{pointer}");
        }
    }
}
