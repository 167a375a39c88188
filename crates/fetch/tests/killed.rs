//! A process that is killed in the middle of a download, and the next one that goes on.
#![allow(clippy::unwrap_used)]

mod common;

use std::{
    env, fs,
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use common::{ONE_FILE, Reply, Server, Toy, noise, sum};
use fetch::{Endpoint, Options, Retry};

const SIZE: usize = 3_000_000;
const CUT: u64 = 2_000_000;

#[test]
fn a_killed_process_goes_on_and_ends_with_the_same_sum() {
    let bytes = noise(11, SIZE);
    let served = bytes.clone();
    let hub = Server::start(move |request, before| {
        let reply = Reply::file(request, &served, "\"one\"");
        if before == 0 { reply.stall_after(CUT as usize) } else { reply }
    });
    let toy = Toy::new(&hub.url, ONE_FILE);
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed", "--ignored", "--nocapture"])
        .env("FETCH_TEST_HUB", &hub.url)
        .env("FETCH_TEST_FOLDER", toy.outside())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let part = toy.path("data/train.bin.part");
    let start = Instant::now();
    while fs::metadata(&part).map_or(0, |data| data.len()) < CUT {
        assert!(start.elapsed() < Duration::from_secs(30), "the child does not download");
        thread::sleep(Duration::from_millis(10));
    }
    assert!(toy.error().contains("another process is fetching"), "while it lives, the folder is its own");
    child.kill().unwrap();
    child.wait().unwrap();

    let report = toy.fetch().unwrap();
    assert_eq!(report.files[0].sha256, sum(&bytes));
    assert_eq!(fs::read(toy.path("data/train.bin")).unwrap(), bytes);
    let seen = hub.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].header("range"), Some(format!("bytes={CUT}-").as_str()));
    assert_eq!(toy.files("data"), ["train.bin"]);
}

#[test]
#[ignore = "started by the test above, in a process of its own"]
fn the_process_that_is_killed() {
    let (Ok(hub), Ok(folder)) = (env::var("FETCH_TEST_HUB"), env::var("FETCH_TEST_FOLDER")) else { return };
    let folder = std::path::PathBuf::from(folder);
    let options = Options {
        sources: folder.join("sources"),
        cache: folder.join("cache"),
        hub_cache: None,
        endpoint: Endpoint::parse(&hub).unwrap(),
        token: None,
        retry: Retry::default(),
        offline: false,
        say: Arc::new(|_| ()),
        progress: Arc::new(|_| ()),
    };
    fetch::fetch("toy", &options).unwrap();
}
