//! A grid of a million cells on a cluster, simulated: how long it takes by cells per task, where no measurement reaches.
//!
//! `cargo run --release --example scale` prints the simulated table of docs/scale.md. It is a model: a scheduler that
//! starts one task after the other, slots that are free or not, cells of random length, nodes that fail now and then and
//! take with them the cell that runs and the time until somebody notices. What it assumes stands in [`Model`]; figures
//! marked "measured" were, on the machine of docs/scale.md.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is assumed. Times in milliseconds, so that events have an order.
struct Model {
    /// Cells of the grid.
    cells: usize,
    /// Mean length of a cell; lengths are log-normal with a spread of e (σ = 1).
    cell_ms: f64,
    /// Slots: cores that run a task each.
    slots: usize,
    /// Between two starts, whoever is free: measured with empty tasks.
    start_ms: u64,
    /// From a task's start to its first cell: process, data, plan of this many cells; measured.
    begin_ms: f64,
    /// Around a cell: two files forced to disk and renamed; measured.
    around_ms: f64,
    /// Hours until a node fails, on the average; a slot sees its own node's failures.
    node_hours: f64,
    /// Until a lost node is noticed (SlurmdTimeout) and its tasks may start again (two minutes), Slurm's defaults.
    noticed_ms: f64,
    /// Tasks that the scheduler takes at a time (MaxJobCount): the next wave is submitted when one has ended.
    at_a_time: usize,
}

impl Model {
    /// A million cells in so many grids, one after the other.
    fn new(cell_seconds: f64, slots: usize, grids: usize) -> Self {
        Self {
            cells: CELLS,
            cell_ms: cell_seconds * 1e3,
            slots,
            start_ms: 30,
            begin_ms: BEGIN_MS_PER_CELL * (CELLS / grids) as f64,
            around_ms: AROUND_MS,
            node_hours: 30.0 * 24.0,
            noticed_ms: (300.0 + 121.0) * 1e3,
            at_a_time: 10_000,
        }
    }
}

const CELLS: usize = 1_000_000;
/// Measured: what `run-cell` takes longer on a plan of 20,000 cells than on one of 2,000, a cell.
const BEGIN_MS_PER_CELL: f64 = 0.14;
/// Measured: a cell that costs next to nothing, all in all.
const AROUND_MS: f64 = 12.0;

/// What came of it.
struct Outcome {
    tasks: usize,
    hours: f64,
    /// Share of all slots' time that went into cells that were kept.
    useful: f64,
    failures: usize,
    /// Slot hours of cells that were lost half-way.
    lost_hours: f64,
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): repeatable draws for a model, not for results.
struct Draws(u64);

impl Draws {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.uniform()).ln()
    }

    /// Of this mean, σ = 1 (Box and Muller).
    fn log_normal(&mut self, mean: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.uniform()).cos();
        mean * (normal - 0.5).exp()
    }
}

/// A task: when it may start, and how many cells it has left.
type Waiting = Reverse<(u64, usize)>;

fn simulate(model: &Model, group: usize) -> Outcome {
    let mut draws = Draws(1);
    let tasks = model.cells.div_ceil(group);
    let mut free: BinaryHeap<Reverse<u64>> = (0..model.slots).map(|_| Reverse(0)).collect();
    let (mut scheduler, mut end, mut kept, mut lost, mut failures) = (0u64, 0u64, 0.0, 0.0, 0);
    let mut submitted = 0;
    while submitted < tasks {
        let wave = model.at_a_time.min(tasks - submitted);
        let cells = |task: usize| group.min(model.cells - task * group);
        let mut waiting: BinaryHeap<Waiting> =
            (submitted..submitted + wave).map(|task| Reverse((end, cells(task)))).collect();
        submitted += wave;
        let mut wave_end = end;
        while let Some(Reverse((ready, left))) = waiting.pop() {
            let Some(Reverse(slot)) = free.pop() else { unreachable!("a slot comes back with every task") };
            let start = scheduler.max(slot).max(ready);
            scheduler = start + model.start_ms;
            let fails = draws.exponential(model.node_hours * 3.6e6);
            let mut now = model.begin_ms;
            let mut done = 0;
            while done < left {
                let cell = draws.log_normal(model.cell_ms);
                let next = now + cell + model.around_ms;
                if next > fails {
                    lost += fails - now.min(fails);
                    break;
                }
                (now, done) = (next, done + 1);
                kept += cell;
            }
            let mut freed = start + now as u64;
            if done < left {
                failures += 1;
                freed = start + (fails + model.noticed_ms) as u64;
                waiting.push(Reverse((freed, left - done)));
            }
            free.push(Reverse(freed));
            wave_end = wave_end.max(freed);
        }
        end = wave_end;
    }
    let useful = kept / (end as f64 * model.slots as f64);
    Outcome { tasks, hours: end as f64 / 3.6e6, useful, failures, lost_hours: lost / 3.6e6 }
}

fn main() {
    println!(
        "| cells of | slots | grids | cells a task | tasks | hours | at best | useful | failures | lost slot hours |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (seconds, slots, grids) in [(1.0, 1000, 10), (60.0, 1000, 1), (60.0, 1000, 10), (60.0, 10_000, 10)] {
        let model = Model::new(seconds, slots, grids);
        for group in [1, 10, 100, 1000] {
            let Outcome { tasks, hours, useful, failures, lost_hours } = simulate(&model, group);
            let best = model.cells as f64 * seconds / slots as f64 / 3600.0;
            println!(
                "| {seconds} s | {slots} | {grids} | {group} | {tasks} | {hours:.2} | {best:.2} | {:.0}% | {failures} | {lost_hours:.1} |",
                100.0 * useful
            );
        }
    }
}
