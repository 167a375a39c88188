//! Patterns of names and lines, such as `{person}_c{camera}s{rest}.jpg`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Text with names in braces. Each name stands for the shortest text before the next fixed part; a name at the end
/// stands for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern {
    text: String,
    /// The fixed text before each name, and the name.
    names: Vec<(String, String)>,
    /// The fixed text at the end.
    end: String,
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |problem: &str| format!("found `{text}`, {problem}, such as `{{id}}#{{number}}.txt`");
        let (mut names, mut rest) = (Vec::<(String, String)>::new(), text.as_str());
        while let Some((fixed, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err(wrong("expected a `}` for every `{`"));
            };
            let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !plain || names.iter().any(|(_, other)| other == name) {
                return Err(wrong("expected different names of letters and digits in braces"));
            }
            if fixed.is_empty() && !names.is_empty() {
                return Err(wrong("expected some text between two names"));
            }
            names.push((fixed.to_owned(), name.to_owned()));
            rest = after;
        }
        let end = rest.to_owned();
        if names.is_empty() {
            return Err(wrong("expected at least one name in braces"));
        }
        Ok(Self { names, end, text })
    }
}

impl Pattern {
    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names in braces.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(_, name)| name.as_str())
    }

    /// The text that each name stands for; `None` if the text has another form.
    pub fn read(&self, text: &str) -> Option<BTreeMap<String, String>> {
        let mut rest = text.strip_prefix(self.names.first()?.0.as_str())?;
        let mut fields = BTreeMap::new();
        for (at, (_, name)) in self.names.iter().enumerate() {
            let (value, after) = match self.names.get(at + 1) {
                Some((next, _)) => rest.split_once(next.as_str())?,
                None => (rest.strip_suffix(self.end.as_str())?, ""),
            };
            if value.is_empty() {
                return None;
            }
            fields.insert(name.clone(), value.to_owned());
            rest = after;
        }
        Some(fields)
    }

    /// The text with these values; `None` if one is missing.
    pub fn fill(&self, fields: &BTreeMap<String, String>) -> Option<String> {
        let mut text = String::new();
        for (fixed, name) in &self.names {
            text += fixed;
            text += fields.get(name)?;
        }
        Some(text + &self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::try_from(text.to_owned()).expect("a pattern")
    }

    #[test]
    fn names_of_pictures_and_lines_of_captions_are_read() {
        let name = pattern("{person}_c{camera}s{sequence}_{frame}_{number}.jpg");
        let read = name.read("-1_c3s1_000451_03.jpg").expect("of this form");
        assert_eq!((read["person"].as_str(), read["camera"].as_str(), read["frame"].as_str()), ("-1", "3", "000451"));
        assert_eq!(name.fill(&read).as_deref(), Some("-1_c3s1_000451_03.jpg"));
        for wrong in ["0002_c1s1_000451_03.png", "0002c1s1_000451_03.jpg", "_c1s1_1_1.jpg", ""] {
            assert_eq!(name.read(wrong), None, "{wrong}");
        }
        let line = pattern("{id}#{number}\t{text}");
        let read = line.read("a_1.jpg#0\tA dog # one .").expect("of this form");
        assert_eq!((read["id"].as_str(), read["text"].as_str()), ("a_1.jpg", "A dog # one ."));
        assert_eq!(pattern("pictures/{id}").fill(&BTreeMap::new()), None);
    }

    #[test]
    fn what_cannot_be_read_back_is_no_pattern() {
        for wrong in ["plain", "{a", "{}", "{a}{b}", "{a}-{a}", "{a b}"] {
            assert!(Pattern::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
