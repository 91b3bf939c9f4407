//! What was measured, and beside what it is put.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::times::Times;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    CallToRing,
    ReferToAccepted,
    ReferToMusic,
    ReferToNotify,
    RetrieveToAnswer,
    RetrieveToTwoWay,
}

/// One server's rounds.
#[derive(Debug, Default)]
pub struct Run {
    times: BTreeMap<Span, Times>,
    /// Of all processors, taken by the host from this virtual machine.
    pub stolen_ms: u64,
}

/// All runs, by server in the order of their first.
#[derive(Debug, Default)]
pub struct Figures(Vec<(&'static str, Vec<Run>)>);

impl Span {
    fn words(self) -> &'static str {
        match self {
            Self::CallToRing => "INVITE -> INVITE at the callee",
            Self::ReferToAccepted => "REFER to the park code -> 202",
            Self::ReferToMusic => "REFER -> first packet of music",
            Self::ReferToNotify => "REFER -> NOTIFY at a watcher",
            Self::RetrieveToAnswer => "retrieve INVITE -> 200",
            Self::RetrieveToTwoWay => "retrieve -> voices both ways",
        }
    }
}

impl Run {
    pub fn add(&mut self, span: Span, time: Duration) {
        self.times.entry(span).or_default().add(time);
    }

    fn percentile_ms(&self, span: Span, share: f64) -> f64 {
        self.times.get(&span).map_or(0.0, |times| times.percentile_ms(share))
    }
}

impl Figures {
    /// Prints it, too.
    pub fn add(&mut self, server: &'static str, run: Run) {
        println!("{server} ({} ms stolen by the host)", run.stolen_ms);
        for span in run.times.keys() {
            let (p50, p99) = (run.percentile_ms(*span, 0.5), run.percentile_ms(*span, 0.99));
            println!("    {:<32} {p50:>7.2} {p99:>7.2} ms (p50, p99)", span.words());
        }
        match self.0.iter_mut().find(|(name, _)| *name == server) {
            Some((_, runs)) => runs.push(run),
            None => self.0.push((server, vec![run])),
        }
    }

    /// Of each server's runs; and of those, how many times as long as the
    /// first server every other one takes.
    pub fn print_medians(&self) {
        let Some((first, runs)) = self.0.first() else { return };
        println!("\nmedians of {} runs", runs.len());
        let Some(spans) = runs.first().map(|run| run.times.keys()) else { return };
        for span in spans.copied() {
            let medians = |runs: &[Run]| (median_ms(runs, span, 0.5), median_ms(runs, span, 0.99));
            let (p50, p99) = medians(runs);
            print!("    {:<32} {first} {p50:>7.2} {p99:>7.2}", span.words());
            for (server, runs) in self.0.iter().skip(1) {
                let (others_p50, others_p99) = medians(runs);
                print!(
                    "   {server} {others_p50:>7.2} {others_p99:>7.2}   ratio {:.2} {:.2}",
                    others_p50 / p50,
                    others_p99 / p99
                );
            }
            println!();
        }
    }
}

/// The middle one of the runs' percentiles; of an even number the lower.
fn median_ms(runs: &[Run], span: Span, share: f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(|run| run.percentile_ms(span, share)).collect();
    values.sort_by(f64::total_cmp);
    values.get((values.len().max(1) - 1) / 2).copied().unwrap_or_default()
}
