//! Settings that a file gives and nothing would feel: parameters beside others that switch them off, axes of a sweep
//! without a value. The types alone do not know whether a value was written down or is the default.

use align::{AlignError, Method};
use data::DataError;
use data::yaml::Located;
use serde_json::Value;
use tasks::Task;

use super::spelled::normalise;

/// What a file gives its methods and tasks, sweeps expanded.
#[derive(Default)]
pub struct Given {
    methods: Vec<Value>,
    tasks: Vec<Value>,
    /// Place of the first sweep over nothing.
    empty: Option<String>,
}

impl Given {
    /// Normalises a file's value and notes what it gives.
    pub fn of(value: &mut Value) -> Self {
        let empty = ["methods", "tasks", "noise"].into_iter().find_map(|key| empty_axis(key, value.get(key)?));
        normalise(value);
        let list = |key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        Self { methods: list("methods"), tasks: list("tasks"), empty }
    }

    /// Refuses what has no effect, with its place in the file.
    pub fn check<T>(&self, file: &Located<T>, methods: &[Method], tasks: &[Task]) -> Result<(), DataError> {
        if let Some(key) = &self.empty {
            return Err(file.error(key, "a sweep over no value makes no cell; give at least one value, or remove it"));
        }
        for (i, (method, given)) in methods.iter().zip(&self.methods).enumerate() {
            let key = format!("methods[{i}].{}", method.name());
            check_method(method, &given[method.name()]).map_err(|e| file.error(&key, e.to_string()))?;
        }
        for (i, (task, given)) in tasks.iter().zip(&self.tasks).enumerate() {
            let (key, given) = (format!("tasks[{i}].{}", task.name()), &given[task.name()]);
            task.check_given(|name| is_given(given, name)).map_err(|e| file.error(&key, e.to_string()))?;
        }
        Ok(())
    }
}

/// Refuses parameters of a method, or of the methods inside it, that have no effect beside the others.
pub fn check_method(method: &Method, given: &Value) -> Result<(), AlignError> {
    method.check_given(|name| is_given(given, name))?;
    method.nested().iter().try_for_each(|(name, method)| check_method(method, &given[*name][method.name()]))
}

fn is_given(params: &Value, name: &str) -> bool {
    params.get(name).is_some_and(|value| !value.is_null())
}

fn empty_axis(key: &str, list: &Value) -> Option<String> {
    list.as_array()?.iter().enumerate().find_map(|(i, item)| {
        let (name, params) = item.as_object()?.iter().next()?;
        let axes = params.get("sweep")?.as_object()?;
        let place = format!("{key}[{i}].{name}.sweep");
        let nothing = |values: &Value| values.as_array().is_some_and(Vec::is_empty);
        let axis = axes.iter().find(|(_, values)| nothing(values)).map(|(axis, _)| format!("{place}.{axis}"));
        axis.or_else(|| axes.is_empty().then_some(place))
    })
}
