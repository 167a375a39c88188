//! Runs that may be killed: one file per shard of items, joined at the end.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{EmbedError, Embeddings, input};

/// File in the folder of shards that describes their job.
const JOB: &str = "job.json";
/// Key of the metadata that describes the jobs of the result's tensors.
const METADATA: &str = "embed";
/// The tensor of a shard.
const ROWS: &str = "rows";

/// The job of each tensor of a result: everything that decides its numbers.
type Jobs = BTreeMap<String, BTreeMap<String, String>>;

/// Job of a run.
#[derive(Clone, Debug)]
pub struct Job {
    /// The file of the result; its other tensors are kept.
    pub out: PathBuf,
    /// The tensor of the result, `[items, width]`.
    pub tensor: String,
    /// Number of items.
    pub items: usize,
    /// Numbers per item.
    pub width: usize,
    /// Items per shard.
    pub shard: usize,
    /// Everything that decides the numbers. Shards of another job are not used.
    pub decides: BTreeMap<String, String>,
}

/// Result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// SHA-256 of the file of the result.
    pub sha256: String,
    /// Number of items that an earlier run had made.
    pub resumed: usize,
}

impl Job {
    /// Makes the missing shards, joins all shards to the result and removes them. `make` receives a range of items and
    /// must return the same rows for the same range; `before` receives the number of items that existed before.
    ///
    /// Every file is atomic, so a killed run leaves only complete shards, and the next run ends with the bytes of an
    /// undisturbed one.
    ///
    /// # Errors
    /// A result that is not named as a safetensors file; a tensor that another job made; shards of another job; errors
    /// of `make` and of the system.
    pub fn run(
        &self,
        before: &mut dyn FnMut(usize),
        make: &mut dyn FnMut(Range<usize>) -> Result<Embeddings, EmbedError>,
    ) -> Result<Outcome, EmbedError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if self.tensor.is_empty() || self.tensor.starts_with('.') || !self.tensor.chars().all(plain) {
            let problem = format!("found `{}`, expected letters, digits, `_`, `-` and `.`", self.tensor);
            return Err(EmbedError::Argument { argument: "--tensor", problem });
        }
        if self.out.extension().is_none_or(|extension| extension != "safetensors") {
            let problem = format!("found `{}`, expected a name that ends in .safetensors", self.out.display());
            return Err(EmbedError::Argument { argument: "--out", problem });
        }
        if self.shard == 0 {
            return Err(EmbedError::Argument { argument: "--shard", problem: "found 0, expected at least 1".into() });
        }
        let (earlier, jobs) = self.earlier()?;
        if let Some(job) = jobs.get(&self.tensor) {
            return match difference(job, &self.decides) {
                None => Ok(Outcome { sha256: input::sha256_file(&self.out)?, resumed: self.items }),
                Some(what) => Err(self.taken(&format!("of another run ({what})"))),
            };
        }
        if let Some(bytes) = &earlier
            && parse(&self.out, bytes)?.names().contains(&self.tensor.as_str())
        {
            return Err(self.taken("that another program made"));
        }
        let parts = self.parts()?;
        let ranges: Vec<Range<usize>> =
            (0..self.items).step_by(self.shard).map(|start| start..(start + self.shard).min(self.items)).collect();
        let there: Vec<bool> = ranges.iter().map(|range| self.shard_at(&parts, range).is_some()).collect();
        let resumed = ranges.iter().zip(&there).filter(|(_, there)| **there).map(|(range, _)| range.len()).sum();
        before(resumed);
        for (range, _) in ranges.iter().zip(&there).filter(|(_, there)| !**there) {
            let rows = make(range.clone())?;
            self.write_shard(&parts, range, &rows)?;
        }
        self.join(&parts, &ranges, earlier, jobs)?;
        // The result is on disk; shards that cannot be removed do no harm.
        let _ = fs::remove_dir_all(&parts);
        Ok(Outcome { sha256: input::sha256_file(&self.out)?, resumed })
    }

    fn taken(&self, whose: &str) -> EmbedError {
        let problem = format!("has a tensor `{}` {whose}", self.tensor);
        EmbedError::Occupied { path: self.out.clone(), problem }
    }

    /// The existing result and the jobs of its tensors.
    fn earlier(&self) -> Result<(Option<Vec<u8>>, Jobs), EmbedError> {
        let bytes = match fs::read(&self.out) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((None, BTreeMap::new())),
            Err(error) => return Err(EmbedError::read(&self.out, error)),
        };
        let (_, metadata) =
            SafeTensors::read_metadata(&bytes).map_err(|error| EmbedError::format(&self.out, "safetensors", error))?;
        let jobs = metadata.metadata().as_ref().and_then(|map| map.get(METADATA));
        let jobs = jobs.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Ok((Some(bytes), jobs))
    }

    /// The folder of shards, which now describes their job.
    fn parts(&self) -> Result<PathBuf, EmbedError> {
        let mut name = self.out.as_os_str().to_owned();
        name.push(format!(".{}.parts", self.tensor));
        let parts = PathBuf::from(name);
        let path = parts.join(JOB);
        match fs::read(&path) {
            Ok(bytes) => {
                let job: BTreeMap<String, String> = serde_json::from_slice(&bytes).unwrap_or_default();
                if let Some(what) = difference(&job, &self.decides) {
                    let problem = format!("holds shards of another run ({what})");
                    return Err(EmbedError::Occupied { path: parts, problem });
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                fs::create_dir_all(&parts).map_err(|error| EmbedError::write(&parts, error))?;
                let job = serde_json::to_vec_pretty(&self.decides)
                    .map_err(|error| EmbedError::format(&path, "JSON", error))?;
                write(&path, &job)?;
            }
            Err(error) => return Err(EmbedError::read(&path, error)),
        }
        Ok(parts)
    }

    fn shard_path(parts: &Path, range: &Range<usize>) -> PathBuf {
        parts.join(format!("{:010}.safetensors", range.start))
    }

    /// The values of a shard; an incomplete shard counts as missing.
    fn shard_at(&self, parts: &Path, range: &Range<usize>) -> Option<Vec<u8>> {
        let bytes = fs::read(Self::shard_path(parts, range)).ok()?;
        let parsed = SafeTensors::deserialize(&bytes).ok()?;
        let rows = parsed.tensor(ROWS).ok()?;
        (rows.dtype() == Dtype::F32 && rows.shape() == [range.len(), self.width]).then(|| rows.data().to_vec())
    }

    fn write_shard(&self, parts: &Path, range: &Range<usize>, rows: &Embeddings) -> Result<(), EmbedError> {
        if (rows.rows(), rows.width()) != (range.len(), self.width) {
            let found = (rows.rows(), rows.width());
            return Err(EmbedError::Compute(format!("found rows {found:?}, expected {:?}", (range.len(), self.width))));
        }
        let path = Self::shard_path(parts, range);
        let bytes: Vec<u8> = rows.values().iter().flat_map(|value| value.to_le_bytes()).collect();
        let view = view(&path, vec![range.len(), self.width], &bytes)?;
        let bytes = safetensors::serialize([(ROWS, view)], None)
            .map_err(|error| EmbedError::format(&path, "safetensors", error))?;
        write(&path, &bytes)
    }

    fn join(
        &self,
        parts: &Path,
        ranges: &[Range<usize>],
        earlier: Option<Vec<u8>>,
        mut jobs: Jobs,
    ) -> Result<(), EmbedError> {
        let mut values = Vec::with_capacity(self.items * self.width * size_of::<f32>());
        for range in ranges {
            let shard = self.shard_at(parts, range).ok_or_else(|| {
                let path = Self::shard_path(parts, range);
                EmbedError::output(&path, "was there and no longer is; run again")
            })?;
            values.extend(shard);
        }
        let format = |error| EmbedError::format(&self.out, "safetensors", error);
        let mut tensors = vec![(self.tensor.clone(), view(&self.out, vec![self.items, self.width], &values)?)];
        let mut metadata = HashMap::new();
        if let Some(bytes) = &earlier {
            let (_, found) = SafeTensors::read_metadata(bytes).map_err(format)?;
            metadata.extend(found.metadata().clone().unwrap_or_default());
            tensors.extend(parse(&self.out, bytes)?.tensors());
        }
        jobs.insert(self.tensor.clone(), self.decides.clone());
        let jobs = serde_json::to_string(&jobs).map_err(|error| EmbedError::format(&self.out, "JSON", error))?;
        metadata.insert(METADATA.to_owned(), jobs);
        let bytes = safetensors::serialize(tensors, Some(metadata)).map_err(format)?;
        write(&self.out, &bytes)
    }
}

/// The first key in which two jobs differ, with both values.
fn difference(found: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> Option<String> {
    let key = found.keys().chain(wanted.keys()).find(|key| found.get(*key) != wanted.get(*key))?;
    let value = |map: &BTreeMap<String, String>| map.get(key).cloned().unwrap_or_else(|| "nothing".to_owned());
    Some(format!("its {key} is {}, this one's {}", value(found), value(wanted)))
}

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<SafeTensors<'a>, EmbedError> {
    SafeTensors::deserialize(bytes).map_err(|error| EmbedError::format(path, "safetensors", error))
}

fn view<'a>(path: &Path, shape: Vec<usize>, bytes: &'a [u8]) -> Result<TensorView<'a>, EmbedError> {
    TensorView::new(Dtype::F32, shape, bytes).map_err(|error| EmbedError::format(path, "safetensors", error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), EmbedError> {
    files::write(path, bytes).map(drop).map_err(|error| EmbedError::write(path, error))
}
