//! From tables as the hub leaves them to texts, jobs and, once embedded, a data set.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use common::{Folder, floats, safetensors_of, safetensors_with};
use data::{
    DataError, SplitName,
    import::{Import, embedded, import},
    read,
    texts::{
        Gathered, Recipe, gather,
        jobs::{self, Jobs, View, input},
    },
};

const TRAIN: SplitName = SplitName::Train;
const TEST: SplitName = SplitName::Test;
const MASSIVE: &str = "
read: {parts: {text: utt, id: id}}
files: {train: '{of}/train/0000.parquet', test: '{of}/test/0000.parquet'}
labels: {intent: intent}
";
const TED: &str = "
read: {translations: {column: translations, keys: language, values: translation}}
file: 'plain_text/ted_multi-train*.parquet'
shuffle: {python: 42, train: 0.8}
groups: {talk: talk_name}
empty: keep
";

fn hub(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/texts").join(name)
}

fn recipe(text: &str) -> Recipe {
    let recipe: Recipe = data::yaml::parse(Path::new("texts.yaml"), text, |_| ()).unwrap().value;
    assert_eq!(recipe.problem(), None);
    recipe
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn massive() -> Result<Gathered, DataError> {
    let parts = names(&["en-US", "ja-JP", "fr-FR"]);
    let of_split = |split: &'static str| move |part: &String| format!("{part}/{split}/0000.parquet");
    let tables: Vec<String> = parts.iter().map(of_split("train")).chain(parts.iter().map(of_split("test"))).collect();
    gather(&recipe(MASSIVE), &parts, &hub("massive"), &tables, &BTreeMap::new())
}

fn ted(recipe_text: &str, parts: &[&str]) -> Result<Gathered, DataError> {
    let tables = ["test", "train-00001-of-00002", "train-00000-of-00002"];
    let tables = tables.map(|name| format!("plain_text/ted_multi-{name}.parquet"));
    gather(&recipe(recipe_text), &names(parts), &hub("ted"), &tables, &BTreeMap::new())
}

#[test]
fn rows_are_matched_by_id_in_the_order_of_the_first_part() {
    let gathered = massive().unwrap();
    let train = &gathered.splits[&TRAIN];
    let ids: Vec<String> = (0..40).filter(|id| *id != 17).map(|id: usize| id.to_string()).collect();
    assert_eq!(train.ids, ids);
    let nineteenth = train.ids.iter().position(|id| id == "19").unwrap();
    let texts: Vec<&str> = train.texts.iter().map(|part| part[nineteenth].as_str()).collect();
    assert_eq!(texts, ["news of day 19", "19日のニュース", "nouvelles du 19"]);
    assert_eq!(train.lists, [ids.iter().map(|id| (id.parse::<usize>().unwrap() % 5).to_string()).collect::<Vec<_>>()]);
    assert_eq!(gathered.splits[&TEST].ids.len(), 24);
    assert_eq!(gathered.splits[&TEST].texts[2][0], "réveille-moi à 40");
    assert_eq!(gathered.notes, ["train: `fr-FR` lacks 1 of 40 ids, the first is `17`"]);
}

/// What `make.py` prints: CPython's own split of the rows that have all four languages.
#[test]
fn rows_with_all_languages_are_split_as_python_does() {
    let gathered = ted(TED, &["en", "fr", "ja", "zh-cn"]).unwrap();
    let test: Vec<String> = [1, 8, 9, 11, 19, 20, 22, 43, 51, 55, 61].map(|id: i32| id.to_string()).to_vec();
    assert_eq!(gathered.splits[&TEST].ids, test);
    let train = &gathered.splits[&TRAIN];
    assert_eq!(train.ids.len(), 44);
    assert_eq!(train.ids[..5], ["0", "2", "4", "6", "7"], "in the order of the table");
    assert_eq!(train.ids[43], "69", "row numbers go on over files");
    let texts: Vec<&str> = train.texts.iter().map(|part| part[43].as_str()).collect();
    assert_eq!(texts, ["sentence 69 on bees", "phrase 69 sur bees", "69の文、bees", "第69句关于bees"]);
    assert_eq!(train.lists[0][43], "talk_13");
    assert_eq!(
        gathered.notes,
        ["all: 55 of 70 rows have all of en, fr, ja, zh-cn", "all: 1 texts of `ja` are empty, the first is of id `8`"]
    );
}

fn refused(folder: &Folder, recipe_text: &str, rows: &[(SplitName, usize)]) -> String {
    let tables = names(&["en.train.csv", "fr.train.csv", "en.test.csv", "fr.test.csv"]);
    let rows = rows.iter().copied().collect();
    let parts = names(&["en", "fr"]);
    folder.message(gather(&recipe(recipe_text), &parts, folder.path("").as_path(), &tables, &rows))
}

#[test]
fn what_does_not_fit_is_named() {
    let folder = Folder::new();
    let csv = "
read: {parts: {text: say, id: id}}
files: {train: '{of}.train.csv', test: '{of}.test.csv'}
labels: {mood: mood}
";
    let good = "id,say,mood\na,one,1\nb,two,2\n";
    for name in ["en.train.csv", "fr.train.csv", "en.test.csv", "fr.test.csv"] {
        folder.write(name, good);
    }
    let with = |text: &str, rows: &[(SplitName, usize)]| {
        folder.write("fr.train.csv", text);
        refused(&folder, csv, rows)
    };
    assert_eq!(
        with("id,say,mood\na,one,1\nb,two,2\na,three,1\n", &[]),
        "fr.train.csv: id `a` stands at row 0 and again at row 2; rows are matched by it, so it must be unique"
    );
    assert_eq!(
        with("id,said,mood\na,one,1\n", &[]),
        "fr.train.csv: no column `say`; the columns here are `id`, `said`, `mood`"
    );
    assert_eq!(
        with("id,say,mood\nb,two,3\na,one,1\n", &[]),
        "fr.train.csv: `mood` of id `b` is `3`, in `en` it is `2`; one item has one value"
    );
    assert!(with("id,say,mood\nb,,2\na,one,1\n", &[]).contains("column `say` has no value at row 0"));
    assert_eq!(
        with("id,say,mood\nb,\"  \",2\na,one,1\n", &[]),
        "fr.train.csv: the text of id `b` in `fr` is empty; drop the item from the source, or say `empty: keep` in its `texts`"
    );
    assert!(with("id,say,mood\nx,one,1\n", &[]).contains("no item has a text in every one of en, fr"));
    let fewer = with("id,say,mood\nb,two,2\n", &[(TRAIN, 2)]);
    assert!(
        fewer.ends_with(
            "1 items in `train`, and the source says `rows: {train: 2}`; the tables are not those, or their ids do not \
             match; train: `fr` lacks 1 of 2 ids, the first is `a`"
        ),
        "{fewer}"
    );
    let elsewhere = refused(&folder, &csv.replace("{of}.train", "{of}.training"), &[]);
    assert!(elsewhere.contains("no fetched file is called `en.training.csv`; fetch the source again"), "{elsewhere}");
}

#[test]
fn tables_of_other_shapes_are_refused() {
    let message = |text: &str, parts: &[&str]| ted(text, parts).unwrap_err().to_string();
    assert!(message(TED, &["en", "eo"]).contains("no item has a text in every one of en, eo"));
    let refused = message(&TED.replace("empty: keep", "empty: refuse"), &["en", "ja"]);
    assert!(refused.contains("the text of id `8` in `ja` is empty"), "{refused}");
    let column = message(&TED.replace("column: translations", "column: translation"), &["en"]);
    assert!(column.contains("no column `translation`; did you mean `translations`?"), "{column}");
    let flat = message(&TED.replace("column: translations", "column: talk_name"), &["en"]);
    assert!(flat.contains("`talk_name`: found element type text, expected one of a struct of two lists"), "{flat}");
    let keys = message(&TED.replace("keys: language", "keys: languages"), &["en"]);
    assert!(keys.contains("no column `languages`; did you mean `language`?"), "{keys}");
}

/// Bytes flipped and cut off: an error or texts, and no panic. 200 damages and 32 truncations.
#[test]
fn no_damage_panics() {
    use rand::RngExt;
    let path = hub("ted/plain_text/ted_multi-train-00000-of-00002.parquet");
    let whole = fs::read(&path).unwrap();
    let texts = |bytes: &[u8]| read::translations(&path, bytes, "translations", ["language", "translation"], &["en"]);
    assert_eq!(texts(&whole).unwrap().len(), 47);
    for cut in 0..32 {
        assert!(texts(&whole[..whole.len() * cut / 32]).is_err());
    }
    let mut rng = align::rng::stream(11, align::rng::Purpose::SYNTHETIC, None);
    for _ in 0..200 {
        let mut damaged = whole.clone();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..damaged.len());
            damaged[at] = rng.random();
        }
        let _ = texts(&damaged);
    }
}

#[test]
fn a_recipe_agrees_with_itself() {
    let problem = |from: &str, to: &str| {
        assert!(MASSIVE.contains(from), "{from}");
        let text = MASSIVE.replace(from, to);
        let recipe = data::yaml::parse::<Recipe>(Path::new("texts.yaml"), &text, |_| ()).unwrap().value;
        let (key, message) = recipe.problem().unwrap();
        format!("{key}: {message}")
    };
    assert_eq!(
        problem("files:", "file: x.parquet\nfiles:"),
        "files: found both `file` and `files`, expected one of them"
    );
    assert_eq!(
        problem("labels:", "shuffle: {python: 1, train: 0.5}\nlabels:"),
        "shuffle: found `shuffle` beside `files`, whose items are already split; expected `file`"
    );
    assert_eq!(problem(", test: '{of}/test/0000.parquet'", ""), "files: `test` is missing");
    assert!(
        problem("'{of}/train/0000.parquet'", "'train.parquet'")
            .starts_with("files.train: `train.parquet` has no `{of}`; every part")
    );
    assert!(problem("labels: {intent", "labels: {id").starts_with("labels.id: `id` is no name for a list"));
    assert_eq!(problem("labels:", "max_length: 0\nlabels:"), "max_length: found 0, expected at least 1");
}

/// The jobs of the tiny MASSIVE for two encoders.
fn plan() -> Jobs {
    let view = |name: &str, of: &str| View {
        name: name.to_owned(),
        of: of.to_owned(),
        encoder: format!("org/{name}"),
        revision: Some("c0ffee".to_owned()),
        model: PathBuf::from("/nowhere"),
        pool: Some("mean".to_owned()),
        max_length: Some(20),
        dictionary: None,
        out: format!("{name}.safetensors"),
        inputs: [TRAIN, TEST].map(|split| (split, input(of, split))).into(),
        kind: Default::default(),
        edges: None,
        average: BTreeMap::new(),
        ids: BTreeMap::new(),
    };
    Jobs {
        name: "tiny".to_owned(),
        title: "Tiny".to_owned(),
        licence: "CC0-1.0".to_owned(),
        source: "made up".to_owned(),
        splits: BTreeMap::new(),
        labels: names(&["intent"]),
        groups: Vec::new(),
        views: vec![view("en", "en-US"), view("ja", "ja-JP"), view("fr", "fr-FR")],
    }
}

#[test]
fn the_same_texts_are_the_same_bytes() {
    let (one, two) = (Folder::new(), Folder::new());
    for folder in [&one, &two] {
        let path = jobs::write(&folder.path(""), &massive().unwrap(), plan()).unwrap();
        assert_eq!(path, folder.path("jobs.json"));
    }
    for name in ["jobs.json", "train.items.parquet", "test.items.parquet", "fr-FR.train.jsonl", "ja-JP.test.jsonl"] {
        assert_eq!(fs::read(one.path(name)).unwrap(), fs::read(two.path(name)).unwrap(), "{name}");
    }
    let lines = fs::read_to_string(one.path("ja-JP.test.jsonl")).unwrap();
    assert_eq!(lines.lines().next().unwrap(), r#"{"id":"40","text":"40時に起こして"}"#);
    assert_eq!(lines.lines().count(), 24);
    let jobs = jobs::read(&one.path("")).unwrap();
    assert_eq!(jobs.splits[&TRAIN].rows, 39);
    assert_eq!(jobs.views[2].inputs[&TEST], "fr-FR.test.jsonl#text");
    assert_eq!(jobs.views[0].encoding(), "org/en at c0ffee, mean pooled, cut at 20 tokens");
    one.write("jobs.json", "{}");
    let error = one.message(jobs::read(&one.path("")));
    assert!(error.starts_with("jobs.json: not what `runner texts` writes: missing field `name`"), "{error}");
}

#[test]
fn embedded_texts_become_a_data_set() {
    let folder = Folder::new();
    jobs::write(&folder.path(""), &massive().unwrap(), plan()).unwrap();
    let rows = |n: usize, scale: f32| (0..n * 2).map(|i| (i as f32 * scale).sin()).collect::<Vec<f32>>();
    let tensors =
        |scale: f32| [floats("train", &[39, 2], &rows(39, scale)), floats("test", &[24, 2], &rows(24, scale))];
    folder.write("en.safetensors", safetensors_of(&tensors(0.3)));
    let runs = r#"{"test": {"batch": "32"}, "train": {"batch": "32", "device": "cuda"}}"#;
    folder.write("fr.safetensors", safetensors_with("embed", runs, &tensors(0.7)));
    let error = folder.message(embedded(&folder.path(""), false));
    assert_eq!(
        error,
        "jobs.json: view `ja` has no embeddings: ja.safetensors is not there; make them (its texts are \
         ja-JP.train.jsonl#text and ja-JP.test.jsonl#text), or leave the view out"
    );
    let found = embedded(&folder.path(""), true).unwrap();
    assert_eq!(found.without, ["ja"]);
    let request =
        Import { described: found.described, ..Import::new(found.name, found.splitting, folder.path("tiny.yaml")) };
    import(&request).unwrap();
    let manifest = data::Manifest::read(&folder.path("tiny.yaml")).unwrap();
    assert_eq!((manifest.title.as_str(), manifest.licence.as_str()), ("Tiny, without ja", "CC0-1.0"));
    let unknown = "unknown: supplied as en.safetensors, in place of org/en";
    assert_eq!(manifest.views[0].encoder.as_deref(), Some(unknown), "no run of ours made it");
    let ours = "org/fr at c0ffee, mean pooled, cut at 20 tokens, on cuda";
    assert_eq!(manifest.views[1].encoder.as_deref(), Some(ours));
    let loaded = data::load(&manifest).unwrap();
    let train = &loaded.dataset.train;
    assert_eq!((train.views.len(), train.views.rows()), (2, 39));
    assert_eq!(train.labels(Some("intent")).unwrap().values[..3], [0, 1, 2]);
    assert_eq!(train.ids.as_deref().unwrap()[..3], [0, 1, 2]);
}
