//! The commands in groups by purpose, as the help lists them.

/// The purposes and their commands.
pub const GROUPS: [(&str, &[&str]); 6] = [
    ("Run grids and read results", &["run", "list", "report", "show", "verify", "reproduce", "leaderboard", "scaling"]),
    ("Use your own data", &["import", "check", "export", "fetch", "texts"]),
    (
        "Fit and use universes",
        &["recommend", "upgrade", "fit", "project", "translate", "export-map", "add-view", "moments"],
    ),
    ("Run on a cluster or in the background", &["submit", "status", "resume", "cancel"]),
    ("Run a grid in parts", &["plan", "run-cell", "merge"]),
    ("Set up the shell", &["completions", "man"]),
];
