//! The batch script of a grid. It is short, so that a user can read it, edit it and submit it by hand.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::run::line::executable;

use super::cut::Chunk;
use super::settings::Settings;

/// Memory of a task beyond its forecast.
const MEMORY_MARGIN: f64 = 1.5;
/// Seconds before the time limit at which a task gets the signal to start no further cell.
const NOTICE: u64 = 60;

/// The values in the script.
pub struct Script<'a> {
    /// The grid's name.
    pub name: &'a str,
    /// The path of the plan file. All paths in a script are absolute.
    pub plan: &'a Path,
    /// Number of cells of the plan.
    pub cells: usize,
    /// Number of cells of a task.
    pub group: usize,
    /// The folder of the script and the logs.
    pub place: &'a Path,
    /// The settings from the command line.
    pub settings: &'a Settings,
    /// The memory forecast of the largest unfinished cell.
    pub memory_mb: f64,
}

impl Script<'_> {
    /// The path of the script.
    pub fn path(&self) -> PathBuf {
        self.place.join("run.sbatch")
    }

    /// The log of the merge, with Slurm's pattern for the id.
    pub fn merge_log(&self) -> String {
        self.log("merge-%j.log")
    }

    fn log(&self, name: &str) -> String {
        // Slurm would read a percent sign in a path as a pattern.
        format!("{}/{name}", self.place.join("logs").display().to_string().replace('%', "%%"))
    }

    /// The text of the script. The comment with the command to submit it by hand names the array `first`.
    ///
    /// # Errors
    /// The program or the working folder cannot be found.
    pub fn text(&self, first: Option<&Chunk>) -> Result<String> {
        let runner = executable()?;
        let folder = std::env::current_dir().context("cannot find the working folder")?;
        let Self { name, cells, group, .. } = self;
        let (tasks, offset) = first.map_or(("0".into(), 0), |chunk| (chunk.tasks.to_string(), chunk.offset));
        let script = files::shell::word(&self.path().display().to_string());
        let directives: String = self.directives(&folder)?.iter().map(|line| format!("#SBATCH {line}\n")).collect();
        Ok(format!(
            "#!/bin/bash\n\
             # Cells of the grid `{name}` as tasks of a Slurm array, and their merge. It may be edited and submitted by hand:\n\
             #   id=$(sbatch --parsable --array={tasks} {script} {offset})\n\
             #   sbatch --dependency=afterany:$id --output={merge_log} {script} merge\n\
             # Index i of an array that was submitted with an offset has `group` cells of the plan, from (offset + i) * group on.\n\
             # What is done already is left alone, so nothing is lost by submitting too much.\n\
             {directives}\n\
             set -eu\n\
             runner={runner}\n\
             plan={plan}\n\
             cells={cells}\n\
             group={group}\n\
             \n\
             if [ \"${{1-}}\" = merge ]; then\n  \
               exec \"$runner\" merge \"$plan\"\n\
             fi\n\
             \n\
             offset=${{1-0}}\n\
             first=$(( (offset + SLURM_ARRAY_TASK_ID) * group ))\n\
             last=$(( first + group < cells ? first + group - 1 : cells - 1 ))\n\
             echo \"task $SLURM_ARRAY_TASK_ID of job $SLURM_ARRAY_JOB_ID on $SLURMD_NODENAME,\" \\\n  \
               \"attempt $(( ${{SLURM_RESTART_COUNT:-0}} + 1 )): cells $first to $last\"\n\
             exec \"$runner\" run-cell \"$plan\" --indices \"$first-$last\" --jobs 1 --threads \"${{SLURM_CPUS_PER_TASK:-1}}\"\n",
            merge_log = files::shell::word(&self.merge_log()),
            runner = files::shell::word(&runner.display().to_string()),
            plan = files::shell::word(&self.plan.display().to_string()),
        ))
    }

    fn directives(&self, folder: &Path) -> Result<Vec<String>> {
        let Settings { partition, time, cpus, mem, exclusive, .. } = self.settings;
        let mut lines = vec![
            format!("--job-name={}", directive(self.name)?),
            format!("--chdir={}", directive(&folder.display().to_string())?),
            format!("--output={}", directive(&self.log("%A_%a.log"))?),
            // A task that Slurm starts again appends to the log of its earlier attempt.
            "--open-mode=append".into(),
            "--requeue".into(),
            "--nodes=1".into(),
            "--ntasks=1".into(),
            format!("--cpus-per-task={}", cpus.unwrap_or(1)),
        ];
        lines.push(match mem {
            Some(mem) => format!("--mem={mem}"),
            None => format!("--mem={:.0}M", (self.memory_mb * MEMORY_MARGIN / 100.0).ceil().max(2.0) * 100.0),
        });
        if let Some(partition) = partition {
            lines.push(format!("--partition={}", directive(partition)?));
        }
        if let Some(time) = time {
            lines.push(format!("--time={time}"));
            if time.seconds > 2 * NOTICE {
                lines.push(format!("--signal=B:TERM@{NOTICE}"));
            }
        }
        if *exclusive {
            lines.push("--exclusive".into());
        }
        Ok(lines)
    }
}

/// Quotes a value for an `#SBATCH` line. Slurm splits such a line by its own rules: blanks separate words, a `#` begins
/// a comment, single and double quotes group words, and a backslash, also within quotes, makes the next character
/// literal.
///
/// # Errors
/// A line break, which no such line can hold.
fn directive(text: &str) -> Result<String> {
    ensure!(
        !text.contains(['\n', '\r', '\0']),
        "`{}` has a line break, which an #SBATCH line cannot hold",
        text.escape_debug()
    );
    let plain = |c: char| c.is_alphanumeric() || "_-./=,:+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Ok(text.into());
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use grid::pick::Indices;

    fn script(settings: &Settings, group: usize) -> String {
        let script = Script {
            name: "g",
            plan: Path::new("/shared/it's here/plan.json"),
            cells: 10,
            group,
            place: Path::new("/shared/100% mine/slurm"),
            settings,
            memory_mb: 310.0,
        };
        crate::run::line::begin();
        script.text(Some(&Chunk { offset: 7, tasks: Indices(vec![0, 2]) })).expect("a program and a folder")
    }

    #[test]
    fn what_is_asked_for_is_in_the_script_and_nothing_else() {
        let plain = script(&Settings::default(), 1);
        for line in ["--requeue", "--open-mode=append", "--cpus-per-task=1", "--mem=500M", "--job-name=g"] {
            assert!(plain.contains(&format!("\n#SBATCH {line}\n")), "{line}: {plain}");
        }
        assert!(plain.contains("#SBATCH --output=\"/shared/100%% mine/slurm/logs/%A_%a.log\"\n"), "{plain}");
        assert!(plain.contains("--array=0,2 '/shared/100% mine/slurm/run.sbatch' 7)\n"), "{plain}");
        for absent in ["--partition", "--time", "--exclusive", "--signal"] {
            assert!(!plain.contains(absent), "{absent}: {plain}");
        }
        let asked = Settings {
            partition: Some("long".into()),
            time: "1:00:00".parse().ok(),
            cpus: Some(8),
            mem: "4G".parse().ok(),
            exclusive: true,
            ..Settings::default()
        };
        let asked = script(&asked, 1);
        for line in
            ["--partition=long", "--time=1:00:00", "--cpus-per-task=8", "--mem=4G", "--exclusive", "--signal=B:TERM@60"]
        {
            assert!(asked.contains(&format!("\n#SBATCH {line}\n")), "{line}: {asked}");
        }
    }

    #[test]
    fn values_are_quoted_as_slurm_takes_them_apart() {
        let quoted = |text: &str| directive(text).expect("one line");
        assert_eq!(quoted("/home/me/a-b_c,d=e@f:g+h"), "/home/me/a-b_c,d=e@f:g+h");
        assert_eq!(quoted("/my folder"), "\"/my folder\"");
        assert_eq!(quoted(r#"/a "b" c"#), r#""/a \"b\" c""#);
        assert_eq!(quoted("/it's"), "\"/it's\"");
        assert_eq!(quoted(r"/back\slash"), r#""/back\\slash""#);
        assert_eq!(quoted("/a#b"), "\"/a#b\"", "no comment begins there");
        assert_eq!(quoted(""), "\"\"");
        let error = directive("/a\nb").expect_err("two lines").to_string();
        assert_eq!(error, "`/a\\nb` has a line break, which an #SBATCH line cannot hold");
    }

    /// The script with another program in place of this one, as a task of an array.
    fn ran(group: usize, task: &str, args: &[&str]) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let text = script(&Settings::default(), group);
        let runner = text.lines().find(|line| line.starts_with("runner=")).expect("it names the program").to_string();
        let file = folder.path().join("run.sbatch");
        std::fs::write(&file, text.replace(&runner, "runner=echo")).expect("room");
        let output = Command::new("bash")
            .arg(&file)
            .args(args)
            .envs([("SLURM_ARRAY_TASK_ID", task), ("SLURM_ARRAY_JOB_ID", "1"), ("SLURMD_NODENAME", "n1")])
            .output()
            .expect("a shell");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_string()
    }

    #[test]
    fn a_task_runs_its_cells_and_the_last_one_those_that_are_left() {
        let cells =
            |from_to: &str| format!("run-cell /shared/it's here/plan.json --indices {from_to} --jobs 1 --threads 1");
        assert_eq!(ran(1, "3", &[]), cells("3-3"));
        assert_eq!(ran(1, "3", &["6"]), cells("9-9"));
        assert_eq!(ran(4, "1", &["0"]), cells("4-7"));
        assert_eq!(ran(4, "0", &["2"]), cells("8-9"));
        assert_eq!(ran(4, "", &["merge"]), "merge /shared/it's here/plan.json");
    }
}
