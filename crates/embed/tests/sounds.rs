//! Sound encoders against their reference: reading, rates, values, hidden states, rows, errors.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use common::{Expected, Folder, distance, golden, kill_when, near, succeeded};
use embed::{SoundEncoder, sounds::Wave};
use serde_json::{Value, json};

const ALL: [&str; 2] = ["hubert", "hubert-large"];

fn wave(name: &str) -> Wave {
    Wave::open(&golden("sounds").join(name)).unwrap()
}

fn expected(name: &str) -> Vec<f32> {
    Expected::of("sounds").floats(name).1
}

#[test]
fn lossless_files_are_equal_to_the_bit() {
    for name in ["a.wav", "b.wav", "c44.wav", "b.flac"] {
        assert_eq!(wave(name).samples(), expected(name), "{name}");
    }
    assert!(distance(wave("stereo.wav").samples(), &expected("stereo.wav")) <= 6e-8, "mean of two channels");
    assert_eq!((wave("a.wav").rate(), wave("c44.wav").rate()), (16000, 44100));
}

#[test]
fn lossy_files_are_near() {
    for (name, tolerance) in [("b.ogg", 1e-4), ("b.mp3", 1e-4)] {
        let (found, wanted) = (wave(name), expected(name));
        let distance = distance(found.samples(), &wanted);
        println!("{name}: {distance:.1e}");
        assert!(distance <= tolerance, "{name}: {distance:e}");
    }
}

#[test]
fn the_encoders_own_rate_changes_nothing() {
    let folder = Folder::of("hubert").set("preprocessor_config.json", "do_normalize", json!(false));
    let encoder = SoundEncoder::open(folder.path()).unwrap();
    assert_eq!(encoder.values(wave("a.wav")).unwrap(), expected("a.wav"));
}

#[test]
fn another_rate_is_near_other_resamplers() {
    let folder = Folder::of("hubert").set("preprocessor_config.json", "do_normalize", json!(false));
    let encoder = SoundEncoder::open(folder.path()).unwrap();
    let found = encoder.values(wave("c44.wav")).unwrap();
    for (name, tolerance) in BOUNDS {
        let distance = distance(&found, &expected(name));
        println!("{name}: {distance:.1e}");
        assert!(distance <= tolerance, "{name}: {distance:e}");
    }
}

/// Largest differences, of samples up to 0.5.
const BOUNDS: [(&str, f32); 3] = [("c44.torchaudio", 1e-3), ("c44.torchaudio_long", 1e-3), ("c44.soxr", 1e-3)];

#[test]
fn values_states_and_rows_are_near() {
    for folder in ALL {
        let encoder = SoundEncoder::open(&golden(folder)).unwrap();
        let expected = Expected::of(folder);
        for sound in ["a", "b"] {
            let (_, wanted) = expected.floats(&format!("{sound}.input_values"));
            let values = encoder.values(wave(&format!("{sound}.wav"))).unwrap();
            let distance = distance(&values, &wanted);
            println!("{folder} {sound}, values: {distance:.1e}");
            assert!(distance <= 1e-6, "{folder} {sound}: {distance:e}");
            let states = encoder.hidden_states(&wanted).unwrap();
            assert_eq!(states.len(), 3);
            for (i, state) in states.iter().enumerate() {
                let (shape, wanted) = expected.floats(&format!("{sound}.hidden_states.{i}"));
                assert_eq!(shape, [state.rows(), state.width()]);
                near(&format!("{folder} {sound}, state {i}"), state.values(), &wanted);
            }
            let (_, mean) = expected.floats(&format!("{sound}.mean"));
            near(&format!("{folder} {sound}, mean"), encoder.features(&wanted).unwrap().values(), &mean);
        }
    }
}

#[test]
fn files_give_the_rows() {
    let files: Vec<PathBuf> = ["a.wav", "b.wav"].map(|name| golden("sounds").join(name)).to_vec();
    for folder in ALL {
        let encoder = SoundEncoder::open(&golden(folder)).unwrap();
        let expected = Expected::of(folder);
        let mut count = 0;
        let rows = encoder.encode(&files, &mut |n| count += n).unwrap();
        assert_eq!((rows.rows(), rows.width(), count), (2, 32, 2));
        for (i, sound) in ["a", "b"].iter().enumerate() {
            near(&format!("{folder} {sound}"), rows.row(i), &expected.floats(&format!("{sound}.mean")).1);
        }
    }
}

#[test]
fn folders_must_fit() {
    let set = |key: &str, value: Value| Folder::of("hubert").set("config.json", key, value).sounds();
    let other = set("model_type", json!("whisper"));
    assert_eq!(other, "F/config.json: model_type `whisper` is not supported for sounds; supported: hubert");
    assert!(set("model_type", json!("vit")).ends_with("this is an encoder of pictures: `embed pictures`"));
    assert!(set("conv_stride", json!([5, 2])).ends_with("conv_stride: 2 layers, `conv_dim` has 7"));
    assert!(set("feat_extract_norm", json!("batch")).ends_with("found `batch`, expected `group` or `layer`"));
    assert!(
        set("conv_pos_batch_norm", json!(true)).contains("conv_pos_batch_norm: found true, which is not supported")
    );
    assert!(set("adapter_attn_dim", json!(8)).contains("adapter_attn_dim: adapters are not supported"));
    assert!(set("num_conv_pos_embeddings", json!(17)).contains("expected [1, 1, 17] as config.json says"));
    assert_eq!(
        set("num_conv_pos_embedding_groups", json!(5)),
        "F/config.json: num_conv_pos_embedding_groups: 5 groups do not divide a width of 32"
    );
    assert_eq!(
        set("conv_stride", json!([5, 0, 2])),
        "F/config.json: conv_stride: found [5,0,2], expected a list of 1 to 64 whole numbers from 1 to 16777216"
    );
    let settings = |key: &str, value: Value| Folder::of("hubert").set("preprocessor_config.json", key, value).sounds();
    assert!(settings("sampling_rate", json!(3)).ends_with("sampling_rate: found 3, expected 1000 to 768000"));
    assert!(settings("feature_size", json!(80)).ends_with("feature_size: found 80, expected 1"));
    assert!(settings("feature_extractor_type", json!("X")).contains("`X` is not supported; expected `Wav2Vec2Fea"));
    let folder = Folder::of("hubert");
    fs::remove_file(folder.path().join("preprocessor_config.json")).unwrap();
    assert!(folder.sounds().starts_with("F: `preprocessor_config.json` is missing; it says at which rate"));
}

/// A WAV file of one channel.
fn wav(path: &Path, format: u16, bits: u16, data: &[u8]) {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0");
    bytes.extend(format.to_le_bytes());
    bytes.extend(b"\x01\0");
    bytes.extend(16000_u32.to_le_bytes());
    bytes.extend((16000 * u32::from(bits) / 8).to_le_bytes());
    bytes.extend((bits / 8).to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    fs::write(path, bytes).unwrap();
}

#[test]
fn sounds_must_be_readable() {
    let encoder = SoundEncoder::open(&golden("hubert")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    let message = |path: &Path| {
        let files = [path.to_owned()];
        let error = encoder.encode(&files, &mut |_| ()).expect_err("refused").to_string();
        error.replace(&format!("{}/", folder.path().display()), "")
    };
    assert!(message(&path).starts_with("x.wav: cannot be read"));
    fs::write(&path, "").unwrap();
    assert_eq!(message(&path), "x.wav: is empty; expected a WAV, FLAC, OGG or MP3 file");
    fs::write(&path, "words and more words, but no sound at all".repeat(30)).unwrap();
    println!("{}", message(&path));
    for name in ["a.wav", "b.flac", "b.ogg", "b.mp3"] {
        let whole = fs::read(golden("sounds").join(name)).unwrap();
        let path = folder.path().join(name);
        for keep in [3, 20, 50, whole.len() / 2, whole.len() - 200] {
            fs::write(&path, &whole[..keep]).unwrap();
            // The end of an MP3 file is not marked.
            match Wave::open(&path) {
                Ok(wave) => {
                    assert!(name.ends_with("mp3") || name.ends_with("ogg"), "{name} {keep} {}", wave.samples().len())
                }
                Err(error) => println!("{keep}: {error}"),
            }
        }
        for at in (0..whole.len()).step_by(37) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            fs::write(&path, bytes).unwrap();
            let _ = Wave::open(&path);
        }
    }
    wav(&path, 1, 16, &[]);
    println!("{}", message(&path));
    wav(&path, 1, 16, &[0; 2 * 399]);
    assert_eq!(message(&path), "x.wav: found 399 samples at 16000 Hz, expected at least 400; the sound is too short");
    wav(&path, 1, 16, &[0; 2 * 400]);
    assert_eq!(encoder.encode(std::slice::from_ref(&path), &mut |_| ()).unwrap().rows(), 1, "silence is a sound");
    let mut samples = vec![0.1_f32; 500];
    samples[7] = f32::NAN;
    wav(&path, 3, 32, &samples.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
    assert_eq!(message(&path), "x.wav: sample 8 is not a finite number");
}

fn embed(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embed"));
    command.current_dir(folder).args(args);
    command
}

#[test]
fn killed_runs_resume_and_jobs_give_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let names = ["a.wav", "b.wav", "c44.wav", "stereo.wav", "b.flac", "b.ogg"];
    let paths = names.map(|name| golden("sounds").join(name).display().to_string());
    let lines: Vec<&str> = (0..60).map(|i| paths[i % paths.len()].as_str()).collect();
    fs::write(folder.join("train.txt"), lines.join("\n")).unwrap();
    let model = golden("hubert").display().to_string();
    let args = |out| {
        ["sounds", "--model", &model, "--input", "train.txt", "--tensor", "train", "--shard", "2", "--out", out]
            .map(str::to_owned)
    };
    let run = |out| {
        let args = args(out);
        embed(folder, &args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let whole = succeeded(&run("a.safetensors").output().unwrap());
    assert!(whole.contains("60 items, hubert, 32, mean, 16000 Hz"), "{whole}");
    let parts = folder.join("b.safetensors.train.parts");
    let shards = || fs::read_dir(&parts).map_or(0, |entries| entries.flatten().count());
    kill_when(&mut run("b.safetensors"), || shards() >= 4);
    assert!(!folder.join("b.safetensors").exists(), "killed before its end");
    let resumed = succeeded(&run("b.safetensors").output().unwrap());
    assert!(resumed.contains(" of 60 items were there already"), "{resumed}");
    let mut alone = run("c.safetensors");
    succeeded(&alone.env("RAYON_NUM_THREADS", "1").output().unwrap());
    let view = json!({
        "name": "speech", "of": "audio", "encoder": "org/hubert", "revision": null, "model": model, "pool": null,
        "max_length": null, "out": "d.safetensors", "inputs": {"train": "train.txt"}, "kind": "sounds",
    });
    let list = json!({
        "name": "tiny", "title": "", "licence": "", "source": "", "labels": [], "groups": [],
        "splits": {"train": {"rows": 60, "items": "train.items.parquet"}}, "views": [view],
    });
    fs::write(folder.join("jobs.json"), list.to_string()).unwrap();
    succeeded(&embed(folder, &["jobs", "jobs.json", "--shard", "2", "--batch", "5"]).output().unwrap());
    let again = succeeded(&embed(folder, &["jobs", "jobs.json", "--shard", "2", "--batch", "6"]).output().unwrap());
    assert!(again.contains("60 of 60 items were there already"), "the batch of texts and pictures: {again}");
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| fs::read(folder.join(format!("{name}.safetensors"))).unwrap());
    assert!(a == b && a == c && a == d);
}

#[test]
fn sounds_have_no_batches() {
    let folder = tempfile::tempdir().unwrap();
    let (model, sounds) =
        (golden("hubert").display().to_string(), golden("sounds").join("a.wav").display().to_string());
    fs::write(folder.path().join("list.txt"), sounds).unwrap();
    let args = ["sounds", "--model", &model, "--input", "list.txt", "--tensor", "x", "--out", "a.safetensors"];
    let output = embed(folder.path(), &[&args[..], &["--batch", "8"]].concat()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && !folder.path().join("a.safetensors").exists());
    assert_eq!(said, "embed: --batch: sounds go through the encoder one by one; leave this option out\n");
    let help = succeeded(&embed(folder.path(), &["sounds", "--help"]).output().unwrap());
    assert!(!help.contains("--batch") && help.contains("--shard"), "{help}");
}

/// Without a bound, the scores of attention of two minutes take 1.2 GB.
#[cfg(target_os = "linux")]
#[test]
fn long_sounds_take_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let tone = |i: usize| ((i as f32 * 0.05).sin() * 8000.0) as i16;
    let data: Vec<u8> = (0..120 * 16000).flat_map(|i| tone(i).to_le_bytes()).collect();
    wav(&folder.path().join("long.wav"), 1, 16, &data);
    fs::write(folder.path().join("list.txt"), "long.wav\n").unwrap();
    let model = golden("hubert").display().to_string();
    let args = ["sounds", "--model", &model, "--input", "list.txt", "--tensor", "x", "--out", "a.safetensors"];
    let mut command = embed(folder.path(), &args);
    command.env("RAYON_NUM_THREADS", "2").stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Memory that was used: buffers of matrix products reserve much more than they use.
    let mut largest = 0;
    while child.try_wait().unwrap().is_none() {
        largest = largest.max(common::peak(&child.id().to_string()).unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(succeeded(&child.wait_with_output().unwrap()).contains("a.safetensors x [1, 32]"));
    assert!((10_000..600_000).contains(&largest), "{largest} kB");
}
