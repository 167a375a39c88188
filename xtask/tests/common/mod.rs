//! What tests of `cargo xtask embed` share: a hub on loopback with tiny encoders, and places of their own.
#![allow(dead_code, reason = "each test binary uses a part of it")]

#[path = "../../../crates/fetch/tests/common/server.rs"]
mod server;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use server::{Reply, Request, Server};
use tempfile::TempDir;

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The folder of the programs: those that `cargo test --workspace` builds for the tests of their own packages. Cargo is not
/// called from here, because a part of the workspace would be built anew with other features.
pub fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_xtask")).parent().unwrap().to_path_buf();
        for program in ["runner", "embed"] {
            let path = folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
            assert!(path.exists(), "{} is not there: run `cargo test --workspace`, which builds it", path.display());
        }
        folder
    })
}

/// A hub with the tiny data sets, the tiny encoders, a dictionary, and one encoder that nobody here can run.
fn hub() -> Server {
    Server::start(|request, _| answer(request).unwrap_or_else(|| Reply::status(404)))
}

/// The paper's encoders, each served as a tiny one of its architecture.
const ENCODERS: [(&str, &str); 25] = [
    ("microsoft/resnet-18", "resnet-basic"),
    ("microsoft/resnet-34", "resnet-basic"),
    ("microsoft/resnet-50", "resnet"),
    ("google/mobilenet_v2_1.0_224", "mobilenet"),
    ("WinKawaks/vit-tiny-patch16-224", "vit"),
    ("facebook/deit-small-patch16-224", "vit"),
    ("google/vit-base-patch16-224", "vit"),
    ("google/vit-large-patch16-224", "vit"),
    ("microsoft/swin-tiny-patch4-window7-224", "swin"),
    ("microsoft/swin-large-patch4-window12-384-in22k", "swin-even"),
    ("facebook/convnext-base-224", "convnext"),
    ("facebook/convnext-large-224", "convnext"),
    ("facebook/dinov2-base", "dinov2"),
    ("facebook/dinov2-large", "dinov2"),
    ("facebook/dinov2-giant", "dinov2-swiglu"),
    ("facebook/dinov3-vitl16-pretrain-lvd1689m", "dinov3"),
    ("openai/clip-vit-base-patch32", "clip"),
    ("openai/clip-vit-base-patch16", "clip"),
    ("facebook/hubert-base-ls960", "hubert"),
    ("facebook/hubert-large-ls960-ft", "hubert-large"),
    ("bert-base-uncased", "bert"),
    // their tokenizers are in the answer below
    ("org/japanese", "bert"),
    ("org/unidic", "bert"),
    ("org/massive", ""),
    ("org/ted", ""),
];

/// The folder of a repository, and the rest of the path.
fn repository(path: &str) -> Option<(PathBuf, &str)> {
    let below = |id: &str| path.strip_prefix(id)?.strip_prefix('/');
    if let Some(rest) = below("uoft-cs/cifar100") {
        return Some((root().join("crates/data/tests/pictures"), rest));
    }
    for (id, tiny) in ENCODERS {
        let Some(rest) = below(id) else { continue };
        let name = id.strip_prefix("org/").filter(|_| tiny.is_empty());
        let tiny = || root().join("crates/embed/tests/golden").join(tiny);
        return Some((name.map_or_else(tiny, |name| root().join("crates/data/tests/texts").join(name)), rest));
    }
    let (name, rest) = path.strip_prefix("org/")?.split_once('/')?;
    Some((root().join("crates/embed/tests/golden").join(name), rest))
}

fn answer(request: &Request) -> Option<Reply> {
    let path = request.path.split('?').next()?;
    if path == "/flickr_audio.tar.gz" {
        return Some(Reply::file(request, &recordings(), "\"audio\""));
    }
    let golden = root().join("crates/embed/tests/golden/japanese");
    if path == "/words/part-of-ipadic.tar.gz" {
        return Some(Reply::file(request, &fs::read(golden.join("dictionary.tar.gz")).ok()?, "\"words\""));
    }
    let is_japanese = path.contains("/japanese/") || path.contains("/unidic/");
    if let Some(rest) = path.strip_prefix("/api/datasets/").or_else(|| path.strip_prefix("/api/models/")) {
        let (folder, rest) = repository(rest)?;
        let below = rest.split('/').skip(2).collect::<Vec<_>>().join("/");
        let mut names: Vec<String> = fs::read_dir(folder.join(&below))
            .ok()?
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| if below.is_empty() { name } else { format!("{below}/{name}") })
            .collect();
        if is_japanese {
            names.retain(|name| name != "tokenizer.json");
            names.push("vocab.txt".to_owned());
        }
        let files: Vec<String> =
            names.iter().map(|name| format!("{{\"type\": \"file\", \"path\": \"{name}\"}}")).collect();
        return Some(Reply::status(200).body(format!("[{}]", files.join(","))));
    }
    let rest = path.strip_prefix("/datasets/").or_else(|| path.strip_prefix('/'))?;
    let (folder, rest) = repository(rest)?;
    let file = rest.strip_prefix("resolve/")?.split_once('/')?.1;
    let bytes = match file {
        // as many tokens as the encoder has
        "vocab.txt" if is_japanese => {
            let vocabulary = fs::read_to_string(golden.join(file)).ok()?;
            vocabulary.lines().take(480).collect::<Vec<_>>().join("\n").into_bytes()
        }
        "tokenizer_config.json" if is_japanese => {
            let dictionary = if path.contains("/unidic/") { "unidic" } else { "ipadic" };
            let words = r#""tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab""#;
            format!(r#"{{{words}, "mecab_kwargs": {{"mecab_dic": "{dictionary}"}}}}"#).into_bytes()
        }
        _ => fs::read(folder.join(file)).ok()?,
    };
    Some(Reply::file(request, &bytes, &format!("\"{file}\"")).with("X-Repo-Commit", COMMIT))
}

const HEAD: &str = "
title: A tiny data set
licence: CC0-1.0
licence_url: https://example.org/cc0
redistribution: allowed
terms: Made for a test.
";

/// A place of its own for downloads, embeddings, manifests and experiments.
pub struct Bench {
    pub folder: TempDir,
    pub hub: Server,
}

impl Bench {
    pub fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap(), hub: hub() };
        for name in ["data-manifests", "experiments"] {
            fs::create_dir(bench.path(name)).unwrap();
        }
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    pub fn call(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.current_dir(root()).env("ALIGN_DATA", self.path("cache")).env("HF_ENDPOINT", &self.hub.url);
        command.env("HF_HUB_CACHE", self.path("hub"));
        command.env_remove("HF_TOKEN").args(args);
        command
    }

    pub fn run(&self, program: &str, args: &[&str]) -> Said {
        let program = programs().join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
        self.call(&program, args).output().unwrap().into()
    }

    /// A source file without its head; its path.
    pub fn source(&self, name: &str, source: &str) -> String {
        self.write_source(name, &format!("{}{source}", HEAD.trim_start()))
    }

    /// A whole source file, `HUB` in it the address of the hub; its path.
    fn write_source(&self, name: &str, source: &str) -> String {
        self.write(&format!("{name}.yaml"), &source.replace("HUB", &self.hub.url))
    }

    /// `cargo xtask embed` of a source without its head, its manifest going to this bench.
    pub fn embed(&self, name: &str, source: &str, more: &[&str]) -> Said {
        self.embed_file(name, &format!("{}{source}", HEAD.trim_start()), more)
    }

    /// The same with a whole source file.
    pub fn embed_file(&self, name: &str, source: &str, more: &[&str]) -> Said {
        let source = self.write_source(name, source);
        let manifest = self.path(&format!("data-manifests/{name}.yaml")).display().to_string();
        let programs = programs().display().to_string();
        let args = ["embed", &source, "--manifest", &manifest, "--programs", &programs];
        self.call(Path::new(env!("CARGO_BIN_EXE_xtask")), &[&args, more].concat()).output().unwrap().into()
    }

    /// Runs `embed`, killed whenever another shard has been written in a folder, at most four times; how often it was.
    pub fn killed(&self, args: &[&str], folder: &str) -> usize {
        let embed = programs().join(format!("embed{}", std::env::consts::EXE_SUFFIX));
        let mut kills = 0;
        let start = Instant::now();
        // at whatever it is then doing
        loop {
            assert!(start.elapsed() < Duration::from_secs(120), "no end in two minutes");
            let before = shards(&self.path(folder));
            let mut child = self.call(&embed, args);
            let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let done = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break status.success();
                }
                if kills < 4 && shards(&self.path(folder)) > before + 2 {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    kills += 1;
                    break false;
                }
                std::thread::sleep(Duration::from_millis(1));
            };
            if done {
                break;
            }
        }
        kills
    }

    pub fn manifest(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("data-manifests/{name}.yaml"))).unwrap()
    }

    /// The embeddings' files with their bytes.
    pub fn embeddings(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.path(folder)).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(|path| path.extension().is_some_and(|e| e == "safetensors"));
        files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())).collect()
    }
}

pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Said {
    pub fn fine(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    pub fn has(&self, parts: &[&str]) {
        for part in parts {
            let said = format!("{}\n{}", self.out, self.err);
            assert!(said.contains(part), "`{part}` is not in: {said}");
        }
    }
}

/// Shards that wait to be joined.
pub fn shards(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let parts =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "parts"));
    parts
        .map(|path| {
            fs::read_dir(path).map_or(0, |files| {
                files.flatten().filter(|f| f.path().extension().is_some_and(|e| e == "safetensors")).count()
            })
        })
        .sum()
}

/// An archive of spoken captions, as Flickr8k's.
fn recordings() -> Vec<u8> {
    let (mut tar, mut lines) = (tar::Builder::new(Vec::new()), String::new());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("flickr_audio/{name}"), bytes).unwrap();
    };
    for picture in 0..CAPTIONED {
        for k in 0..spoken(picture) {
            let name = format!("{picture:03}_tiny_{k}.wav");
            lines += &format!("{name} {picture:03}_tiny.jpg #{k}\n");
            add(&format!("wavs/{name}"), &sound(picture * 7 + k));
        }
    }
    add("wav2capt.txt", lines.as_bytes());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &tar.into_inner().unwrap()).unwrap();
    gzip.finish().unwrap()
}

/// Number of pictures with captions; the last one has no recording.
pub const CAPTIONED: usize = 61;

/// Number of spoken captions of a picture.
pub fn spoken(picture: usize) -> usize {
    if picture + 1 == CAPTIONED { 0 } else { 1 + picture % 2 }
}

/// A sound of 16 kHz, a fifth of a second: tones that depend on a number.
fn sound(number: usize) -> Vec<u8> {
    let tone = |hertz: f32, at: usize| (at as f32 / 16_000.0 * hertz * std::f32::consts::TAU).sin();
    let hertz = 200.0 + 37.0 * (number % 50) as f32;
    let sample = |at: usize| (8_000.0 * (tone(hertz, at) + 0.5 * tone(2.3 * hertz, at))) as i16;
    let samples: Vec<u8> = (0..3_200).flat_map(|at| sample(at).to_le_bytes()).collect();
    let mut wav = Vec::from(*b"RIFF");
    wav.extend((36 + samples.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16u32.to_le_bytes());
    for word in [1u16, 1] {
        wav.extend(word.to_le_bytes());
    }
    wav.extend(16_000u32.to_le_bytes());
    wav.extend(32_000u32.to_le_bytes());
    for word in [2u16, 16] {
        wav.extend(word.to_le_bytes());
    }
    wav.extend(b"data");
    wav.extend((samples.len() as u32).to_le_bytes());
    wav.extend(samples);
    wav
}

/// A JPEG picture of a number and a variant: stripes, their colour and direction by the number, shifted by the variant.
pub fn picture(number: usize, variant: usize) -> Vec<u8> {
    let made = image::RgbImage::from_fn(20, 24, |x, y| {
        let (x, y) = (x as usize, y as usize);
        let along = [x, y, x + y, x + 2 * y][number % 4] + variant;
        let bright = if (along / (2 + number % 3)).is_multiple_of(2) { 220 } else { 60 };
        let channel =
            |c: usize| if (number + c).is_multiple_of(3) { bright } else { bright / 2 + (13 * number % 50) as u8 };
        image::Rgb([channel(0), channel(1), channel(2)])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    made.write_to(&mut bytes, image::ImageOutputFormat::Jpeg(95)).unwrap();
    bytes.into_inner()
}
