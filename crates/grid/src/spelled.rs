//! What may stand in a grid file in short: bare names, and sweeps for lists of items.

use serde_json::{Value, json};

/// Bare names become what the types read: `gpa` is `{gpa: {}}`, `data: toy` is `{manifest: toy}`.
pub fn normalise(value: &mut Value) {
    for key in ["methods", "tasks", "noise"] {
        if let Some(Value::Array(items)) = value.get_mut(key) {
            items.iter_mut().for_each(bare_name);
            *items = items.drain(..).flat_map(swept).collect();
        }
    }
    if let Some(data @ Value::String(_)) = value.get_mut("data") {
        *data = json!({ "manifest": data.take() });
    }
    if let Some(pairing) = value.get_mut("pairing") {
        match pairing {
            Value::String(name) if name == "by_class" => *pairing = json!({ "by_class": {} }),
            pairing => bare_null(pairing),
        }
    }
}

/// `gpa` as `{gpa: {}}`.
pub fn bare_name(item: &mut Value) {
    match item {
        Value::String(name) => *item = json!({ name.clone(): {} }),
        item => bare_null(item),
    }
}

/// `gcpa: {epochs: 5, sweep: {tau: [0, 0.1], lambda: [0, 1]}}` as one item for every combination, the first
/// parameter slowest.
fn swept(item: Value) -> Vec<Value> {
    let Value::Object(map) = &item else { return vec![item] };
    let Some((name, params)) = map.iter().next().filter(|_| map.len() == 1) else { return vec![item] };
    let Some(Value::Object(axes)) = params.get("sweep") else { return vec![item] };
    let mut rest = params.clone();
    if let Value::Object(rest) = &mut rest {
        rest.remove("sweep");
    }
    let mut combinations = vec![rest];
    for (key, values) in axes {
        let values = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
        let with = |params: &Value, value: &Value| {
            let mut params = params.clone();
            params[key] = value.clone();
            params
        };
        combinations = combinations.iter().flat_map(|p| values.iter().map(move |v| with(p, v))).collect();
    }
    combinations.into_iter().map(|params| json!({ name.clone(): params })).collect()
}

/// `gpa:` with nothing behind it.
fn bare_null(item: &mut Value) {
    if let Value::Object(map) = item {
        map.values_mut().filter(|v| v.is_null()).for_each(|v| *v = json!({}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_is_every_combination() {
        let item = json!({"gcpa": {"epochs": 2, "sweep": {"tau": [0.0, 0.1], "lambda": [1, 2]}}});
        let expanded = swept(item);
        assert_eq!(expanded.len(), 4);
        assert_eq!(expanded[1], json!({"gcpa": {"epochs": 2, "tau": 0.0, "lambda": 2}}));
        assert_eq!(swept(json!({"gpa": {}})), [json!({"gpa": {}})]);
    }
}
