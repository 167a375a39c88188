//! One request and its answer: redirects, the token, and the choice of failures that are worth another attempt.

pub(crate) mod download;
pub(crate) mod retry;

use std::{env, fs, io, path::Path, time::Duration};

use ureq::{
    Agent, Body, Proxy,
    http::{HeaderMap, HeaderValue},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};
use url::Url;

use crate::{
    FetchError,
    hub::{Endpoint, Token, shown},
};

const MOST_REDIRECTS: usize = 10;
/// A connection without data for this long counts as cut.
const SILENCE: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(30);

/// Makes requests, to the hub and elsewhere.
pub(crate) struct Client {
    /// Uses the proxy of the environment, if there is one.
    agent: Agent,
    /// Uses no proxy, for a hub on this machine.
    direct: Agent,
    endpoint: Endpoint,
    token: Option<Token>,
}

/// An answer of 200, 206 or 416.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Body,
    headers: HeaderMap,
    /// Headers of the hub's own answer before the redirect to the bytes.
    hub: HeaderMap,
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A failure that another attempt may not have.
    Passing {
        /// The reason.
        reason: String,
        /// The pause that the server requests.
        after: Option<Duration>,
    },
    /// A failure that every attempt would have.
    Final(FetchError),
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::Final(error)
    }
}

impl Failure {
    pub(crate) fn passing(reason: impl Into<String>) -> Self {
        Self::Passing { reason: reason.into(), after: None }
    }
}

impl Client {
    pub(crate) fn new(endpoint: Endpoint, token: Option<Token>) -> Result<Self, FetchError> {
        Self::with_proxy(endpoint, token, Proxy::try_from_env())
    }

    fn with_proxy(endpoint: Endpoint, token: Option<Token>, proxy: Option<Proxy>) -> Result<Self, FetchError> {
        let tls = match env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
            Some(path) => TlsConfig::builder().root_certs(roots(Path::new(&path))?).build(),
            None => TlsConfig::default(),
        };
        let agent = |proxy| Self::agent(proxy, tls.clone());
        Ok(Self { agent: agent(proxy), direct: agent(None), endpoint, token })
    }

    fn agent(proxy: Option<Proxy>, tls: TlsConfig) -> Agent {
        Agent::config_builder()
            // Redirects are followed here, because the token must not go to their targets and the hub's own headers are
            // needed.
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .user_agent(concat!("align-fetch/", env!("CARGO_PKG_VERSION")))
            // The bytes that are counted and summed must be the bytes of the file.
            .accept_encoding("identity")
            .proxy(proxy)
            .tls_config(tls)
            .build()
            .into()
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Requests an address and follows its redirects.
    pub(crate) fn get(&self, start: &Url, headers: &[(&str, String)]) -> Result<Answer, Failure> {
        // A user who names an http hub allows http for it and for its redirects; no other address is requested without
        // encryption.
        let plain = self.endpoint.is_plain() && self.endpoint.covers(start);
        let mut url = start.clone();
        let mut hub = HeaderMap::new();
        for _ in 0..=MOST_REDIRECTS {
            match url.scheme() {
                "https" => {}
                "http" if plain => {}
                _ => return Err(FetchError::Insecure { url: shown(&url) }.into()),
            }
            let (parts, body) = self.once(&url, headers)?.into_parts();
            let status = parts.status.as_u16();
            if self.endpoint.covers(&url) {
                for (name, value) in &parts.headers {
                    hub.entry(name).or_insert_with(|| value.clone());
                }
            }
            match status {
                200 | 206 | 416 => return Ok(Answer { status, body, headers: parts.headers, hub }),
                301 | 302 | 303 | 307 | 308 => url = led_to(&url, &parts.headers)?,
                408 | 429 | 500.. => {
                    let reason = format!("the server answers {status}{}", bracketed(&said(&parts.headers)));
                    return Err(Failure::Passing { reason, after: retry_after(&parts.headers) });
                }
                _ => return Err(self.refused(&url, status, &parts.headers).into()),
            }
        }
        let reason = format!("more than {MOST_REDIRECTS} redirects; check HF_ENDPOINT, or a proxy on the way");
        Err(FetchError::Answer { url: shown(start), reason }.into())
    }

    fn once(&self, url: &Url, headers: &[(&str, String)]) -> Result<ureq::http::Response<Body>, Failure> {
        // Addresses on this machine need no proxy; all others use it.
        let past_it = self.endpoint.is_local() && self.endpoint.covers(url);
        let mut request = if past_it { &self.direct } else { &self.agent }.get(url.as_str());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        if let Some(token) = self.token.as_ref().filter(|_| self.endpoint.covers(url)) {
            let mut value = HeaderValue::from_str(&token.header()).map_err(|_| FetchError::Token)?;
            value.set_sensitive(true);
            request = request.header("Authorization", value);
        }
        request.call().map_err(|error| failure(url, error))
    }

    fn refused(&self, url: &Url, status: u16, headers: &HeaderMap) -> FetchError {
        let on_hub = self.endpoint.covers(url);
        let advice = match (status, on_hub, self.token.is_some()) {
            (401, true, false) => format!(
                "the repository is gated, private or misspelt: accept its terms on its page, make a token that may \
                 read at {}/settings/tokens, and set HF_TOKEN to it",
                self.endpoint
            ),
            (401, true, true) => format!(
                "HF_TOKEN is not accepted: look at {}/settings/tokens whether it is still valid and may read this",
                self.endpoint
            ),
            (403, true, _) => "access is not granted: accept the terms on the repository's page, with the account \
                               that HF_TOKEN belongs to, and run the command again"
                .to_owned(),
            (404, true, _) => "no such repository, revision or file: check them in the source file; where the \
                               revision was recorded at the first fetch and is gone, delete fetched.json and the \
                               files beside it to take what there is now"
                .to_owned(),
            (404 | 410, false, _) => {
                "the file has moved: look for it at its source and change the address in the source file".to_owned()
            }
            (401 | 403, false, _) => {
                "the server does not give it to everyone: fetch it with a browser, as its source says".to_owned()
            }
            _ => "look at the address with a browser; the server or a proxy on the way objects".to_owned(),
        };
        FetchError::Refused { url: shown(url), status, said: said(headers), advice }
    }
}

impl Answer {
    /// The commit to which the hub resolved the revision.
    pub(crate) fn commit(&self) -> Option<String> {
        let commit = text(&self.hub, "x-repo-commit")?;
        (commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit())).then_some(commit)
    }

    /// The hub's mark of the content; for large files it is the SHA-256.
    pub(crate) fn linked(&self) -> Option<String> {
        let etag = text(&self.hub, "x-linked-etag")?;
        Some(etag.trim_start_matches("W/").trim_matches('"').to_owned())
    }

    /// The mark of the content from the server that has the bytes.
    pub(crate) fn etag(&self) -> Option<String> {
        text(&self.headers, "etag")
    }

    /// Size of the whole file, if the server states it.
    pub(crate) fn size(&self) -> Option<u64> {
        let number = |text: String| text.trim().parse().ok();
        match self.status {
            206 => self.range().and_then(|(_, size)| size),
            _ => text(&self.headers, "content-length").and_then(number),
        }
    }

    /// First byte of a part, and the whole's size, from `Content-Range: bytes 5-9/10`.
    pub(crate) fn range(&self) -> Option<(u64, Option<u64>)> {
        let range = text(&self.headers, "content-range")?;
        let (span, size) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
        let start = span.split_once('-')?.0.trim().parse().ok()?;
        Some((start, size.trim().parse().ok()))
    }
}

/// Target of a redirect.
fn led_to(from: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
    let wrong = |reason: &str| FetchError::Answer { url: shown(from), reason: reason.to_owned() };
    let Some(location) = text(headers, "location") else {
        return Err(wrong("a redirect that does not say where to; check HF_ENDPOINT").into());
    };
    from.join(&location).map_err(|_| wrong("a redirect to something that is no address; check HF_ENDPOINT").into())
}

fn failure(url: &Url, error: ureq::Error) -> Failure {
    let answer = |reason: String| -> Failure { FetchError::Answer { url: shown(url), reason }.into() };
    match error {
        // rustls reports a refused certificate as invalid data
        ureq::Error::Io(e) if e.kind() == io::ErrorKind::InvalidData => answer(format!(
            "no secure connection: {e}; behind a proxy that inspects, set SSL_CERT_FILE to its certificates"
        )),
        ureq::Error::Io(e) => Failure::passing(e.to_string()),
        ureq::Error::Timeout(what) => Failure::passing(format!("no answer in time ({what})")),
        ureq::Error::HostNotFound => Failure::passing("the host's name is not known; is there a network?"),
        ureq::Error::ConnectionFailed => Failure::passing("no connection"),
        ureq::Error::ConnectProxyFailed(reason) => Failure::passing(format!("no connection by the proxy: {reason}")),
        ureq::Error::Protocol(e) => Failure::passing(format!("the answer is not HTTP: {e}")),
        other => answer(other.to_string()),
    }
}

/// The requested pause in seconds, as rate-limiting servers send it. A date is ignored.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    text(headers, "retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

/// The hub's own words on a failure, cut short and without control characters.
fn said(headers: &HeaderMap) -> String {
    let words = ["x-error-code", "x-error-message"].into_iter().filter_map(|name| text(headers, name));
    words.collect::<Vec<_>>().join(": ").chars().filter(|c| !c.is_control()).take(200).collect()
}

fn bracketed(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" ({said})") }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn roots(path: &Path) -> Result<RootCerts, FetchError> {
    let wrong = |reason: String| FetchError::Certificates { path: path.to_owned(), reason };
    let pem = fs::read(path).map_err(|e| wrong(e.to_string()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|e| wrong(e.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    Ok(RootCerts::from(certificates))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Write},
        net::TcpListener,
        thread,
    };

    use super::*;

    /// A server that gives every request this answer, and the address and first lines of what it was asked.
    fn server(answer: &'static str, requests: usize) -> (String, thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = thread::spawn(move || {
            let answered = |_| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let first = lines.next().unwrap_or_default();
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                stream.write_all(answer.as_bytes()).unwrap();
                first
            };
            (0..requests).map(answered).collect()
        });
        (address, seen)
    }

    #[test]
    fn a_hub_on_this_machine_is_asked_past_the_proxy_and_nobody_else_is() {
        let (proxy, by_proxy) = server("HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 1);
        let redirect = "HTTP/1.1 302 There\r\nLocation: http://elsewhere.invalid/file\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let (hub, by_hub) = server(redirect, 1);
        let endpoint = Endpoint::parse(&format!("http://{hub}")).unwrap();
        let proxy = Proxy::new(&format!("http://{proxy}")).unwrap();
        let client = Client::with_proxy(endpoint, None, Some(proxy)).unwrap();
        let answer = client.get(&Url::parse(&format!("http://{hub}/start")).unwrap(), &[]);
        assert!(answer.is_err(), "the proxy lets nobody through");
        assert_eq!(by_hub.join().unwrap(), ["GET /start HTTP/1.1"]);
        let asked = by_proxy.join().unwrap();
        assert!(asked[0].contains("elsewhere.invalid"), "{asked:?}");
    }
}
