//! The queue of Slurm: which tasks of the jobs are queued or running, and why tasks wait.

use anyhow::{Context, Result};

use super::command::slurm;

/// A task of an array, or a job without an array, in the queue of Slurm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id of the array or the job.
    pub job: u64,
    /// The index in the array.
    pub task: Option<usize>,
    /// The state as Slurm names it, such as `PENDING`.
    pub state: String,
    /// The node on which it runs or ran.
    pub node: String,
    /// The reason why it waits, or why it ended, such as `Resources`.
    pub reason: String,
}

/// The states of Slurm in three groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It waits, for the first time or again.
    Queued,
    /// It runs, or is about to end.
    Running,
    /// It has ended, with any result.
    Ended,
}

impl Entry {
    /// The group of its state.
    pub fn phase(&self) -> Phase {
        match self.state.as_str() {
            "PENDING" | "CONFIGURING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SPECIAL_EXIT"
            | "RESV_DEL_HOLD" => Phase::Queued,
            "RUNNING" | "COMPLETING" | "SUSPENDED" | "STOPPED" | "SIGNALING" | "STAGE_OUT" | "RESIZING" => {
                Phase::Running
            }
            _ => Phase::Ended,
        }
    }

    /// Whether it can still compute: it runs, or waits for an event that can happen.
    pub fn at_work(&self) -> bool {
        match self.phase() {
            Phase::Running => true,
            Phase::Queued => self.reason != "DependencyNeverSatisfied",
            Phase::Ended => false,
        }
    }

    /// Its name: `12_3` or `12`.
    pub fn name(&self) -> String {
        self.task.map_or_else(|| self.job.to_string(), |task| format!("{}_{task}", self.job))
    }

    /// The remedy, if a person has to act.
    pub fn advice(&self) -> Option<String> {
        let name = self.name();
        match self.reason.as_str() {
            _ if self.phase() != Phase::Queued => None,
            "DependencyNeverSatisfied" => Some(format!("it will never run: scancel {name}, then resume")),
            "JobHeldUser" | "JobHeldAdmin" | "job requeued in held state" | "launch failed requeued held" => {
                Some(format!("it is held: scontrol release {name}"))
            }
            "PartitionTimeLimit" | "PartitionNodeLimit" | "PartitionConfig" | "BadConstraints" => Some(format!(
                "it asks for what its partition does not give: scancel {name}, then resume with other options"
            )),
            "PartitionDown" | "PartitionInactive" => {
                Some("its partition takes no jobs now; resume with another".into())
            }
            reason if reason.contains("ReqNodeNotAvail") => {
                Some("the nodes it could run on are down or reserved".into())
            }
            _ => None,
        }
    }
}

const FORMAT: &str = "%F|%K|%T|%N|%r";

/// Asks Slurm for the tasks of jobs. Slurm forgets jobs some minutes after their end.
///
/// # Errors
/// No Slurm here; it does not answer; an answer of another form.
pub fn ask(jobs: &[u64]) -> Result<Vec<Entry>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = jobs.iter().map(u64::to_string).collect();
    let args =
        ["--noheader", "--array", "--states=all", &format!("--format={FORMAT}"), &format!("--jobs={}", ids.join(","))];
    match slurm("squeue", &args.map(String::from)) {
        Ok(text) => parse(&text),
        // Slurm gives this error if it has forgotten the only requested job.
        Err(error) if error.to_string().contains("Invalid job id specified") => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn parse(text: &str) -> Result<Vec<Entry>> {
    let entry = |line: &str| {
        let mut parts = line.splitn(5, '|').map(str::trim);
        let mut next = || parts.next();
        let (job, task) = (next()?.parse().ok()?, next()?);
        let task = if task == "N/A" { None } else { Some(task.parse().ok()?) };
        Some(Entry { job, task, state: next()?.into(), node: next()?.into(), reason: next()?.into() })
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| entry(line).with_context(|| format!("squeue says `{line}`, expected {FORMAT}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_squeue_are_read() {
        let text = "1|2|PENDING||JobArrayTaskLimit\n4|N/A|PENDING||Dependency\n1|0|RUNNING|n1|None\n\
                    1|1|COMPLETED|n1|None\n1|3|FAILED|n1|NonZeroExitCode\n\
                    9|N/A|PENDING||(launch failed | requeued held)\n";
        let entries = parse(text).expect("its format");
        let phases: Vec<Phase> = entries.iter().map(Entry::phase).collect();
        let (queued, running, ended) = (Phase::Queued, Phase::Running, Phase::Ended);
        assert_eq!(phases, [queued, queued, running, ended, ended, queued]);
        assert_eq!((entries[0].name(), entries[1].name()), ("1_2".into(), "4".into()));
        assert_eq!((entries[2].node.as_str(), entries[5].reason.as_str()), ("n1", "(launch failed | requeued held)"));
        assert!(parse("").expect("nothing").is_empty());
        let error = parse("x|1|PENDING||None").expect_err("no id").to_string();
        assert_eq!(error, "squeue says `x|1|PENDING||None`, expected %F|%K|%T|%N|%r");
    }

    #[test]
    fn who_waits_for_what_cannot_come_is_not_at_work() {
        let queued = |reason: &str| Entry {
            job: 5,
            task: None,
            state: "PENDING".into(),
            node: String::new(),
            reason: reason.into(),
        };
        assert!(queued("Resources").at_work() && queued("Resources").advice().is_none());
        let never = queued("DependencyNeverSatisfied");
        assert!(!never.at_work());
        assert_eq!(never.advice().as_deref(), Some("it will never run: scancel 5, then resume"));
        assert_eq!(queued("JobHeldUser").advice().as_deref(), Some("it is held: scontrol release 5"));
    }
}
