//! Own numbers judged: matrices to a data set, a fit, Rank-1 with its interval, a paired difference of two methods.
//!
//! ```sh
//! cargo run --release -p polyalign-tasks --example evaluate
//! ```

use align::synthetic::Synthetic;
use align::{Coordinates, Dataset, Labels, Matrix, Method, Split, Views};
use tasks::statistics::resample_means;
use tasks::{ClusteringParams, Metric, Quantity, RetrievalParams, Scale, Scores, Task, TaskInput};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let (train, test) = own_numbers()?;
    let data = Dataset::new(train, test);

    let mut ranks = Vec::new();
    for name in ["gpa", "gcca"] {
        let method = Method::from_name(name).ok_or("no such method")?;
        let fit = method.fit(&data.train.views, 42)?;
        let input = TaskInput::new(&fit.fitted, &data);
        let retrieval = Task::from(RetrievalParams::default()).score(&input)?;
        let clustering = Task::from(ClusteringParams::default()).score(&input)?;
        let ari = mean(&clustering, Metric::Ari);
        println!("{name}: Rank-1 {:.3}, ARI {ari:.3} in the universe", mean(&retrieval, Metric::Rank1));
        ranks.push(first_of_pair(&retrieval).ok_or("no ranks")?);
    }

    // Every figure follows from per-item values, so differences are of the same items: v0 looked up in v1, with one seed.
    let hits = |ranks: &Vec<f32>| vec![ranks.iter().map(|&rank| f64::from(u8::from(rank <= 1.0))).collect()];
    let figures: Vec<Vec<Vec<f64>>> = ranks.iter().map(hits).collect();
    let drawn = resample_means(&figures, None, Scale::Share, 2000, 1)?;
    let intervals = [drawn.interval(0), drawn.interval(1), drawn.difference(1, 0).map(|contrast| contrast.interval)];
    for (name, interval) in ["gpa", "gcca", "gcca - gpa"].iter().zip(intervals) {
        let interval = interval.ok_or("undefined")?;
        println!("{name}: {:.3} [{:.3}, {:.3}]", interval.estimate, interval.low, interval.high);
    }
    Ok(())
}

/// Stands for whatever one's own program has: rows of numbers, the same items in the same order, and classes.
fn own_numbers() -> Result<(Split, Split), Error> {
    let made = Synthetic { widths: vec![32, 24, 32], noise: 1.5, ..Synthetic::default() }.generate(7)?;
    let split = |from: &Split| -> Result<Split, Error> {
        let mut views = Vec::new();
        for space in from.views.iter() {
            let numbers: Vec<f32> = space.values().as_slice().to_vec();
            views.push((space.name().to_string(), Matrix::new(space.values().rows(), space.values().cols(), numbers)?));
        }
        let labels = vec![Labels { name: "class".into(), values: from.labels[0].values.clone() }];
        Ok(Split::new(Views::new(views)?, labels, Vec::new(), None)?)
    };
    Ok((split(&made.train)?, split(&made.test)?))
}

/// The mean over views or pairs in the universe; what does not apply has no value and is left out.
fn mean(scores: &Scores, metric: Metric) -> f64 {
    let of = scores.scores.iter().filter(|s| s.metric == metric && s.space == Coordinates::Universe);
    let values: Vec<f64> = of.filter_map(|s| s.value).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

/// The rank of each item of v0 among those of v1.
fn first_of_pair(scores: &Scores) -> Option<Vec<f32>> {
    let pair = |source: &Option<String>, target: &Option<String>| {
        source.as_deref() == Some("v0") && target.as_deref() == Some("v1")
    };
    let mut ranks = scores.series.iter().filter(|s| s.quantity == Quantity::Rank && s.space == Coordinates::Universe);
    ranks.find(|s| pair(&s.source, &s.target)).map(|s| s.values.clone())
}
