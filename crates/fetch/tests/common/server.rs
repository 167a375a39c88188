//! A server on loopback that speaks as much HTTP as the tests need.
#![allow(dead_code, missing_docs, clippy::unwrap_used)] // each test binary uses a part

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub headers: BTreeMap<String, String>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Body bytes after which the connection is cut.
    cut: Option<usize>,
    /// Whether nothing more is sent at the cut, and the connection stays.
    stall: bool,
    /// Sent as it is in place of all the rest.
    raw: Option<Vec<u8>>,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), cut: None, stall: false, raw: None }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn redirect(to: &str) -> Self {
        Self::status(302).with("Location", to)
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    pub fn stall_after(mut self, bytes: usize) -> Self {
        self.stall = true;
        self.cut_after(bytes)
    }

    /// Whatever bytes, HTTP or not.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { raw: Some(bytes.into()), ..Self::status(200) }
    }

    /// A file as a careful server gives it: in part if asked, and only if it is still the same.
    pub fn file(request: &Request, bytes: &[u8], etag: &str) -> Self {
        let same = request.header("if-range").is_none_or(|mark| mark == etag);
        match request.header("range").filter(|_| same) {
            Some(range) => Self::part(range, bytes, etag),
            None => Self::status(200).with("ETag", etag).body(bytes),
        }
    }

    /// A part without a look at `If-Range`.
    pub fn part(range: &str, bytes: &[u8], etag: &str) -> Self {
        let start: usize = range.strip_prefix("bytes=").unwrap().trim_end_matches('-').parse().unwrap();
        if start >= bytes.len() {
            return Self::status(416).with("Content-Range", &format!("bytes */{}", bytes.len()));
        }
        let span = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
        Self::status(206).with("ETag", etag).with("Content-Range", &span).body(&bytes[start..])
    }

    fn send(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        if let Some(raw) = &self.raw {
            stream.write_all(raw)?;
            return stream.shutdown(Shutdown::Both);
        }
        let mut head = format!("HTTP/1.1 {} Said\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("Content-Length: {}\r\n\r\n", self.body.len());
        stream.write_all(head.as_bytes())?;
        stream.write_all(&self.body[..self.cut.unwrap_or(self.body.len()).min(self.body.len())])?;
        if self.stall {
            // until the client goes away
            stream.set_read_timeout(Some(Duration::from_secs(60)))?;
            let _ = stream.read(&mut [0]);
        }
        stream.shutdown(Shutdown::Both)
    }
}

type Handler = dyn Fn(&Request, usize) -> Reply + Send + Sync;

pub struct Server {
    pub url: String,
    address: std::net::SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Answers with what `handler` makes of each request and of how many came before it.
    pub fn start(handler: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (seen_too, stop_too) = (Arc::clone(&seen), Arc::clone(&stop));
        let handler: Arc<Handler> = Arc::new(handler);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop_too.load(Ordering::SeqCst) {
                    return;
                }
                let (mut stream, seen, handler) = (stream.unwrap(), Arc::clone(&seen_too), Arc::clone(&handler));
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    let before = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request.clone());
                        seen.len() - 1
                    };
                    // a client that has gone away is its own affair
                    let _ = handler(&request, before).send(&mut stream);
                });
            }
        });
        Self { url: format!("http://{address}"), address, seen, stop }
    }

    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    Some(Request { path, headers })
}
