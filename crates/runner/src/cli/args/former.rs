//! Command lines of earlier versions: options that are arguments today, and `--force`, which had three meanings. Options of
//! every command can stand before its name.

use std::ffi::{OsStr, OsString};

/// Options whose values are arguments of the command today.
const ARGUMENTS: [(&str, &str); 9] = [
    ("import", "--name"),
    ("fit", "--manifest"),
    ("moments", "--manifest"),
    ("project", "--universe"),
    ("translate", "--universe"),
    ("add-view", "--universe"),
    ("run-cell", "--plan"),
    ("merge", "--plan"),
    ("show", "--cell"),
];

/// Options of every command, which can stand before its name. They have no values.
const BEFORE: [&str; 5] = ["-q", "-v", "--quiet", "--verbose", "--log-json"];

/// The arguments in the form of today, options of every command behind its name; the first is the name of the program.
pub fn today(mut args: Vec<OsString>) -> Vec<OsString> {
    let Some(at) = command(&args) else { return args };
    // The parser would take them for those of a run without a name (`runner --grid`).
    let before: Vec<OsString> = args.drain(1..at).collect();
    let args = with_arguments(args, 1);
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    [&args[..end], &before, &args[end..]].concat()
}

/// The arguments with former options of the command at this position as arguments.
fn with_arguments(mut args: Vec<OsString>, at: usize) -> Vec<OsString> {
    let Some(name) = args[at].to_str().map(str::to_owned) else { return args };
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let former = ARGUMENTS.iter().filter(|(command, _)| *command == name);
    for (_, option) in former {
        let given = |arg: &OsString| arg == option || value(arg, option).is_some();
        if let Some(place) = args[..end].iter().skip(at).position(given).map(|place| place + at) {
            let joined = args.remove(place);
            // The argument follows the name of the command directly. Elsewhere an option before it could take it for
            // its value.
            match value(&joined, option).map(OsStr::to_os_string) {
                Some(value) => args.insert(at + 1, value),
                None if place < args.len() => {
                    let value = args.remove(place);
                    args.insert(at + 1, value);
                }
                None => {}
            }
            break;
        }
    }
    args
}

/// The error for `--force` among these arguments: it names the option of today.
pub fn force(args: &[OsString]) -> Option<String> {
    let given = args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--force");
    let name = command(args).and_then(|at| args[at].to_str());
    let elsewhere = args.iter().any(|arg| arg == "--engine" || value(arg, "--engine").is_some());
    let (today, meaning) = match name {
        Some("submit") => ("--allow-duplicate-jobs", "submit cells even if jobs of the grid are queued or running"),
        Some("resume") if elsewhere => {
            ("--allow-duplicate-jobs", "submit cells even if jobs of the grid are queued or running")
        }
        Some("import" | "fit" | "project" | "translate" | "add-view") => {
            ("--overwrite", "overwrite a file that exists")
        }
        None | Some("run" | "reproduce" | "leaderboard" | "scaling" | "resume" | "run-cell") => {
            ("--recompute", "compute finished cells again")
        }
        Some(_) => return None,
    };
    given.then(|| format!("`--force` is called `{today}` here since 0.2; give `{today}` to {meaning}"))
}

/// The position of the name of the command.
pub fn command(args: &[OsString]) -> Option<usize> {
    let first = args.iter().enumerate().skip(1).find(|(_, arg)| !BEFORE.iter().any(|option| *arg == option));
    first.filter(|(_, arg)| !arg.to_string_lossy().starts_with('-')).map(|(place, _)| place)
}

/// The value in `--option=value`.
fn value<'a>(arg: &'a OsStr, option: &str) -> Option<&'a OsStr> {
    arg.to_str()?.strip_prefix(option)?.strip_prefix('=').map(OsStr::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn former_options_become_arguments() {
        for (former, now) in [
            ("runner -q merge --plan p.json", "runner merge p.json -q"),
            ("runner -q --log-json moments merge a b", "runner moments merge a b -q --log-json"),
            ("runner -v submit g -- --nice", "runner submit g -v -- --nice"),
            ("runner -q --grid g.yaml", "runner -q --grid g.yaml"),
            ("runner run-cell --index 3 --plan=p.json --jobs 1", "runner run-cell p.json --index 3 --jobs 1"),
            ("runner fit --method gpa --manifest m", "runner fit m --method gpa"),
            ("runner add-view --universe u --manifest m", "runner add-view u --manifest m"),
            ("runner show --cell abc --out x", "runner show abc --out x"),
            ("runner import --stratify --name m --view a=a.npy", "runner import m --stratify --view a=a.npy"),
            ("runner merge p.json -- --plan", "runner merge p.json -- --plan"),
            ("runner --grid g.yaml --out fit", "runner --grid g.yaml --out fit"),
        ] {
            assert_eq!(today(words(former)), words(now));
        }
    }

    #[test]
    fn force_is_answered_with_the_option_that_is_meant() {
        for (line, today) in [
            ("runner --grid g --force", "--recompute"),
            ("runner resume g --force", "--recompute"),
            ("runner resume g --engine=slurm --force", "--allow-duplicate-jobs"),
            ("runner submit g --force", "--allow-duplicate-jobs"),
            ("runner -v import --force --name m", "--overwrite"),
        ] {
            let said = force(&words(line)).expect("an answer");
            assert!(said.starts_with(&format!("`--force` is called `{today}` here since 0.2")), "{line}: {said}");
        }
        assert_eq!(force(&words("runner list --force")), None);
        assert_eq!(force(&words("runner run g -- --force")), None);
    }
}
