//! The hub: its address, its token, and the addresses of its files.

pub(crate) mod listing;
pub(crate) mod repository;

use std::{env, fmt};

use url::{Origin, Url};

use crate::{FetchError, hub::repository::Hub};

/// The default hub.
const DEFAULT: &str = "https://huggingface.co";

/// The hub's address.
#[derive(Clone, Debug)]
pub struct Endpoint(Url);

impl Endpoint {
    /// An address from a text such as `https://huggingface.co`; a mirror may have a path.
    ///
    /// # Errors
    /// A text that is not an http or https address with a host, or that has a user, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, FetchError> {
        let wrong = |reason: &str| FetchError::Endpoint { value: without_user(text), reason: reason.to_owned() };
        let url = Url::parse(text.trim()).map_err(|e| wrong(&e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("its scheme is neither https nor http"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("it has no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it has a user; put the token into HF_TOKEN"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a query or a fragment"));
        }
        Ok(Self(url))
    }

    /// The address in `HF_ENDPOINT`, else the public hub.
    ///
    /// # Errors
    /// The errors of [`Endpoint::parse`].
    pub fn from_env() -> Result<Self, FetchError> {
        let named = env::var("HF_ENDPOINT").ok().filter(|value| !value.trim().is_empty());
        Self::parse(named.as_deref().unwrap_or(DEFAULT))
    }

    /// Address of a file of a repository.
    pub(crate) fn file(&self, hub: &Hub, revision: &str, path: &str) -> Url {
        let middle = hub.kind.prefix().into_iter().chain(hub.repository.split('/')).chain(["resolve", revision]);
        self.join(middle.chain(path.split('/')))
    }

    /// Address of the list of a repository's folder; with `deep` the folders below are included.
    pub(crate) fn listing(&self, hub: &Hub, revision: &str, folder: &str, deep: bool) -> Url {
        let middle = ["api", hub.kind.plural()].into_iter().chain(hub.repository.split('/')).chain(["tree", revision]);
        let mut url = self.join(middle.chain(folder.split('/').filter(|part| !part.is_empty())));
        if deep {
            url.set_query(Some("recursive=true"));
        }
        url
    }

    /// Web page of the repository.
    pub(crate) fn page(&self, hub: &Hub) -> Url {
        self.join(hub.kind.prefix().into_iter().chain(hub.repository.split('/')))
    }

    /// Each part is one segment, so the slashes of a branch such as `refs/convert/parquet` are escaped.
    fn join<'a>(&self, parts: impl Iterator<Item = &'a str>) -> Url {
        let mut url = self.0.clone();
        // This cannot fail: an http address has a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }

    /// Whether an address is on the hub: same scheme, host and port.
    pub(crate) fn covers(&self, url: &Url) -> bool {
        self.origin() == url.origin()
    }

    /// Whether the hub was named with http, which allows requests without encryption.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Whether the hub is on this machine, where no proxy is used.
    pub(crate) fn is_local(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    fn origin(&self) -> Origin {
        self.0.origin()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// A secret that opens private or gated repositories. It goes into one header and nowhere else.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A token from its text.
    ///
    /// # Errors
    /// Characters that no token has.
    pub fn parse(text: &str) -> Result<Self, FetchError> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(FetchError::Token);
        }
        Ok(Self(text.to_owned()))
    }

    /// The token in `HF_TOKEN`, if it is set.
    ///
    /// # Errors
    /// The errors of [`Token::parse`].
    pub fn from_env() -> Result<Option<Self>, FetchError> {
        match env::var("HF_TOKEN") {
            Ok(text) if !text.trim().is_empty() => Self::parse(&text).map(Some),
            _ => Ok(None),
        }
    }

    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(not shown)")
    }
}

/// An address for messages, without query and user, which may contain a secret.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Neither call can fail on an http address.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

fn without_user(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(start), Some(at)) if at > start => format!("{}...{}", &text[..start + 3], &text[at..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::repository::Kind;

    fn hub(kind: Kind) -> Hub {
        Hub { kind, repository: "org/name".into(), branch: "refs/convert/parquet".into(), revision: None }
    }

    #[test]
    fn addresses_follow_the_hubs_protocol() {
        let endpoint = Endpoint::parse("https://huggingface.co").unwrap();
        assert_eq!(
            endpoint.file(&hub(Kind::Dataset), "refs/convert/parquet", "en-US/train/0 0#.parquet").as_str(),
            "https://huggingface.co/datasets/org/name/resolve/refs%2Fconvert%2Fparquet/en-US/train/0%200%23.parquet"
        );
        assert_eq!(
            endpoint.file(&hub(Kind::Model), "main", "config.json").as_str(),
            "https://huggingface.co/org/name/resolve/main/config.json"
        );
        let mirror = Endpoint::parse("https://mirror.example/hf/").unwrap();
        assert_eq!(
            mirror.listing(&hub(Kind::Dataset), "main", "plain_text", false).as_str(),
            "https://mirror.example/hf/api/datasets/org/name/tree/main/plain_text"
        );
        assert_eq!(mirror.to_string(), "https://mirror.example/hf");
    }

    #[test]
    fn the_token_belongs_to_one_origin() {
        let endpoint = Endpoint::parse("https://huggingface.co").unwrap();
        let covers = |url: &str| endpoint.covers(&Url::parse(url).unwrap());
        assert!(covers("https://huggingface.co/org/name"));
        assert!(covers("https://HuggingFace.co:443/x"));
        for other in [
            "http://huggingface.co/x",
            "https://huggingface.co:444/x",
            "https://cdn.huggingface.co/x",
            "https://huggingface.co@evil.example/x",
            "https://huggingface.co.evil.example/x",
        ] {
            assert!(!covers(other), "{other}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(format!("{:?}", Token::parse(" hf_secret\n").unwrap()), "Token(not shown)");
        assert!(!Token::parse("hf secret").unwrap_err().to_string().contains("secret"));
        let signed = Url::parse("https://user:pw@cdn.example/file?X-Amz-Signature=abc#x").unwrap();
        assert_eq!(shown(&signed), "https://cdn.example/file");
        let error = Endpoint::parse("https://user:secret@hub.example").unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn an_endpoint_is_an_address() {
        for (text, part) in [
            ("huggingface.co", "relative URL"),
            ("ftp://huggingface.co", "neither https nor http"),
            ("https://huggingface.co?x=1", "query"),
        ] {
            let error = Endpoint::parse(text).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("HF_ENDPOINT"), "{error}");
        }
    }
}
