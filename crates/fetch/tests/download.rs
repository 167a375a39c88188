//! Downloads against a hub on loopback: whole, cut, changed, refused.

#![allow(clippy::unwrap_used)]

mod common;

use std::{fs, sync::Arc, time::Duration};

use common::{COMMIT, ONE_FILE, ONE_PATH, Reply, Server, TOKEN, Toy, noise, sum};

const SIZE: usize = 300_000;

#[test]
fn a_file_comes_whole_and_is_recorded() {
    let bytes = noise(1, SIZE);
    let served = bytes.clone();
    let hub = Server::start(move |request, _| Reply::file(request, &served, "\"one\"").with("X-Repo-Commit", COMMIT));
    let toy = Toy::new(&hub.url, ONE_FILE);
    let report = toy.fetch().unwrap();
    assert_eq!(fs::read(toy.path("data/train.bin")).unwrap(), bytes);
    let file = &report.files[0];
    assert_eq!((file.sha256.as_str(), file.size, file.new), (sum(&bytes).as_str(), SIZE as u64, true));
    assert_eq!(file.revision.as_deref(), Some(COMMIT));
    assert_eq!(toy.files("data"), ["train.bin"], "nothing is left of the way there");
    assert_eq!(hub.seen().iter().map(|r| r.path.as_str()).collect::<Vec<_>>(), [ONE_PATH]);
    assert_eq!(hub.seen()[0].header("accept-encoding"), Some("identity"));

    let record: serde_json::Value = serde_json::from_slice(&fs::read(toy.path("fetched.json")).unwrap()).unwrap();
    let record = &record["files"]["data/train.bin"];
    assert_eq!(record["url"], format!("{}{ONE_PATH}", hub.url));
    assert_eq!(record["revision"], COMMIT);
    assert_eq!(record["sha256"], sum(&bytes));
    assert_eq!(record["size"], SIZE);
}

#[test]
fn the_licence_is_said_before_the_first_byte() {
    let hub = Server::start(|_, _| Reply::status(404));
    let toy = Toy::new(&hub.url, ONE_FILE);
    toy.error();
    let said = toy.said();
    assert!(said[0].contains("CC0-1.0 (https://example.org/cc0); may be passed on"), "{said:?}");
    assert!(said[0].contains("Made for a test."));
}

#[test]
fn a_cut_download_goes_on_and_ends_with_the_same_sum() {
    let bytes = noise(2, SIZE);
    let served = bytes.clone();
    let hub = Server::start(move |request, before| {
        let reply = Reply::file(request, &served, "\"one\"");
        match before {
            0 => reply.cut_after(100_000),
            1 => reply.cut_after(50_000),
            _ => reply,
        }
    });
    let toy = Toy::new(&hub.url, ONE_FILE);
    let report = toy.fetch().unwrap();
    assert_eq!(report.files[0].sha256, sum(&bytes));
    assert_eq!(fs::read(toy.path("data/train.bin")).unwrap(), bytes);
    let seen = hub.seen();
    let ranges: Vec<_> = seen.iter().map(|r| (r.header("range"), r.header("if-range"))).collect();
    assert_eq!(
        ranges,
        [(None, None), (Some("bytes=100000-"), Some("\"one\"")), (Some("bytes=150000-"), Some("\"one\""))]
    );
    assert!(toy.said()[1].contains("data/train.bin: cut after 100000 of 300000 bytes"), "{:?}", toy.said());
    let progress = toy.progress();
    let at = |done: usize| format!("At {{ label: \"data/train.bin\", done: {done}, size: Some({SIZE}) }}");
    assert_eq!(progress.first(), Some(&at(0)));
    assert!(progress.contains(&at(100_000)) && progress.contains(&at(150_000)), "{progress:?}");
    assert_eq!(progress[progress.len() - 2..], [at(SIZE), "Ended { label: \"data/train.bin\" }".to_owned()]);
}

#[test]
fn a_killed_command_goes_on_where_it_was() {
    let bytes = noise(3, SIZE);
    let served = bytes.clone();
    let hub = Server::start(move |request, before| {
        let reply = Reply::file(request, &served, "\"one\"");
        if before == 0 { reply.cut_after(200_000) } else { reply }
    });
    let mut toy = Toy::new(&hub.url, ONE_FILE);
    toy.options.retry.attempts = 1;
    let error = toy.error();
    assert!(error.contains("gave up after 1 attempt") && error.contains("continues from there"), "{error}");
    assert_eq!(toy.files("data"), ["train.bin.part", "train.bin.part.json"]);
    assert_eq!(toy.fetch().unwrap().files[0].sha256, sum(&bytes));
    assert_eq!(hub.seen()[1].header("range"), Some("bytes=200000-"));
    assert_eq!(toy.files("data"), ["train.bin"]);
}

#[test]
fn a_command_killed_before_the_last_step_asks_for_nothing() {
    let bytes = noise(4, SIZE);
    let served = bytes.clone();
    let hub = Server::start(move |request, _| Reply::file(request, &served, "\"one\""));
    let toy = Toy::new(&hub.url, ONE_FILE);
    toy.fetch().unwrap();
    // as if killed between the record and the rename
    fs::rename(toy.path("data/train.bin"), toy.path("data/train.bin.part")).unwrap();
    let state = format!(
        "{{\"url\":\"{}{ONE_PATH}\",\"etag\":\"\\\"one\\\"\",\"linked\":null,\"size\":{SIZE},\"commit\":null}}",
        hub.url
    );
    fs::write(toy.path("data/train.bin.part.json"), state).unwrap();
    assert_eq!(toy.fetch().unwrap().files[0].sha256, sum(&bytes));
    assert_eq!(hub.seen().len(), 1);
    assert_eq!(toy.files("data"), ["train.bin"]);
}

/// The file changes while it is cut; `careful` servers see that, others send the rest of the new one.
fn changed_between(careful: bool) {
    let (old, new) = (noise(5, SIZE), noise(6, SIZE));
    let expected = new.clone();
    let hub = Server::start(move |request, before| match (before, request.header("range")) {
        (0, _) => Reply::file(request, &old, "\"old\"").cut_after(100_000),
        (_, Some(range)) if !careful => Reply::part(range, &new, "\"new\""),
        _ => Reply::file(request, &new, "\"new\""),
    });
    let toy = Toy::new(&hub.url, ONE_FILE);
    let report = toy.fetch().unwrap();
    assert_eq!(report.files[0].sha256, sum(&expected), "no byte of the old file is in it");
    assert_eq!(hub.seen().len(), if careful { 2 } else { 3 });
}

#[test]
fn a_file_that_changed_starts_anew() {
    changed_between(true);
}

#[test]
fn a_file_that_changed_starts_anew_also_where_the_server_does_not_look() {
    changed_between(false);
}

#[test]
fn a_part_longer_than_the_file_starts_anew() {
    let bytes = noise(7, 1000);
    let served = bytes.clone();
    let hub = Server::start(move |request, _| Reply::file(request, &served, "\"one\""));
    let toy = Toy::new(&hub.url, ONE_FILE);
    fs::create_dir_all(toy.path("data")).unwrap();
    fs::write(toy.path("data/train.bin.part"), noise(8, 2000)).unwrap();
    let state = format!(
        "{{\"url\":\"{}{ONE_PATH}\",\"etag\":\"\\\"one\\\"\",\"linked\":null,\"size\":null,\"commit\":null}}",
        hub.url
    );
    fs::write(toy.path("data/train.bin.part.json"), state).unwrap();
    assert_eq!(toy.fetch().unwrap().files[0].sha256, sum(&bytes));
}

#[test]
fn too_many_requests_are_waited_out() {
    let hub = Server::start(|request, before| match before {
        0 => Reply::status(429).with("Retry-After", "37"),
        _ => Reply::file(request, b"here it is", "\"one\""),
    });
    let toy = Toy::new(&hub.url, ONE_FILE);
    toy.fetch().unwrap();
    let waited = toy.waited();
    assert_eq!(waited.len(), 1);
    assert!((37.0..38.0).contains(&waited[0].as_secs_f64()), "{waited:?}");
}

#[test]
fn a_server_that_asks_for_an_hour_ends_the_command() {
    let hub = Server::start(|_, _| Reply::status(429).with("Retry-After", "3600"));
    let toy = Toy::new(&hub.url, ONE_FILE);
    let error = toy.error();
    assert!(error.contains("429") && error.contains("asks to wait for 3600 s"), "{error}");
    assert!(toy.waited().is_empty());
}

#[test]
fn a_server_that_fails_thrice_is_asked_a_fourth_time() {
    let hub = Server::start(|request, before| match before {
        0..3 => Reply::status(500),
        _ => Reply::file(request, b"here it is", "\"one\""),
    });
    let toy = Toy::new(&hub.url, ONE_FILE);
    toy.fetch().unwrap();
    let waited: Vec<f64> = toy.waited().iter().map(Duration::as_secs_f64).collect();
    assert_eq!(waited.len(), 3);
    for (pause, longest) in waited.iter().zip([1.0, 2.0, 4.0]) {
        assert!((longest / 2.0..=longest).contains(pause), "{waited:?}");
    }
}

#[test]
fn a_server_that_always_fails_is_given_up() {
    let hub = Server::start(|_, _| Reply::status(503));
    let toy = Toy::new(&hub.url, ONE_FILE);
    let error = toy.error();
    assert!(error.contains("gave up after 4 attempts") && error.contains("503"), "{error}");
    assert_eq!(hub.seen().len(), 4);
    assert!(toy.files("data").is_empty());
}

#[test]
fn nobody_there() {
    let hub = Server::start(|_, _| Reply::status(500));
    let url = hub.url.clone();
    drop(hub);
    let toy = Toy::new(&url, ONE_FILE);
    assert!(toy.error().contains("gave up after 4 attempts"));
}

#[test]
fn refusals_say_what_to_do() {
    for (status, parts) in [
        (404, ["no such repository, revision or file", "EntryNotFound: No such entry"]),
        (401, ["HF_TOKEN is not accepted", "/settings/tokens"]),
        (403, ["accept the terms on the repository's page", "403"]),
    ] {
        let hub = Server::start(move |_, _| {
            Reply::status(status).with("X-Error-Code", "EntryNotFound").with("X-Error-Message", "No such entry")
        });
        let toy = Toy::new(&hub.url, ONE_FILE);
        let error = toy.error();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        assert!(error.starts_with(&format!("{}{ONE_PATH}: the server answers {status}", hub.url)), "{error}");
        assert!(!error.contains(TOKEN));
        assert_eq!(hub.seen().len(), 1, "a refusal is final");
    }
    let hub = Server::start(|_, _| Reply::status(401));
    let mut toy = Toy::new(&hub.url, ONE_FILE);
    toy.options.token = None;
    assert!(toy.error().contains("set HF_TOKEN"));
}

#[test]
fn the_token_goes_to_the_hub_and_nowhere_else() {
    let bytes = noise(9, 5000);
    let served = bytes.clone();
    let elsewhere = Arc::new(Server::start(move |request, _| Reply::file(request, &served, "\"at the other\"")));
    let to = format!("{}/signed?X-Signature=alsosecret", elsewhere.url);
    let sha256 = sum(&bytes);
    let hub = Server::start(move |request, _| match request.path.as_str() {
        // renamed repositories are led to from the hub to the hub
        ONE_PATH => Reply::status(307).with("Location", "/datasets/org/renamed"),
        _ => Reply::redirect(&to).with("X-Repo-Commit", COMMIT).with("X-Linked-Etag", &format!("\"{sha256}\"")),
    });
    let toy = Toy::new(&hub.url, ONE_FILE);
    let report = toy.fetch().unwrap();
    assert_eq!(report.files[0].revision.as_deref(), Some(COMMIT), "the hub says it, not the other");
    let bearer = format!("Bearer {TOKEN}");
    let sent: Vec<_> = hub.seen().iter().map(|r| r.header("authorization").map(str::to_owned)).collect();
    assert_eq!(sent, [Some(bearer.clone()), Some(bearer)]);
    let other = elsewhere.seen();
    assert_eq!(other.len(), 1);
    assert_eq!(other[0].header("authorization"), None);
    assert!(other[0].path.contains("X-Signature"));

    // and neither secret is kept or said
    let record = fs::read_to_string(toy.path("fetched.json")).unwrap();
    let text = format!("{record}{report}{report:?}{:?}{:?}", toy.said(), toy.options);
    assert!(!text.contains(TOKEN) && !text.contains("alsosecret"), "{text}");
}

#[test]
fn an_address_that_is_not_the_hubs_gets_no_token_and_no_plain_http() {
    let other = Server::start(|request, _| Reply::file(request, b"here it is", "\"one\""));
    let web = format!("\nsources:\n  - {{url: \"{}/file.bin\", file: file.bin, sha256: null}}\n", other.url);
    let toy = Toy::new("https://huggingface.co", &web);
    let error = toy.error();
    assert!(error.contains("not https") && error.contains("HF_ENDPOINT"), "{error}");
    // an http hub does not make other addresses plain
    let hub = Server::start(|_, _| Reply::status(404));
    let toy = Toy::new(&hub.url, &web);
    assert!(toy.error().contains("not https"));
    assert!(other.seen().is_empty() && hub.seen().is_empty());
}

#[test]
fn redirects_end() {
    let hub = Server::start(|request, _| Reply::redirect(&request.path));
    let toy = Toy::new(&hub.url, ONE_FILE);
    assert!(toy.error().contains("more than 10 redirects"));
    let hub = Server::start(|_, _| Reply::status(302));
    let toy = Toy::new(&hub.url, ONE_FILE);
    assert!(toy.error().contains("does not say where to"));
    let hub = Server::start(|_, _| Reply::redirect("file:///etc/passwd"));
    let toy = Toy::new(&hub.url, ONE_FILE);
    assert!(toy.error().contains("not https"));
}

#[test]
fn a_wrong_sum_keeps_nothing() {
    let wanted = sum(b"not a list of files of the hub");
    let by_source = ONE_FILE.replace("sha256: null", &format!("sha256: {wanted}"));
    let hub = Server::start(|request, _| Reply::file(request, b"something else", "\"one\""));
    let toy = Toy::new(&hub.url, &by_source);
    let error = toy.error();
    for part in [sum(b"something else"), wanted.clone(), "the source file".into(), "nothing was kept".into()] {
        assert!(error.contains(&part), "{error}");
    }
    assert!(toy.files("data").is_empty(), "{:?}", toy.files("data"));
    assert!(!toy.path("fetched.json").exists());

    // the hub's own mark of a large file is its sum
    let mark = format!("\"{wanted}\"");
    let hub = Server::start(move |request, _| {
        Reply::file(request, b"something else", "\"one\"").with("X-Linked-Etag", &mark)
    });
    let toy = Toy::new(&hub.url, ONE_FILE);
    let error = toy.error();
    assert!(error.contains("as the hub says"), "{error}");
    assert!(toy.files("data").is_empty());
}
