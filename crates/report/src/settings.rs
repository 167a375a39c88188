//! Legend of a report: the settings behind the names in its tables and figures.

use grid::keys::MethodKey;

use crate::tables::summary::Summary;
use crate::tables::table::Table;

/// The settings of a grid, see [`of`].
pub fn table(title: &str, summary: &Summary<'_>) -> Option<Table> {
    of(title, summary.groups.iter().map(|group| (group.label(), &group.method)))
}

/// One line per setting: its name, its method, and its parameters that differ from the defaults. `None` if every name
/// already says all of it.
pub fn of<'k>(title: &str, named: impl IntoIterator<Item = (String, &'k MethodKey)>) -> Option<Table> {
    let mut settings: Vec<(String, &MethodKey)> = Vec::new();
    for (name, key) in named {
        if !settings.iter().any(|(known, of)| *known == name && *of == key) {
            settings.push((name, key));
        }
    }
    if settings.iter().all(|(name, key)| *name == key.label()) {
        return None;
    }
    let row = |(name, key): (String, &MethodKey)| {
        let told = key.in_full().told(|_| true);
        vec![name, key.name.clone(), if told.is_empty() { "defaults".into() } else { told }]
    };
    Some(Table {
        title: format!("{title}: settings of the methods"),
        headers: ["name", "method", "parameters"].map(String::from).to_vec(),
        names: 3,
        rows: settings.into_iter().map(row).collect(),
        notes: vec!["Parameters that are not named have their defaults; `records.csv` has all of them.".into()],
        ..Table::default()
    })
}

#[cfg(test)]
mod tests {
    use align::Method;
    use grid::settings::Setting;
    use store::record::Record;
    use tasks::noise::Noise;

    use super::*;

    fn setting(text: &str, alias: Option<&str>) -> Setting {
        let method: Method = serde_json::from_str(text).expect("a method");
        Setting { alias: alias.map(str::to_string), ..Setting::of(&MethodKey::of(&method)) }
    }

    fn record(setting: &Setting) -> Record {
        let key = setting.key();
        Record { method: Some(key.name), params: Some(key.params), noise: Some(Noise::default()), ..Record::default() }
    }

    #[test]
    fn a_legend_says_in_full_what_names_leave_out() {
        let settings = [
            setting(r#"{"gcca": {}}"#, None),
            setting(r#"{"gcca": {"rank": 128, "ridge": 0.01}}"#, Some("tuned")),
            setting(r#"{"srm": {"features": 8}}"#, None),
        ];
        let records = settings.each_ref().map(record);
        let summary = Summary::named(&records, &settings);
        let labels: Vec<String> = summary.groups.iter().map(|group| group.label()).collect();
        assert_eq!(labels, ["GCCA", "tuned", "SRM"]);
        let table = table("g", &summary).expect("two names leave something out");
        let rows: Vec<Vec<&str>> = table.rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        let tuned = ["tuned", "gcca", "rank 128, ridge 0.01"];
        assert_eq!(rows, [&["GCCA", "gcca", "defaults"], &tuned, &["SRM", "srm", "features 8"]]);
        // A name finds its setting; the method's name means the one without an alias.
        let found = |name: &str| Summary::find(&summary.groups, name).map(|group| group.label());
        assert_eq!(found("tuned").as_deref(), Some("tuned"));
        assert_eq!(found("gcca").as_deref(), Some("GCCA"));
        assert_eq!(found("GCCA (rank 128, ridge 0.01)").as_deref(), Some("tuned"));
        assert_eq!((found("SRM (features 8)").as_deref(), found("gpa")), (Some("SRM"), None));
    }

    #[test]
    fn names_that_say_all_need_no_legend() {
        let settings = [setting(r#"{"gcca": {}}"#, None), setting(r#"{"gcca": {"rank": 8}}"#, None)];
        let records = settings.each_ref().map(record);
        assert!(table("g", &Summary::new(&records)).is_none());
    }
}
