//! What is refused, and in which words.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::{fs, path::Path};

use common::{Folder, golden};
use embed::{PictureEncoder, TextEncoder, TextOptions};
use serde_json::{Value, json};

#[test]
fn other_architectures_are_refused_by_name() {
    let supported = "bert, roberta, xlm-roberta, camembert, distilbert, mpnet, t5, clip";
    assert_eq!(
        Folder::of("bert").set("config.json", "model_type", json!("deberta-v2")).text(),
        format!("F/config.json: model_type `deberta-v2` is not supported for text; supported: {supported}")
    );
    assert_eq!(
        Folder::of("vit").text(),
        format!(
            "F/config.json: model_type `vit` is not supported for text; supported: {supported}; this is an encoder of pictures: `embed pictures`"
        )
    );
    for name in ["swinv2", "beit", "mobilenet_v1", "dinov3_convnext"] {
        assert_eq!(
            Folder::of("vit").set("config.json", "model_type", json!(name)).pictures(),
            format!(
                "F/config.json: model_type `{name}` is not supported for pictures; supported: vit, deit, dinov2, dinov3_vit, swin, clip, resnet, convnext, mobilenet_v2"
            )
        );
    }
    let key_missing = Folder::of("bert").set("config.json", "model_type", Value::Null).text();
    assert!(key_missing.starts_with("F/config.json: model_type: is missing"), "{key_missing}");
}

#[test]
fn what_a_folder_lacks_is_named() {
    let pickled = Folder::of("bert").without("model.safetensors").without("tokenizer.json");
    let pickled = pickled.with("pytorch_model.bin", b"\x80\x02}q\x00.").with("vocab.txt", "[PAD]\n[UNK]\n");
    assert_eq!(
        pickled.text(),
        "F/vocab.txt: not a valid vocab.txt file: `[CLS]` is missing; expected one token per line"
    );
    let old = Folder::of("bert").without("model.safetensors").with("pytorch_model.bin", b"\x80\x02}q\x00.");
    let message = old.text();
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.starts_with("F/pytorch_model.bin: not a valid PyTorch file: "), "{message}");
    assert!(
        message
            .ends_with("expected a state dict written by torch.save; save the weights as `model.safetensors` instead")
    );
    let weights = Folder::of("bert").without("model.safetensors").text();
    assert!(weights.starts_with("F: `model.safetensors` is missing; expected the weights as"), "{weights}");
    let tokenizer = Folder::of("bert").without("tokenizer.json").text();
    assert!(tokenizer.starts_with("F: `tokenizer.json` is missing; the folder holds no tokenizer of another kind"));
    let pieces = Folder::of("t5").without("tokenizer.json").with("spiece.model", "").text();
    assert!(pieces.starts_with("F: `tokenizer.json` is missing; `spiece.model` alone is read only where"), "{pieces}");
    let config = Folder::of("bert").without("config.json").text();
    assert!(config.starts_with("F: `config.json` is missing"), "{config}");
    let preparation = Folder::of("vit").without("preprocessor_config.json").pictures();
    assert!(preparation.starts_with("F: `preprocessor_config.json` is missing"), "{preparation}");
    let nowhere = TextEncoder::open(Path::new("/nowhere"), TextOptions::default()).err().unwrap().to_string();
    assert!(nowhere.starts_with("/nowhere: the model's folder is missing"), "{nowhere}");
}

#[test]
fn configurations_must_fit_the_weights() {
    let set = |name: &str, key: &str, value: Value| Folder::of(name).set("config.json", key, value).text();
    assert_eq!(
        set("bert", "intermediate_size", json!(65)),
        "F/model.safetensors: tensor `encoder.layer.0.intermediate.dense.bias`: found shape [64], expected [65] as config.json says"
    );
    assert_eq!(
        set("bert", "num_attention_heads", json!(5)),
        "F/config.json: num_attention_heads: 5 heads do not divide a width of 32"
    );
    for value in [json!(0), json!(-1), json!(1.5), json!("four"), json!(1e300), json!([4])] {
        let message = set("bert", "num_attention_heads", value);
        assert!(message.ends_with("expected a whole number from 1 to 16777216"), "{message}");
    }
    assert!(set("bert", "num_hidden_layers", json!(3)).contains("tensor `encoder.layer.2.attention.self.query"));
    assert!(
        set("bert", "hidden_act", json!("mish")).contains("hidden_act: unknown activation `mish`; expected one of")
    );
    assert!(set("bert", "position_embedding_type", json!("relative_key")).contains("expected `absolute`"));
    assert!(set("bert", "is_decoder", json!(true)).contains("is_decoder: found true"));
    assert!(set("t5", "feed_forward_proj", json!("gated-mish")).contains("unknown `gated-mish`"));
    assert!(set("roberta", "model_type", json!("mpnet")).contains("relative_attention_bias.weight`: is missing"));
    assert!(set("clip", "text_config", json!(3)).contains("text_config: found 3, expected an object"));
    let other = Folder::of("vit").set("preprocessor_config.json", "size", json!(40)).pictures();
    assert!(other.ends_with("prepares pictures of 40 x 40, the model reads 32 x 32"), "{other}");
    let lanczos = Folder::of("vit").set("preprocessor_config.json", "resample", json!(1)).pictures();
    assert!(lanczos.ends_with("resample: 1 is not supported; expected 2 (bilinear) or 3 (bicubic)"), "{lanczos}");
}

#[test]
fn settings_of_pictures_must_be_known() {
    let set = |name: &str, key: &str, value: Value| Folder::of(name).set("config.json", key, value).pictures();
    for (folder, key, value, problem) in [
        ("swin", "use_absolute_embeddings", json!(true), "true is not supported; expected false"),
        ("swin", "num_channels", json!(1), "found 1, expected 3"),
        ("swin", "num_heads", json!([2, 4]), "3 stages, `num_heads` has 2; expected at most 8"),
        ("swin", "mlp_ratio", json!(0.0), "found 0, expected a number from 0.1 to 64"),
        ("swin", "window_size", json!(65), "found 65, expected at most 64"),
        ("mobilenet", "output_stride", json!(4), "found 4, expected 8, 16 or 32"),
        ("mobilenet", "depth_multiplier", json!(0), "found 0, expected a number from 0.01 to 100"),
        ("mobilenet", "num_channels", json!(4), "found 4, expected 3"),
        ("mobilenet", "hidden_act", json!("mish"), "unknown activation `mish`; expected one of gelu, gelu_new"),
        ("dinov3", "num_attention_heads", json!(16), "16 heads 2 wide; rotary positions need a multiple of 4"),
        ("dinov3", "rope_theta", json!(-1), "found -1, expected a number above 0"),
        ("deit-distilled", "qkv_bias", json!(false), "false is not supported; expected true"),
    ] {
        let (message, key) =
            (set(folder, key, value), format!("F/config.json: {}: ", if key == "num_heads" { "depths" } else { key }));
        let said = message.strip_prefix(&key).unwrap_or_else(|| panic!("{message}"));
        assert!(said.starts_with(problem), "{message}");
    }
    assert!(set("swin", "num_heads", json!([3, 4, 4])).ends_with("num_heads: 3 heads do not divide a width of 8"));
    assert!(
        set("dinov2", "use_swiglu_ffn", json!(true))
            .contains("tensor `encoder.layer.0.mlp.weights_in.bias`: is missing")
    );
    assert!(set("vit", "model_type", json!("deit")).contains("embeddings.distillation_token`: is missing"));
    let small = Folder::of("swin").set("preprocessor_config.json", "size", json!(20)).pictures();
    assert!(
        small.ends_with(
            "prepares pictures of 20 x 20, the model has windows of 3 x 3 places, and the map of its stage 3 would have 2 x 2"
        ),
        "{small}"
    );
    let processor = json!("EfficientNetImageProcessor");
    let other = Folder::of("mobilenet").set("preprocessor_config.json", "image_processor_type", processor).pictures();
    assert!(
        other.ends_with(
            "`EfficientNetImageProcessor` is not supported; expected the processor of ViT, DeiT, CLIP, Bit, ConvNext, MobileNetV2 or DINOv3ViT"
        ),
        "{other}"
    );
}

#[test]
fn ids_must_have_rows() {
    let foreign = Folder::of("bert").with("tokenizer.json", fs::read(golden("clip/tokenizer.json")).unwrap());
    let encoder = TextEncoder::open(foreign.path(), TextOptions::default()).unwrap();
    let message = foreign.message(encoder.token_ids(&["words"]));
    assert!(message.starts_with("F/tokenizer.json: token id "), "{message}");
    assert!(message.ends_with("tokenizer and weights are of two models"), "{message}");
}

#[test]
fn damaged_files_never_panic() {
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let whole = fs::read(golden("bert").join(name)).unwrap();
        for keep in [0, 1, 7, 9, whole.len() / 2, whole.len() - 2] {
            let message = Folder::of("bert").with(name, &whole[..keep]).text();
            assert!(message.starts_with(&format!("F/{name}: not a valid ")), "{name} {keep}: {message}");
        }
    }
    let pointer = "version https://git-lfs.github.com/spec/v1\n";
    assert!(Folder::of("bert").with("model.safetensors", pointer).text().ends_with("run `git lfs pull`"));
}

/// Pickles cut off, or with bytes changed: refused or read, but no panic.
#[test]
fn damaged_pickles_never_panic() {
    let open = |bytes: &[u8]| {
        let folder = Folder::of("bert").without("model.safetensors").with("pytorch_model.bin", bytes);
        TextEncoder::open(folder.path(), TextOptions::default()).err().map(|error| error.to_string())
    };
    for folder in ["bert-pickled", "bert-pickled-legacy"] {
        let whole = fs::read(golden(folder).join("pytorch_model.bin")).unwrap();
        for keep in [0, 1, 100, whole.len() / 2, whole.len() - 1] {
            let refused = open(&whole[..keep]).is_some_and(|message| message.contains("not a valid PyTorch file"));
            assert!(refused, "{folder} {keep}");
        }
        for at in (40..6000).step_by(11) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x15;
            open(&bytes);
        }
    }
}

#[test]
fn modules_that_do_more_are_refused_unless_pooling_is_said() {
    let modules = json!([
        {"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "path": "2_Dense", "type": "sentence_transformers.models.Dense"},
    ]);
    let folder = Folder::of("sentence-transformers").with("modules.json", modules.to_string());
    fs::create_dir(folder.path().join("1_Pooling")).unwrap();
    let folder = folder.with("1_Pooling/config.json", r#"{"pooling_mode_mean_tokens": true}"#);
    assert!(
        folder.text().starts_with("F/modules.json: not a valid modules.json file: module `Dense` is not supported")
    );
    let options = TextOptions { pool: Some(embed::Pool::Mean), ..TextOptions::default() };
    assert!(TextEncoder::open(folder.path(), options).is_ok());
    let folder = folder.with("1_Pooling/config.json", r#"{"pooling_mode_max_tokens": true}"#);
    assert_eq!(
        folder.text(),
        "F/1_Pooling/config.json: pooling_mode_*: found [max_tokens], expected mean_tokens alone or cls_token alone"
    );
    let outside = json!([{"path": "../bert", "type": "sentence_transformers.models.Transformer"}]);
    assert!(folder.with("modules.json", outside.to_string()).text().contains("path `../bert` leads out of the folder"));
}

#[test]
fn options_must_suit_the_model() {
    let open = |folder, pool, max_length| {
        TextEncoder::open(&golden(folder), TextOptions { pool, max_length, dictionary: None })
            .err()
            .unwrap()
            .to_string()
    };
    assert_eq!(
        open("clip", Some(embed::Pool::Mean), None),
        "--pool: `mean` given, and clip has features of its own; leave it out"
    );
    assert_eq!(
        open("roberta", None, Some(65)),
        "--max-length: 65 given, and the model's table of positions has room for 64"
    );
    for length in [0, 1, 2] {
        let message = open("bert", None, Some(length));
        let wanted = format!("cannot cut at {length} tokens: 2 of them are special ones; expected at least 3");
        assert!(message.ends_with(&wanted), "{message}");
    }
}

#[test]
fn pictures_must_be_readable() {
    let encoder = PictureEncoder::open(&golden("vit")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let whole = fs::read(golden("pictures/a.png")).unwrap();
    for keep in [0, 10, 200] {
        fs::write(&path, &whole[..keep]).unwrap();
        let error = encoder.encode(std::slice::from_ref(&path), 1, None, &mut |_| ()).unwrap_err().to_string();
        assert!(error.contains("a.png: not a readable PNG or JPEG file"), "{error}");
    }
}
