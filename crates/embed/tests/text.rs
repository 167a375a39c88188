//! Every text architecture against its reference: ids, pooled rows, hidden states.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Expected, distance, golden, near, sentences};
use embed::{Pool, TextEncoder, TextOptions};

const HIDDEN: [&str; 10] = [
    "bert",
    "bert-legacy-names",
    "roberta",
    "xlm-roberta",
    "camembert",
    "distilbert",
    "mpnet",
    "t5",
    "t5-gated",
    "sentence-transformers",
];

fn open(folder: &str, pool: Option<Pool>) -> TextEncoder {
    TextEncoder::open(&golden(folder), TextOptions { pool, ..TextOptions::default() }).unwrap()
}

fn encode(encoder: &TextEncoder, texts: &[String], batch: usize) -> Vec<f32> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    encoder.encode(&texts, batch, &mut |_| ()).unwrap().values().to_vec()
}

#[test]
fn ids_are_equal() {
    for folder in HIDDEN.iter().chain(&["clip"]) {
        let expected = Expected::of(folder);
        let (shape, ids) = expected.integers("input_ids");
        let (_, mask) = expected.integers("attention_mask");
        let texts = sentences();
        let found = open(folder, None).token_ids(&texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        for (i, found) in found.iter().enumerate() {
            let row = i * shape[1]..(i + 1) * shape[1];
            let wanted = ids[row.clone()].iter().zip(&mask[row]).filter(|(_, seen)| **seen == 1);
            let wanted: Vec<u32> = wanted.map(|(id, _)| *id as u32).collect();
            assert_eq!(*found, wanted, "{folder}, sentence {i}: {:?}", texts[i]);
        }
    }
}

#[test]
fn pooled_rows_are_near() {
    let texts = sentences();
    for folder in HIDDEN {
        let expected = Expected::of(folder);
        for (pool, name) in [(Pool::Mean, "mean"), (Pool::Cls, "cls")] {
            let (shape, wanted) = expected.floats(name);
            let encoder = open(folder, Some(pool));
            assert_eq!(shape, [texts.len(), encoder.width()]);
            near(&format!("{folder} {name}"), &encode(&encoder, &texts, 16), &wanted);
        }
    }
}

#[test]
fn hidden_states_are_near() {
    let texts = sentences();
    for folder in HIDDEN {
        let expected = Expected::of(folder);
        let states = open(folder, None).hidden_states(&texts[0]).unwrap();
        assert_eq!(states.len(), 3, "{folder}");
        for (i, state) in states.iter().enumerate() {
            let name = format!("sentence0.hidden_states.{i}");
            let (shape, wanted) = expected.floats(&name);
            assert_eq!(shape, [state.rows(), state.width()]);
            near(&format!("{folder} {name}"), state.values(), &wanted);
        }
    }
}

#[test]
fn modules_decide_where_nothing_is_said() {
    let (_, wanted) = Expected::of("sentence-transformers").floats("sentence_embedding");
    let encoder = open("sentence-transformers", None);
    assert_eq!(encoder.max_length(), 48);
    assert_eq!(encoder.description(), "bert, 32, mean scaled to length 1, cut at 48 tokens");
    near("sentence-transformers, sentence_embedding", &encode(&encoder, &sentences(), 5), &wanted);
}

#[test]
fn clip_gives_its_projected_features() {
    let (shape, wanted) = Expected::of("clip").floats("text_features");
    let encoder = open("clip", None);
    assert_eq!(shape, [16, encoder.width()]);
    near("clip, text_features", &encode(&encoder, &sentences(), 16), &wanted);
}

#[test]
fn company_does_not_matter() {
    let texts = sentences();
    let reversed: Vec<String> = texts.iter().rev().cloned().collect();
    for folder in HIDDEN.iter().chain(&["clip"]) {
        let encoder = open(folder, None);
        let together = encode(&encoder, &texts, 16);
        let width = encoder.width();
        for batch in [1, 3] {
            let apart = distance(&encode(&encoder, &texts, batch), &together);
            let backward: Vec<f32> =
                encode(&encoder, &reversed, batch).chunks(width).rev().flatten().copied().collect();
            println!("{folder}, batches of {batch}: {apart:.1e}");
            assert!(apart <= 4e-6 && distance(&backward, &together) <= 4e-6, "{folder} {batch}");
        }
        assert_eq!(encode(&encoder, &texts, 16), together, "{folder}: twice the same");
    }
}

/// The same rows from `vocab.txt` in place of `tokenizer.json`.
#[test]
fn vocabularies_alone_will_do() {
    for folder in ["bert", "distilbert"] {
        let copy = tempfile::tempdir().unwrap();
        for name in ["config.json", "model.safetensors", "tokenizer_config.json"] {
            std::fs::copy(golden(folder).join(name), copy.path().join(name)).unwrap();
        }
        let json: serde_json::Value =
            serde_json::from_slice(&std::fs::read(golden(folder).join("tokenizer.json")).unwrap()).unwrap();
        let mut tokens: Vec<(u64, &String)> =
            json["model"]["vocab"].as_object().unwrap().iter().map(|(t, id)| (id.as_u64().unwrap(), t)).collect();
        tokens.sort();
        let lines: Vec<&str> = tokens.iter().map(|(_, token)| token.as_str()).collect();
        std::fs::write(copy.path().join("vocab.txt"), lines.join("\n") + "\n").unwrap();
        let texts = sentences();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let rebuilt = TextEncoder::open(copy.path(), TextOptions::default()).unwrap();
        assert_eq!(rebuilt.token_ids(&texts).unwrap(), open(folder, None).token_ids(&texts).unwrap(), "{folder}");
    }
}

/// The same rows from what PyTorch writes, and from what it wrote before version 1.6.
#[test]
fn pickled_weights_give_the_same() {
    let bin = "pytorch_model.bin";
    for folder in ["bert-pickled", "bert-pickled-legacy"] {
        let copy = tempfile::tempdir().unwrap();
        for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
            std::fs::copy(golden("bert").join(name), copy.path().join(name)).unwrap();
        }
        std::fs::copy(golden(folder).join(bin), copy.path().join(bin)).unwrap();
        let pickled = TextEncoder::open(copy.path(), TextOptions::default()).unwrap();
        assert_eq!(encode(&pickled, &sentences(), 16), encode(&open("bert", None), &sentences(), 16), "{folder}");
    }
}

#[test]
fn texts_are_cut_where_it_is_said() {
    let texts = sentences();
    let long = texts[2].as_str();
    for (folder, limit) in [("bert", 64), ("roberta", 64), ("t5", 64), ("sentence-transformers", 48), ("clip", 48)] {
        let encoder = open(folder, None);
        assert_eq!((encoder.max_length(), encoder.token_ids(&[long]).unwrap()[0].len()), (limit, limit), "{folder}");
    }
    let options = TextOptions { max_length: Some(10), ..TextOptions::default() };
    let encoder = TextEncoder::open(&golden("t5"), options).unwrap();
    let ids = encoder.token_ids(&[long]).unwrap();
    assert_eq!((ids[0].len(), ids[0][9]), (10, 1), "the end token stays");
}
