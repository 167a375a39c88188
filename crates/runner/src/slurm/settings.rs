//! The settings of a submission to Slurm.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// The settings of a submission. The defaults of the cluster or the forecasts of the plan replace missing settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The partition.
    pub partition: Option<String>,
    /// Time limit of a task.
    pub time: Option<TimeLimit>,
    /// Number of CPUs of a task, which is its number of threads.
    pub cpus: Option<usize>,
    /// Memory of a task.
    pub mem: Option<Memory>,
    /// Whether a task needs a node for itself.
    pub exclusive: bool,
    /// Largest number of tasks of an array.
    pub max_array: Option<usize>,
    /// Number of cells of a task.
    pub group: Option<usize>,
}

impl Settings {
    /// These settings, and the others for those that are missing.
    pub fn or(self, other: &Self) -> Self {
        Self {
            partition: self.partition.or_else(|| other.partition.clone()),
            time: self.time.or_else(|| other.time.clone()),
            cpus: self.cpus.or(other.cpus),
            mem: self.mem.or_else(|| other.mem.clone()),
            exclusive: self.exclusive || other.exclusive,
            max_array: self.max_array.or(other.max_array),
            group: self.group.or(other.group),
        }
    }
}

/// A time limit as Slurm reads it: `90` minutes, `MM:SS`, `HH:MM:SS`, `D-HH`, `D-HH:MM` or `D-HH:MM:SS`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeLimit {
    text: String,
    /// The time limit in seconds.
    pub seconds: u64,
}

impl FromStr for TimeLimit {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let wanted = || format!("`{text}` is no time limit; expected minutes, HH:MM:SS or D-HH:MM:SS");
        let numbers = |text: &str| -> Result<Vec<u64>> {
            text.split(':').map(|part| part.parse().ok().with_context(wanted)).collect()
        };
        let seconds = match text.split_once('-') {
            Some((days, rest)) => {
                let days: u64 = days.parse().ok().with_context(wanted)?;
                let rest = numbers(rest)?;
                ensure!(rest.len() <= 3, wanted());
                let of_day: u64 = rest.iter().zip([3600, 60, 1]).map(|(n, unit)| n * unit).sum();
                days * 86_400 + of_day
            }
            None => match numbers(text)?[..] {
                [minutes] => minutes * 60,
                [minutes, seconds] => minutes * 60 + seconds,
                [hours, minutes, seconds] => hours * 3600 + minutes * 60 + seconds,
                _ => anyhow::bail!(wanted()),
            },
        };
        ensure!(seconds > 0, wanted());
        Ok(Self { text: text.into(), seconds })
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for TimeLimit {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<TimeLimit> for String {
    fn from(limit: TimeLimit) -> Self {
        limit.text
    }
}

/// Memory as Slurm reads it: megabytes, or a number with K, M, G or T; 0 is all of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory(String);

impl FromStr for Memory {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let digits = text.trim_end_matches(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']);
        let fine = text.len() - digits.len() <= 1 && digits.parse::<u64>().is_ok();
        ensure!(
            fine,
            "`{text}` is no amount of memory; expected an amount such as 4G or 512M (a bare number is megabytes)"
        );
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits_are_read_as_slurm_reads_them() {
        let seconds = |text: &str| text.parse::<TimeLimit>().map(|limit| limit.seconds).ok();
        assert_eq!(seconds("90"), Some(5400));
        assert_eq!(seconds("1:30"), Some(90));
        assert_eq!(seconds("02:00:30"), Some(7230));
        assert_eq!(seconds("2-12"), Some(216_000));
        assert_eq!(seconds("1-00:10:01"), Some(87_001));
        assert!(["", "0", "x", "1:2:3:4", "1-1:2:3:4", "-5", "1h"].iter().all(|text| seconds(text).is_none()));
        let error = "1h".parse::<TimeLimit>().expect_err("no unit").to_string();
        assert_eq!(error, "`1h` is no time limit; expected minutes, HH:MM:SS or D-HH:MM:SS");
    }

    #[test]
    fn memory_has_slurms_units() {
        assert!(["0", "512", "4G", "100m", "1T"].iter().all(|text| text.parse::<Memory>().is_ok()));
        assert!(["", "G", "4GB", "-1", "1.5G"].iter().all(|text| text.parse::<Memory>().is_err()));
    }

    #[test]
    fn what_is_not_given_is_as_before_and_all_of_it_survives_the_file() {
        let before = Settings {
            partition: Some("long".into()),
            time: "1-00".parse().ok(),
            cpus: Some(2),
            group: Some(4),
            ..Settings::default()
        };
        let now = Settings { cpus: Some(8), mem: "4G".parse().ok(), ..Settings::default() }.or(&before);
        assert_eq!((now.cpus, now.group, now.partition.as_deref()), (Some(8), Some(4), Some("long")));
        let json = serde_json::to_string(&now).expect("plain values");
        assert_eq!(serde_json::from_str::<Settings>(&json).expect("its own text"), now);
    }
}
