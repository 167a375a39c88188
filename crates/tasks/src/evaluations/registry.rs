//! The registry of tasks: the built-in tasks in the order in which they are listed, and the tasks that are added at run
//! time.

use std::str::FromStr;
use std::sync::LazyLock;

use align::named::{self, Entry, Named, Registry, Renamed};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::TaskError;
use crate::evaluation::{Evaluation, Task};
use crate::evaluations::clustering::ClusteringParams;
use crate::evaluations::consistency::ConsistencyParams;
use crate::evaluations::cycle::CycleParams;
use crate::evaluations::drift::DriftParams;
use crate::evaluations::hubness::HubnessParams;
use crate::evaluations::probing::ProbingParams;
use crate::evaluations::reid::ReidParams;
use crate::evaluations::retrieval::RetrievalParams;
use crate::evaluations::similarity::SimilarityParams;
use crate::evaluations::stitching::StitchingParams;
use crate::evaluations::upgrade::UpgradeParams;

/// The built-in tasks, one line each.
fn built_in() -> Vec<Entry<Task>> {
    vec![
        Entry::of::<RetrievalParams>("retrieval"),
        Entry::of::<ClusteringParams>("clustering"),
        Entry::of::<ConsistencyParams>("consistency"),
        Entry::of::<DriftParams>("drift"),
        Entry::of::<ProbingParams>("probing"),
        Entry::of::<StitchingParams>("stitching"),
        Entry::of::<CycleParams>("cycle"),
        Entry::of::<ReidParams>("reid"),
        Entry::of::<HubnessParams>("hubness"),
        Entry::of::<SimilarityParams>("similarity"),
        Entry::of::<UpgradeParams>("upgrade"),
    ]
}

/// Names that records use for other purposes.
const RESERVED: &[(&str, &str)] = &[("data", "records use this name for the data themselves")];

/// Former names of tasks.
const RENAMED: &[Renamed] = &[];

static TASKS: LazyLock<Registry<Task>> = LazyLock::new(|| Registry::new(built_in(), RESERVED, RENAMED));

impl Named for Task {
    const KIND: &'static str = "task";

    fn name(&self) -> &'static str {
        self.name()
    }

    fn registry() -> &'static Registry<Self> {
        &TASKS
    }
}

/// Tasks by name.
impl Task {
    /// The names of all tasks in the order in which they are listed; registered tasks come last.
    pub fn names() -> &'static [&'static str] {
        TASKS.names()
    }

    /// Every task with its default parameters, in the order of [`Task::names`].
    pub fn all() -> Vec<Self> {
        TASKS.all()
    }

    /// The task with this name and its default parameters.
    pub fn from_name(name: &str) -> Option<Self> {
        TASKS.get(name)
    }

    /// The new name for a former name of a task; `None` if the name is not a former one.
    pub fn renamed(name: &str) -> Option<Renamed> {
        TASKS.renamed(name)
    }

    /// Registers a task under its name for the whole process. Grid files, lists and tables then treat it like a
    /// built-in task.
    ///
    /// # Errors
    /// [`TaskError::TaskName`] for a name that is taken or that grid files cannot contain.
    pub fn register<P>() -> Result<(), TaskError>
    where
        P: Evaluation + Default + PartialEq + Serialize + DeserializeOwned,
    {
        let new = Entry::of::<P>(P::default().name());
        let name = new.name().to_string();
        TASKS.add(new).map_err(|problem| TaskError::TaskName { name, problem })
    }
}

/// A bare name is the task with its default parameters.
impl FromStr for Task {
    type Err = TaskError;

    fn from_str(name: &str) -> Result<Self, TaskError> {
        let unknown = || match Self::renamed(name) {
            Some(renamed) => TaskError::RenamedTask(renamed),
            None => TaskError::UnknownTask { name: name.to_string(), known: Self::names().join(", ") },
        };
        Self::from_name(name).ok_or_else(unknown)
    }
}

/// A bare name, or one name with parameters.
impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Place, Protocol, ReleasedProtocol, Scores, TaskInput};
    use serde::Serialize;

    #[test]
    fn names_lead_to_the_defaults_and_back_through_serde() {
        for &name in Task::names() {
            let task = Task::from_name(name).expect("registered");
            assert_eq!(task.name(), name);
            assert!(!task.title().is_empty() && !task.summary().is_empty());
            task.validate().expect("defaults are valid");
            let text = serde_json::to_string(&task).expect("serialises");
            assert!(text.starts_with(&format!("{{\"{name}\":{{")), "{text}");
            assert_eq!(serde_json::from_str::<Task>(&text).expect("reads"), task);
            assert_eq!(serde_json::from_str::<Task>(&format!("\"{name}\"")).expect("reads"), task);
        }
        assert_eq!(Task::from_name("cluster"), None);
        let error = "cluster".parse::<Task>().expect_err("no task").to_string();
        assert!(error.starts_with("no task `cluster`; the tasks are retrieval, clustering"), "{error}");
        let versions: Vec<u32> = Task::all().iter().take(11).map(|task| task.version()).collect();
        assert_eq!(versions, [2, 2, 1, 1, 2, 2, 1, 2, 3, 2, 1], "raised where numbers move, never lowered");
        let protocol = Protocol::Released(ReleasedProtocol::default());
        assert_eq!(Task::from(ProbingParams { protocol, ..ProbingParams::default() }).version(), 1);
    }

    #[test]
    fn unknown_keys_and_names_are_errors() {
        for text in [r#"{"retrieval": {"kk": 5}}"#, r#"{"clustering": {"restart": 5}}"#, r#"{"probing": {"l3": 1}}"#] {
            let error = serde_json::from_str::<Task>(text).unwrap_err().to_string();
            assert!(error.contains("unknown field"), "{error}");
        }
        let error = serde_json::from_str::<Task>(r#"{"retrival": {}}"#).unwrap_err().to_string();
        assert!(error.starts_with("unknown variant `retrival`, expected one of `retrieval`"), "{error}");
        assert!(serde_json::from_str::<Task>(r#"{"drift": {}, "cycle": {}}"#).is_err());
    }

    /// Counts the held-out items.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Counting {
        times: usize,
    }

    impl Evaluation for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }

        fn summary(&self) -> &'static str {
            "how many held-out items there are"
        }

        fn validate(&self) -> Result<(), TaskError> {
            match self.times {
                0..10 => Ok(()),
                _ => Err(TaskError::Own { task: "counting", message: "`times` is at least 10".into() }),
            }
        }

        fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
            let mut scores = Scores::default();
            let (n, place) = (input.test.views.rows(), Place::all(input.fitted.coordinates()[0]));
            scores.figure(place, crate::Metric::EffectiveRank, n, (self.times * n) as f64);
            Ok(scores)
        }
    }

    #[test]
    fn a_task_of_ones_own_is_read_and_judges_as_a_built_in_one() {
        Task::register::<Counting>().expect("a new name");
        let error = Task::register::<Counting>().expect_err("the name is taken").to_string();
        assert_eq!(error, "no task can be called `counting`: another task has this name; take a different one");
        let task: Task = serde_json::from_str(r#"{"counting": {"times": 2}}"#).expect("reads");
        assert_eq!(task.parameters::<Counting>(), Some(&Counting { times: 2 }));
        assert!(Task::names().ends_with(&["counting"]) && Task::all().len() == Task::names().len());
        let data = align::synthetic::Synthetic::default().generate(1).expect("valid");
        let gpa = align::Method::from_name("gpa").expect("known").fit(&data.train.views, 1).expect("fits");
        let scores = task.score(&TaskInput::new(&gpa.fitted, &data)).expect("judges").scores;
        assert_eq!(scores[0].value, Some(2.0 * data.test.views.rows() as f64));
        let odd = Task::from(Counting { times: 10 }).validate().expect_err("too often").to_string();
        assert_eq!(odd, "counting: `times` is at least 10");
    }
}
