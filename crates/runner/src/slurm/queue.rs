//! What the scheduler has of jobs: which of their tasks are queued or running, and why those that wait do.

use anyhow::{Context, Result};

use super::command::slurm;

/// One task of an array, or a job that is none, as the scheduler has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The array's id, or the job's.
    pub job: u64,
    /// Its index in the array.
    pub task: Option<usize>,
    /// Slurm's name of its state, such as `PENDING`.
    pub state: String,
    /// Where it runs or has run.
    pub node: String,
    /// Why it waits or has ended as it has, such as `Resources`.
    pub reason: String,
}

/// What of a task matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It waits, at first or again.
    Queued,
    /// It runs, or has not quite come to its end.
    Running,
    /// It has ended, however.
    Ended,
}

impl Entry {
    /// What of its state matters here.
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

    /// Whether it may still do something: it runs, or waits for what can come.
    pub fn at_work(&self) -> bool {
        match self.phase() {
            Phase::Running => true,
            Phase::Queued => self.reason != "DependencyNeverSatisfied",
            Phase::Ended => false,
        }
    }

    /// How it is named: `12_3`, `12`.
    pub fn name(&self) -> String {
        self.task.map_or_else(|| self.job.to_string(), |task| format!("{}_{task}", self.job))
    }

    /// What can be done about it, where someone has to.
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

/// Asks for jobs. Those that ended some minutes ago, the scheduler has forgotten.
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
        // So it says when it has forgotten the only one asked for.
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
