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
/// Key of a shard's metadata with the checksum of the settings and of its inputs.
const MADE_OF: &str = "made of";

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
    /// Settings that decide the numbers of all items. Shards that were made with other settings are not used.
    pub settings: BTreeMap<String, String>,
    /// The inputs, by their kind: checksum of all of them.
    pub inputs: BTreeMap<String, String>,
    /// Checksum of the inputs of each shard. If an input was repaired, the shards of the others are still used.
    pub shards: Vec<String>,
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
        let ranges: Vec<Range<usize>> =
            (0..self.items).step_by(self.shard).map(|start| start..(start + self.shard).min(self.items)).collect();
        if ranges.len() != self.shards.len() {
            let (found, wanted) = (self.shards.len(), ranges.len());
            return Err(EmbedError::Argument {
                argument: "shards",
                problem: format!("found {found} checksums, expected {wanted}"),
            });
        }
        let (earlier, jobs) = self.earlier()?;
        if let Some(job) = jobs.get(&self.tensor) {
            return match difference(job, &self.decides()) {
                None => {
                    self.tidy_up();
                    Ok(Outcome { sha256: input::sha256_file(&self.out)?, resumed: self.items })
                }
                Some(what) => Err(self.taken(&format!("of another run ({what})"))),
            };
        }
        if let Some(bytes) = &earlier
            && parse(&self.out, bytes)?.names().contains(&self.tensor.as_str())
        {
            return Err(self.taken("that another program made"));
        }
        let parts = self.parts(&ranges)?;
        let there: Vec<bool> = ranges.iter().map(|range| self.shard_at(&parts, range).is_some()).collect();
        let resumed = ranges.iter().zip(&there).filter(|(_, there)| **there).map(|(range, _)| range.len()).sum();
        before(resumed);
        for (range, _) in ranges.iter().zip(&there).filter(|(_, there)| !**there) {
            let rows = make(range.clone())?;
            self.write_shard(&parts, range, &rows)?;
        }
        self.join(&parts, &ranges, earlier, jobs)?;
        remove(&parts);
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

    /// Everything that decides the numbers.
    fn decides(&self) -> BTreeMap<String, String> {
        self.settings.iter().chain(&self.inputs).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Path of the folder of shards.
    fn folder(&self) -> PathBuf {
        let mut name = self.out.as_os_str().to_owned();
        name.push(format!(".{}.parts", self.tensor));
        PathBuf::from(name)
    }

    /// The folder of shards, which now describes their job.
    fn parts(&self, ranges: &[Range<usize>]) -> Result<PathBuf, EmbedError> {
        let parts = self.folder();
        let path = parts.join(JOB);
        let decides = self.decides();
        match described(&path)? {
            None => fs::create_dir_all(&parts).map_err(|error| EmbedError::write(&parts, error))?,
            Some(job) if job == decides => return Ok(parts),
            Some(job) => {
                let of_settings = |job: &BTreeMap<String, String>| -> BTreeMap<String, String> {
                    job.clone().into_iter().filter(|(key, _)| !self.inputs.contains_key(key)).collect()
                };
                // Some shards must be of these inputs: those of quite another input are not overwritten.
                let usable = || ranges.iter().any(|range| self.shard_at(&parts, range).is_some());
                let what = difference(&of_settings(&job), &self.settings);
                let what = what.or_else(|| difference(&job, &decides).filter(|_| has_shards(&parts) && !usable()));
                if let Some(what) = what {
                    let problem = format!("holds shards of another run ({what})");
                    return Err(EmbedError::Occupied { path: parts, problem });
                }
            }
        }
        let job = serde_json::to_vec_pretty(&decides).map_err(|error| EmbedError::format(&path, "JSON", error))?;
        write(&path, &job)?;
        Ok(parts)
    }

    /// Removes the folder of shards if a clean-up of this job was killed. A folder of another job stays.
    fn tidy_up(&self) {
        let parts = self.folder();
        if parts.is_dir() && described(&parts.join(JOB)).is_ok_and(|job| job.is_none_or(|job| job == self.decides())) {
            remove(&parts);
        }
    }

    /// Checksum of everything that a shard is made of.
    fn made_of(&self, range: &Range<usize>) -> String {
        let settings = self.settings.iter().flat_map(|(key, value)| [key, value]);
        input::digest(settings.chain(self.shards.get(range.start / self.shard)))
    }

    fn shard_path(parts: &Path, range: &Range<usize>) -> PathBuf {
        parts.join(format!("{:010}.safetensors", range.start))
    }

    /// The values of a shard; a shard that is incomplete, or of other inputs, counts as missing.
    fn shard_at(&self, parts: &Path, range: &Range<usize>) -> Option<Vec<u8>> {
        let bytes = fs::read(Self::shard_path(parts, range)).ok()?;
        let (_, header) = SafeTensors::read_metadata(&bytes).ok()?;
        if header.metadata().as_ref()?.get(MADE_OF)? != &self.made_of(range) {
            return None;
        }
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
        let made_of = HashMap::from([(MADE_OF.to_owned(), self.made_of(range))]);
        let bytes = safetensors::serialize([(ROWS, view)], Some(made_of))
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
        jobs.insert(self.tensor.clone(), self.decides());
        let jobs = serde_json::to_string(&jobs).map_err(|error| EmbedError::format(&self.out, "JSON", error))?;
        metadata.insert(METADATA.to_owned(), jobs);
        let bytes = safetensors::serialize(tensors, Some(metadata)).map_err(format)?;
        write(&self.out, &bytes)
    }
}

/// The job that a folder of shards describes, if there is one.
fn described(path: &Path) -> Result<Option<BTreeMap<String, String>>, EmbedError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).unwrap_or_default())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EmbedError::read(path, error)),
    }
}

/// Whether a folder has files besides the description of its job.
fn has_shards(parts: &Path) -> bool {
    fs::read_dir(parts).is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name() != JOB))
}

/// Removes a folder of shards whose result is on disk. Shards that cannot be removed do no harm.
fn remove(parts: &Path) {
    // The description goes last, so that the next run knows a folder that a kill leaves.
    for entry in fs::read_dir(parts).into_iter().flatten().flatten().filter(|entry| entry.file_name() != JOB) {
        let _ = fs::remove_file(entry.path());
    }
    let _ = fs::remove_dir_all(parts);
}

/// The first key in which two jobs differ, with both values. A job without a device is one of the CPU.
fn difference(found: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> Option<String> {
    let key = found.keys().chain(wanted.keys()).find(|key| found.get(*key) != wanted.get(*key))?;
    let usual = if key == "device" { "cpu" } else { "nothing" };
    let value = |map: &BTreeMap<String, String>| map.get(key).cloned().unwrap_or_else(|| usual.to_owned());
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
