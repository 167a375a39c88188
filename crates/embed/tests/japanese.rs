//! Japanese tokenizers: ids of transformers with MeCab, dictionaries, refusals, and a run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use common::{Folder, golden, succeeded};
use embed::{TextEncoder, TextOptions};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const WORDS: &str = "embeddings.word_embeddings.weight";

fn dictionary() -> PathBuf {
    golden("japanese/dictionary.tar.gz")
}

fn unpack<T: DeserializeOwned>(name: &str) -> T {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(golden("japanese").join(name)).unwrap()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The tiny BERT with the Japanese vocabulary: its table of tokens, repeated.
fn bert(settings: Value) -> Folder {
    let vocabulary = fs::read_to_string(golden("japanese/vocab.txt")).unwrap();
    let rows = vocabulary.lines().count();
    let bytes = fs::read(golden("bert/model.safetensors")).unwrap();
    let model = SafeTensors::deserialize(&bytes).unwrap();
    let words: Vec<u8> = model.tensor(WORDS).unwrap().data().iter().copied().cycle().take(rows * 32 * 4).collect();
    let tensors = model.tensors().into_iter().map(|(name, tensor)| match name.as_str() {
        WORDS => (name, TensorView::new(Dtype::F32, vec![rows, 32], &words).unwrap()),
        _ => (name, tensor),
    });
    let weights = safetensors::serialize(tensors.collect::<Vec<_>>(), None).unwrap();
    let folder = Folder::of("bert").without("tokenizer.json").with("vocab.txt", vocabulary);
    let folder = folder.with("model.safetensors", weights).set("config.json", "vocab_size", json!(rows));
    folder.with("tokenizer_config.json", settings.to_string())
}

fn settings() -> Value {
    json!({"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab", "do_lower_case": false})
}

fn with(key: &str, value: Value) -> Value {
    let mut settings = settings();
    settings[key] = value;
    settings
}

fn open(folder: &Folder, dictionary: &Path) -> Result<TextEncoder, embed::EmbedError> {
    TextEncoder::open(folder.path(), TextOptions { dictionary: Some(dictionary.into()), ..TextOptions::default() })
}

fn refused(settings: Value) -> String {
    let folder = bert(settings);
    folder.message(open(&folder, &dictionary()))
}

/// Compares the ids of texts with those of the golden, of which there must be `count`.
fn compare(settings: Value, dictionary: &Path, name: &str, texts: &[String], count: usize) {
    let wanted: BTreeMap<String, Vec<Vec<u32>>> = unpack("ids.json.gz");
    let wanted = &wanted[name];
    assert_eq!((texts.len(), wanted.len()), (count, count), "{name}");
    let folder = bert(settings);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = open(&folder, dictionary).unwrap().token_ids(&texts).unwrap();
    for ((text, found), wanted) in texts.iter().zip(&found).zip(wanted) {
        assert_eq!(found, wanted, "{name}: {text:?}");
    }
}

fn texts() -> BTreeMap<String, Vec<String>> {
    unpack("texts.json.gz")
}

#[test]
fn ids_are_equal() {
    let texts = texts();
    let ways = [
        ("part", "texts", 6000, settings()),
        ("characters", "fewer", 1528, with("subword_tokenizer_type", json!("character"))),
        ("lower", "fewer", 1528, with("do_lower_case", json!(true))),
        ("as they are", "fewer", 1528, with("mecab_kwargs", json!({"mecab_dic": "ipadic", "normalize_text": false}))),
    ];
    for (name, list, count, settings) in ways {
        compare(settings, &dictionary(), name, &texts[list], count);
    }
}

/// With the complete dictionary: `IPADIC=mecab-ipadic-2.7.0-20070801.tar.gz cargo test --test japanese -- --ignored`.
#[test]
#[ignore = "needs the archive of IPADIC, which `runner fetch massive` downloads"]
fn ids_are_equal_with_the_whole_dictionary() {
    let path = std::env::var_os("IPADIC").expect("the environment variable IPADIC: the archive, or its folder");
    compare(settings(), Path::new(&path), "whole", &texts()["texts"], 6000);
}

#[test]
fn older_folders_name_the_tokenizer_elsewhere() {
    let text = ["私は[MASK]を食べた。 東京都知事"];
    let wanted = open(&bert(settings()), &dictionary()).unwrap().token_ids(&text).unwrap();
    for settings in [json!({}), json!({"do_lower_case": false})] {
        let folder = bert(settings).set("config.json", "tokenizer_class", json!("BertJapaneseTokenizer"));
        assert_eq!(open(&folder, &dictionary()).unwrap().token_ids(&text).unwrap(), wanted);
    }
    let named = bert(json!({"word_tokenizer_type": "mecab", "subword_tokenizer_type": "wordpiece"}));
    assert_eq!(open(&named, &dictionary()).unwrap().token_ids(&text).unwrap(), wanted);
}

/// Writes the files of the dictionary into a folder, one of them changed or left out.
fn folder(change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    let mut archive = tar::Archive::new(GzDecoder::new(fs::File::open(dictionary()).unwrap()));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if let Some(bytes) = change(&name, bytes) {
            fs::write(to.path().join(name), bytes).unwrap();
        }
    }
    to
}

#[test]
fn a_folder_is_the_same_as_its_archive() {
    let model = bert(settings());
    let of_archive = open(&model, &dictionary()).unwrap();
    let of_folder = open(&model, folder(|_, bytes| Some(bytes)).path()).unwrap();
    assert_eq!(of_archive.dictionary(), of_folder.dictionary());
    assert_eq!(of_archive.dictionary().unwrap().len(), 64);
    let other = folder(|name, bytes| {
        Some(if name == "words.csv" { [&bytes[..], b"\xa4\xa2,1,1,1,x\n"].concat() } else { bytes })
    });
    assert_ne!(of_archive.dictionary(), open(&model, other.path()).unwrap().dictionary());
}

#[test]
fn dictionaries_that_cannot_be_used_are_refused() {
    let model = bert(settings());
    let message = |path: &Path| model.message(open(&model, path)).replace(&path.display().to_string(), "D");
    let changed = |wanted: &str, bytes: Option<&[u8]>| {
        message(folder(|name, old| if name == wanted { bytes.map(<[u8]>::to_vec) } else { Some(old) }).path())
    };
    assert_eq!(
        changed("unk.def", None),
        "D: `unk.def` of a MeCab dictionary is missing; expected the sources matrix.def, char.def, unk.def and *.csv, not the compiled files"
    );
    let starts = |message: String, start: &str| assert!(message.starts_with(start), "{message}");
    starts(changed("words.csv", None), "D: `*.csv` of a MeCab dictionary is missing");
    starts(
        changed("words.csv", Some("東京,1,1,1,x".as_bytes())),
        "D: not a valid MeCab dictionary file: words.csv: not encoded as EUC-JP",
    );
    let good: &[u8] = b"\xa4\xa2,1,1,1,x\n\"\xa4\xa2\",1,1,1,x\n";
    for bad in ["a,1,1", "a,1,999,1,x", "a,999,1,1,x", "a,1,1,99999,x", "a,b,1,1,x"] {
        let wanted =
            format!("D: not a valid MeCab dictionary file: words.csv:3: found `{bad}`, expected a word, an id below");
        starts(changed("words.csv", Some(&[good, bad.as_bytes(), b"\n", good].concat())), &wanted);
    }
    starts(
        changed("dicrc", Some(b"config-charset = UTF-8")),
        "D: not a valid MeCab dictionary file: dicrc: config-charset: found `UTF-8`",
    );
    for matrix in [
        "",
        "1",
        "65535 65535\n0 0 0\n",
        "0 0\n",
        "x y\n",
        "3 3\n0 0 0\n",
        &format!("3 3\n{}", "0 0 -10000\n".repeat(8)),
    ] {
        starts(
            changed("matrix.def", Some(matrix.as_bytes())),
            "D: not a valid MeCab dictionary file: matrix.def: found ",
        );
    }
    for (characters, problem) in [
        ("", "category `DEFAULT` is not defined"),
        ("DEFAULT 0 1 0\n", "category `SPACE` is not defined"),
        ("DEFAULT 0 1 16\nSPACE 0 1 0\n", "found `DEFAULT 0 1 16`"),
        ("DEFAULT 0 1 0\nSPACE 0 1 0\n0x0020 SPACE OTHER\n", "category `OTHER` is not defined"),
        ("DEFAULT 0 1 0\nSPACE 0 1 0\n0x0020 # nothing\n", "found `0x0020 # nothing`"),
    ] {
        let wanted = format!("D: not a valid MeCab dictionary file: char.def: {problem}");
        starts(changed("char.def", Some(characters.as_bytes())), &wanted);
    }
    let last = |name: &'static str, line: &str, expected: &str| {
        let add =
            |file: &str, old: Vec<u8>| if file == name { [&old[..], line.as_bytes(), b"\n"].concat() } else { old };
        let message = message(folder(|file, old| Some(add(file, old))).path());
        starts(message.clone(), &format!("D: not a valid MeCab dictionary file: {name}:"));
        assert!(message.contains(&format!(": found `{line}`, expected {expected}")), "{message}");
    };
    last("unk.def", "NOTHING,1,1,1,x", "a category of char.def, an id below");
    last("unk.def", "DEFAULT,1,999,1,x", "a category of char.def, an id below");
    last("char.def", "0x9000..0x8000 KANJI", "a name, 0 or 1 twice and a length, or `0xHHHH..0xHHHH`");
    last("char.def", "DEFAULT 0 2 0", "a name, 0 or 1 twice and a length, or");
    let matrix = fs::read(folder(|_, bytes| Some(bytes)).path().join("matrix.def")).unwrap();
    let matrix = String::from_utf8(matrix).unwrap();
    let line = matrix.lines().nth(1).unwrap();
    let wanted = "D: not a valid MeCab dictionary file: matrix.def:2: found `9999 0 1`, expected an id below ";
    starts(changed("matrix.def", Some(matrix.replacen(line, "9999 0 1", 1).as_bytes())), wanted);
    starts(
        changed("unk.def", Some(b"DEFAULT,1,1,1,x\n")),
        "D: not a valid MeCab dictionary file: unk.def: no word of the category",
    );
    starts(message(Path::new("/nowhere.tar.gz")), "D: cannot be read: ");
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("cut.tar.gz");
    let whole = fs::read(dictionary()).unwrap();
    for keep in [2, 100, 1000, whole.len() / 2, whole.len() - 600, whole.len() - 1] {
        fs::write(&path, &whole[..keep]).unwrap();
        starts(message(&path), "D: not a valid archive file: ");
    }
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(1 << 20);
    header.set_cksum();
    fs::write(&path, [header.as_bytes().as_slice(), &[b'x'; 1 << 20]].concat()).unwrap();
    let wanted = "D: not a valid archive file: entry 1 is a long name of 1048576 bytes, expected at most 65536";
    starts(message(&path), wanted);
    let mut zipped = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::fast());
    zipped.write_all(b"no archive at all, but long enough to be a block of one if there were one").unwrap();
    zipped.finish().unwrap();
    starts(message(&path), "D: not a valid archive file: ");
}

#[test]
fn a_missing_dictionary_says_where_it_is_from() {
    let message = bert(settings()).text();
    assert!(
        message.starts_with(
            "F: the dictionary IPADIC, by which MeCab splits words, is missing; name it with --dictionary"
        ),
        "{message}"
    );
    assert!(message.contains("`runner fetch massive`"), "{message}");
    let plain = Folder::of("bert");
    let message = plain.message(open(&plain, Path::new("ipadic.tar.gz")));
    assert_eq!(
        message,
        "--dictionary: ipadic.tar.gz given, and this encoder's tokenizer has no use for it; leave it out"
    );
}

#[test]
fn other_analysers_and_options_are_refused_by_name() {
    for (name, value) in [("unidic", json!("unidic")), ("unidic_lite", json!("unidic_lite")), ("null", Value::Null)] {
        let message = refused(with("mecab_kwargs", json!({"mecab_dic": value})));
        let wanted = format!(
            "F/tokenizer_config.json: mecab_kwargs.mecab_dic: dictionary `{name}` is not supported; supported: ipadic"
        );
        assert!(message.starts_with(&wanted), "{message}");
    }
    for (key, value, problem) in [
        ("word_tokenizer_type", json!("sudachi"), "`sudachi` is not supported; supported: mecab"),
        ("word_tokenizer_type", json!("jumanpp"), "`jumanpp` is not supported; supported: mecab"),
        ("word_tokenizer_type", json!("basic"), "`basic` is not supported; supported: mecab"),
        (
            "subword_tokenizer_type",
            json!("sentencepiece"),
            "`sentencepiece` is not supported; supported: wordpiece, character",
        ),
        ("do_word_tokenize", json!(false), "false is not supported"),
        ("never_split", json!(["x"]), "found a list, expected no more special tokens"),
        ("mask_token", json!({"content": "<mask>"}), "found `<mask>`, expected `[MASK]`"),
        ("added_tokens_decoder", json!({"5": {"content": "[X]"}}), "found `[X]`, expected plain tokens among [UNK]"),
    ] {
        let message = refused(with(key, value));
        let wanted = format!("F/tokenizer_config.json: {key}: {problem}");
        assert!(message.starts_with(&wanted), "{message}");
    }
    let message = refused(with("mecab_kwargs", json!({"mecab_option": "-d /somewhere"})));
    assert!(
        message.starts_with("F/tokenizer_config.json: mecab_kwargs.mecab_option: found `-d /somewhere`"),
        "{message}"
    );
    let added = bert(settings()).with("added_tokens.json", r#"{"[X]": 7}"#);
    assert!(
        added.message(open(&added, &dictionary())).starts_with("F/added_tokens.json: [X]: expected no tokens besides")
    );
}

#[test]
fn long_texts_are_refused() {
    let folder = bert(settings());
    let encoder = open(&folder, &dictionary()).unwrap();
    assert_eq!(encoder.token_ids(&["あ".repeat(32_000).as_str()]).unwrap()[0].len(), 64);
    let error = encoder.token_ids(&["短い", "あ".repeat(32_001).as_str()]).unwrap_err().to_string();
    assert!(error == "item 2: found 32001 characters, expected at most 32000; split the text", "{error}");
}

#[test]
fn runs_know_their_dictionary() {
    let model = bert(settings());
    let place = tempfile::tempdir().unwrap();
    let lines = ["吾輩は猫である。", "", "名前は まだ無い。"];
    fs::write(place.path().join("texts.txt"), lines.join("\n") + "\n").unwrap();
    let run = |dictionary: &Path, tensor: &str| -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embed"));
        command.current_dir(place.path()).args(["text", "--input", "texts.txt", "--out", "ja.safetensors"]);
        command.args(["--tensor", tensor, "--model"]).arg(model.path()).arg("--dictionary").arg(dictionary);
        command.output().unwrap()
    };
    succeeded(&run(&dictionary(), "test"));
    let bytes = fs::read(place.path().join("ja.safetensors")).unwrap();
    let found: Vec<f32> = SafeTensors::deserialize(&bytes)
        .unwrap()
        .tensor("test")
        .unwrap()
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    let encoder = open(&model, &dictionary()).unwrap();
    let wanted = encoder.encode(&lines, 32, &mut |_| ()).unwrap();
    assert_eq!((wanted.rows(), wanted.values()), (3, found.as_slice()));
    assert_ne!(wanted.row(0), wanted.row(2));

    // the same files elsewhere are the same dictionary; another dictionary is another job
    assert!(succeeded(&run(folder(|_, bytes| Some(bytes)).path(), "test")).contains("3 of 3 items were there already"));
    let other = folder(|name, bytes| {
        Some(if name == "words.csv" { [&bytes[..], b"\xa4\xa2,1,1,1,x\n"].concat() } else { bytes })
    });
    let output = run(other.path(), "test");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && error.contains("has a tensor `test` of another run (its dictionary is"),
        "{error}"
    );
}
