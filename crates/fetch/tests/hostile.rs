//! Inputs that are broken or meant ill: source files, records, lists and answers. None may panic, write
//! outside the cache, or leave a file under its final name that is not what was asked for.
#![allow(clippy::unwrap_used)]

mod common;

use std::{fs, path::Path};

use common::{ONE_FILE, ONE_PATH, Reply, Server, Toy, next, noise, sum};
use fetch::{
    Source,
    source::{Manual, Origin},
    sources_dir,
};

/// Pieces that turn a sound text into one that is meant ill.
const PIECES: &[&str] = &[
    "../",
    "/etc/passwd",
    "..",
    "\\",
    "C:",
    "\0",
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    "*",
    "&a ",
    "*a",
    "!!binary ",
    "~",
    "null",
    "1e999",
    "-1",
    "99999999999999999999",
    "'",
    "\"",
    "#",
    "\t",
    "\n",
    "\u{feff}",
    "\u{202e}",
    "é",
    "http://x",
    "%2e%2e%2f",
];

/// A text with one to three things done to it.
fn mutated(text: &str, state: &mut u64) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..1 + next(state) % 3 {
        let at = (next(state) as usize) % (chars.len() + 1);
        let upto = (at + (next(state) as usize) % 12).min(chars.len());
        match next(state) % 5 {
            0 => chars.truncate(at),
            1 => drop(chars.drain(at..upto)),
            2 => chars.splice(at..upto, PIECES[next(state) as usize % PIECES.len()].chars()).for_each(drop),
            3 => {
                let copy: Vec<char> = chars[at..upto].to_vec();
                chars.splice(at..at, copy).for_each(drop);
            }
            _ => chars.splice(at..at, PIECES[next(state) as usize % PIECES.len()].chars()).for_each(drop),
        }
    }
    chars.into_iter().collect()
}

fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', ':', '\0'])
        && !path.split('/').any(|part| ["", ".", ".."].contains(&part))
}

fn manual_paths(manual: &Manual) -> impl Iterator<Item = &String> {
    manual.folders.iter().map(|f| &f.path).chain(manual.files.iter().map(|f| &f.path))
}

#[test]
fn source_files() {
    let folder = tempfile::tempdir().unwrap();
    let project = sources_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-manifests"));
    let (mut tried, mut taken, mut state) = (0, 0, 42);
    for name in data::catalogue(&project).unwrap() {
        let text = fs::read_to_string(project.join(format!("{name}.yaml"))).unwrap();
        let path = folder.path().join(format!("{name}.yaml"));
        for _ in 0..200 {
            fs::write(&path, mutated(&text, &mut state)).unwrap();
            tried += 1;
            let Ok(source) = Source::read(&path) else { continue };
            taken += 1;
            for origin in &source.origins {
                match origin {
                    Origin::Hub { files, .. } => assert!(files.iter().all(|file| is_inside(&file.path))),
                    Origin::Web { file, url, .. } => {
                        assert!(is_inside(file) && ["https", "http"].contains(&url.scheme()))
                    }
                }
            }
            for manual in &source.manual {
                assert!(manual.put == "." || is_inside(&manual.put));
                assert!(manual_paths(manual).all(|path| is_inside(path)));
            }
        }
    }
    // most are broken; some are only other words in a title
    assert_eq!(tried, 1200);
    assert!(taken > 50 && taken < 1000, "{taken} of {tried} were taken");
}

#[test]
fn records_and_states() {
    let hub = Server::start(|request, _| Reply::file(request, b"here it is", "\"one\""));
    let toy = Toy::new(&hub.url, ONE_FILE);
    toy.fetch().unwrap();
    let record = fs::read_to_string(toy.path("fetched.json")).unwrap();
    let part_state = format!(
        "{{\"url\":\"{}{ONE_PATH}\",\"etag\":\"\\\"one\\\"\",\"linked\":null,\"size\":10,\"commit\":null}}",
        hub.url
    );
    let mut state = 7;
    for _ in 0..100 {
        fs::write(toy.path("fetched.json"), mutated(&record, &mut state)).unwrap();
        // an error, or what was fetched
        if let Ok(report) = toy.fetch() {
            assert_eq!(report.files[0].sha256, sum(b"here it is"));
        }
    }
    for _ in 0..100 {
        let _ = fs::remove_file(toy.path("data/train.bin"));
        fs::write(toy.path("fetched.json"), &record).unwrap();
        fs::write(toy.path("data/train.bin.part"), &b"here it is and more"[..next(&mut state) as usize % 19]).unwrap();
        fs::write(toy.path("data/train.bin.part.json"), mutated(&part_state, &mut state)).unwrap();
        // bytes that were not those of the file are found out by the record, and gone the next time
        if toy.fetch().is_err() {
            assert!(!toy.path("data/train.bin").exists());
            toy.fetch().unwrap();
        }
        assert_eq!(fs::read(toy.path("data/train.bin")).unwrap(), b"here it is");
    }
    assert_eq!(fs::read_dir(toy.outside()).unwrap().count(), 2, "the cache and the sources");
}

#[test]
fn lists() {
    let list = r#"[{"type":"file","path":"text/train-1.bin","size":1},{"type":"directory","path":"text/x"},
        {"type":"file","path":"text/train-0.bin"},{"type":"file","path":"text/test-0.bin"}]"#;
    let hub = Server::start(move |request, before| match request.path.starts_with("/api/") {
        true => {
            let mut state = before as u64 + 99;
            Reply::status(200).body(mutated(list, &mut state))
        }
        false => Reply::file(request, b"here it is", "\"one\""),
    });
    for _ in 0..100 {
        let toy = Toy::new(&hub.url, &ONE_FILE.replace("data/train.bin", "\"text/train-*.bin\""));
        if let Ok(report) = toy.fetch() {
            assert!(report.files.iter().all(|file| file.path.starts_with(toy.path("text"))));
        }
        assert!(fs::read_dir(toy.outside()).unwrap().count() <= 2);
    }
    let long = format!("[{}]", " ".repeat(9 << 20));
    let hub = Server::start(move |_, _| Reply::status(200).body(long.as_str()));
    let toy = Toy::new(&hub.url, &ONE_FILE.replace("data/train.bin", "\"text/train-*.bin\""));
    assert!(toy.error().contains("is longer than"));
}

#[test]
fn answers() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let answers: Vec<Vec<u8>> = vec![
        b"".into(),
        b"\r\n\r\n".into(),
        b"SSH-2.0-OpenSSH_9.6\r\n".into(),
        noise(12, 5000),
        b"HTTP/1.1 200 OK\r\n".into(),
        b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n".into(),
        b"HTTP/1.1 100 Continue\r\n\r\n".into(),
        format!("{ok}Content-Length: 18446744073709551615\r\nETag: \"x\"\r\n\r\nshort").into(),
        format!("{ok}Content-Length: 18446744073709551616\r\n\r\nshort").into(),
        format!("{ok}Content-Length: -5\r\n\r\nshort").into(),
        format!("{ok}Content-Length: 5\r\nContent-Length: 500\r\n\r\nshort").into(),
        format!("{ok}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nshort").into(),
        format!("{ok}Transfer-Encoding: chunked\r\n\r\nzz\r\nshort\r\n0\r\n\r\n").into(),
        format!("{ok}X: {}\r\n\r\n", "a".repeat(1 << 20)).into(),
        format!("{ok}{}\r\n", "X: a\r\n".repeat(100_000)).into(),
        b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 7-9/10\r\nContent-Length: 3\r\n\r\nend".into(),
        b"HTTP/1.1 206 Partial\r\nContent-Range: bytes x-y/z\r\nContent-Length: 3\r\n\r\nend".into(),
        b"HTTP/1.1 416 No\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n".into(),
        b"HTTP/1.1 302 Go\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n".into(),
        b"HTTP/1.1 302 Go\r\nLocation: \xff\xfe\r\nContent-Length: 0\r\n\r\n".into(),
        b"HTTP/1.1 429 No\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n".into(),
        b"HTTP/1.1 404 No\r\nX-Error-Message: \x1b[31mred\r\nContent-Length: 0\r\n\r\n".into(),
    ];
    for (i, answer) in answers.into_iter().enumerate() {
        let hub = Server::start(move |_, _| Reply::raw(answer.clone()));
        let toy = Toy::new(&hub.url, ONE_FILE);
        let error = toy.error();
        assert!(error.contains(ONE_PATH), "answer {i}: {error}");
        assert!(!error.contains('\x1b'), "answer {i}: {error:?}");
        assert!(!toy.path("data/train.bin").exists(), "answer {i}");
    }
}
