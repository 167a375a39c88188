//! Every complaint about a YAML file, with its position.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{collections::BTreeMap, path::Path};

use data::yaml::{self, Located};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "whether it can be read is tested, not what is done with it")]
struct Grid {
    name: String,
    #[serde(default)]
    methods: Vec<Method>,
    #[serde(default)]
    views: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "whether it can be read is tested, not what is done with it")]
enum Method {
    Gpa(Params),
    Gcca(Params),
    Gcpa(Params),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "whether it can be read is tested, not what is done with it")]
struct Params {
    #[serde(default)]
    tau: f64,
    #[serde(default)]
    lambda: f64,
}

fn parse(text: &str) -> Result<Located<Grid>, data::DataError> {
    yaml::parse(Path::new("g.yaml"), text, |value| {
        for method in value.get_mut("methods").and_then(|m| m.as_array_mut()).into_iter().flatten() {
            if let Some(name) = method.as_str() {
                *method = serde_json::json!({ name: {} });
            }
        }
    })
}

fn message(text: &str) -> String {
    match parse(text) {
        Ok(grid) => panic!("no error: {:?}", grid.value),
        Err(error) => error.to_string(),
    }
}

#[test]
fn unknown_key() {
    assert_eq!(
        message("name: x\nmethod: [gpa]\n"),
        "g.yaml:2:1: method: unknown key `method`; did you mean `methods`? the keys here are `name`, `methods`, `views`"
    );
    assert_eq!(
        message("name: x\nmethods:\n  - gpa\n  - gcpa: {tau: 1, lamda: 2}\n"),
        "g.yaml:4:20: methods[1].gcpa.lamda: unknown key `lamda`; did you mean `lambda`? the keys here are `tau`, `lambda`"
    );
    assert_eq!(
        message("name: x\nmethods:\n  - gcpa:\n      sweeps: 2\n"),
        "g.yaml:4:7: methods[0].gcpa.sweeps: unknown key `sweeps`; the keys here are `tau`, `lambda`"
    );
}

#[test]
fn unknown_name_bare_and_with_parameters() {
    let expected = "unknown name `gppa`; did you mean `gpa`? the names here are `gpa`, `gcca`, `gcpa`";
    assert_eq!(message("name: x\nmethods: [gcca, gppa]\n"), format!("g.yaml:2:17: methods[1]: {expected}"));
    assert_eq!(
        message("name: x\nmethods: [gcca, gppa: {tau: 1}]\n"),
        format!("g.yaml:2:17: methods[1].gppa: {expected}")
    );
    assert_eq!(
        message("name: x\nmethods:\n- gcca\n- {gppa: {tau: 1}}\n"),
        format!("g.yaml:4:4: methods[1].gppa: {expected}")
    );
}

#[test]
fn an_old_name_is_answered_with_the_name_today() {
    let message = |text: &str| {
        let read = yaml::parse::<BTreeMap<String, Vec<align::Method>>>(Path::new("g.yaml"), text, |_| ());
        read.unwrap_err().to_string()
    };
    let renamed = [("hub", "pivot"), ("linear", "consensus_ridge"), ("extend", "add_view")];
    for (old, name) in renamed {
        let told = format!("`{old}` is called `{name}` since 0.2");
        assert_eq!(message(&format!("methods: [gpa, {old}]\n")), format!("g.yaml:1:16: methods[1]: {told}"));
        assert_eq!(
            message(&format!("methods:\n- gpa\n- {{{old}: {{ridge: 1}}}}\n")),
            format!("g.yaml:3:4: methods[1].{old}: {told}")
        );
        assert_eq!(old.parse::<align::Method>().unwrap_err().to_string(), told);
        assert!(align::Method::from_name(old).is_none() && align::Method::from_name(name).is_some());
    }
}

#[test]
fn duplicate_key() {
    assert_eq!(
        message("name: x\nmethods:\n  - gcpa:\n      tau: 1\n      lambda: 2\n      tau: 3\n"),
        "g.yaml:6:7: methods[0].gcpa.tau: given twice, first at line 4, column 7; remove one of the two"
    );
    assert_eq!(
        message("name: x\n\"name\": y\n"),
        "g.yaml:2:1: name: given twice, first at line 1, column 1; remove one of the two"
    );
    // a dot in a key is not a path
    assert!(parse("name: x\nviews: {a.b: [], a: []}\n").is_ok());
}

#[test]
fn syntax() {
    assert_eq!(
        message("name: x\nmethods: [gpa, gcca\n"),
        "g.yaml:3:1: not valid YAML: did not find expected ',' or ']', while parsing a flow sequence at line 2 column 10"
    );
    assert_eq!(
        message("name: x\n  methods: []\n"),
        "g.yaml:2:10: not valid YAML: mapping values are not allowed in this context"
    );
    assert_eq!(
        message("name: x\n---\nname: y\n"),
        "g.yaml: not valid YAML: deserializing from YAML containing more than one document is not supported"
    );
}

#[test]
fn wrong_type() {
    assert_eq!(message("name: [x]\n"), "g.yaml:1:1: name: invalid type: sequence, expected a string");
    assert_eq!(
        message("name: x\nviews:\n  m3: [en,\n       3]\n"),
        "g.yaml:4:8: views.m3[1]: invalid type: integer `3`, expected a string"
    );
    assert_eq!(
        message("name: x\nmethods: [gcpa: {tau: high}]\n"),
        "g.yaml:2:18: methods[0].gcpa.tau: invalid type: string \"high\", expected a number"
    );
    assert_eq!(message("# nothing\n"), "g.yaml: the file is empty");
    assert_eq!(message("[]\n"), "g.yaml: invalid type: sequence, expected a mapping from names to values");
}

#[test]
fn columns_count_characters() {
    assert_eq!(
        message("name: x\nviews: {größe: [ü, 3]}\n"),
        "g.yaml:2:20: views.größe[1]: invalid type: integer `3`, expected a string"
    );
}

#[test]
fn missing_key() {
    assert_eq!(message("methods: []\n"), "g.yaml: key `name` is missing");
}

#[test]
fn keys_tags_and_numbers_that_json_lacks() {
    assert_eq!(
        message("name: x\nviews: {3: [en]}\n"),
        "g.yaml:2:9: views.3: key `3` is not a string; put quotes around it"
    );
    assert_eq!(
        message("name: x\nviews: {[a]: [en]}\n"),
        "g.yaml:2:1: views.with parts of its own: key with parts of its own is not a string; put quotes around it"
    );
    assert_eq!(message("name: !include x\n"), "g.yaml:1:1: name: the tag `!include` has no meaning here; remove it");
    assert_eq!(
        message("name: x\nmethods: [gcpa: {tau: .inf}]\n"),
        "g.yaml:2:18: methods[0].gcpa.tau: inf is not finite; expected a finite number"
    );
}

#[test]
fn language_codes_stay_strings() {
    let grid = parse("name: x\nviews: {nordic: [no, sv, on]}\n").unwrap();
    assert_eq!(grid.value.views["nordic"], ["no", "sv", "on"]);
}

#[test]
fn semantic_errors_and_locations() {
    let grid = parse("name: x\nmethods:\n  - gpa\n  - gcpa: {tau: 0.5}\n").unwrap();
    assert_eq!(grid.location("methods[1].gcpa.tau"), Some((4, 12)));
    // not in the file: the nearest ancestor
    assert_eq!(grid.location("methods[0].gpa.tau"), Some((3, 5)));
    assert_eq!(grid.location("seeds"), None);
    assert_eq!(
        grid.error("methods[1].gcpa.tau", "0.5 is outside 0..0.1").to_string(),
        "g.yaml:4:12: methods[1].gcpa.tau: 0.5 is outside 0..0.1"
    );
}

#[test]
fn anchors_work_and_errors_below_an_alias_point_at_it() {
    assert_eq!(
        message("name: x\nviews:\n  a: &a [en]\n  b: *a\nmethods: [gcpa: &p {tau: 1}, gcca: *p, gpa: *q]\n"),
        "g.yaml:5:45: not valid YAML: unknown anchor"
    );
    assert!(parse("name: x\nviews:\n  a: &a [en]\n  b: *a\n").is_ok());
}

#[test]
fn files() {
    let folder = tempfile::TempDir::new().unwrap();
    let strip = |e: data::DataError| e.to_string().replace(&format!("{}/", folder.path().display()), "");
    let path = folder.path().join("g.yaml");
    assert_eq!(
        strip(yaml::read::<Grid>(&path).unwrap_err()),
        "g.yaml: no such file; check the path (relative paths in a manifest start at the manifest's folder)"
    );
    std::fs::write(&path, b"name: x\nviews: {\xff: []}\n").unwrap();
    assert_eq!(
        strip(yaml::read::<Grid>(&path).unwrap_err()),
        "g.yaml:2:9: not valid YAML: a byte that is not UTF-8; save the file as UTF-8"
    );
    std::fs::write(&path, b"name: x\n").unwrap();
    assert_eq!(yaml::read::<Grid>(&path).unwrap().value.name, "x");
}

#[test]
fn deep_nesting_is_an_error() {
    let text = format!("name: {}{}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(message(&text), "g.yaml:1:134: not valid YAML: recursion limit exceeded");
}

#[test]
fn a_mark_before_the_text_is_no_part_of_it() {
    assert_eq!(parse("\u{feff}name: x\n").unwrap().value.name, "x");
    assert_eq!(message("\u{feff}nam: x\n"), message("nam: x\n"), "positions do not count it");
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("g.yaml");
    std::fs::write(&path, b"\xef\xbb\xbfname: x\n").unwrap();
    assert_eq!(yaml::read::<Grid>(&path).unwrap().value.name, "x");
}

#[test]
fn aliases_that_stand_for_more_than_memory_holds_are_refused_before_anything_is_built() {
    // nine levels of nine: 3.5 billion nodes from half a kilobyte
    let mut bomb = "name: x\nviews:\n  l0: &l0 [a, a, a, a, a, a, a, a, a]\n".to_owned();
    for level in 1..10 {
        let below = vec![format!("*l{}", level - 1); 9].join(", ");
        bomb += &format!("  l{level}: &l{level} [{below}]\n");
    }
    let wanted = "its aliases (`*name`) stand for more than 1048576 characters; write out what they name";
    assert!(message(&bomb).ends_with(wanted), "{}", message(&bomb));
    // one long text named often: the square of the file's length
    let long = format!("name: &a {}\nviews: {{a: [{}]}}\n", "x".repeat(10_000), vec!["*a"; 1000].join(", "));
    assert!(message(&long).ends_with(wanted), "{}", message(&long));
    // what a grid repeats is far from it
    let few = format!("name: &a {}\nviews: {{a: [{}]}}\n", "x".repeat(100), vec!["*a"; 1000].join(", "));
    assert_eq!(parse(&few).unwrap().value.views["a"].len(), 1000);
}
