//! Plays random lives for so many minutes, or one life again.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clap::Parser;
use proof::{Life, Played, WRONG, first_to_notice, play, shrink};

/// Plays random lives of connections with faults at any call, and holds what must never break against each of them.
#[derive(Debug, Parser)]
#[command(name = "proof")]
struct Arguments {
    /// For how long.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// At most so many lives.
    #[arg(long, default_value_t = u64::MAX)]
    lives: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only the life of this seed, step by step.
    #[arg(long)]
    seed: Option<u64>,
    /// Do things wrongly on purpose, one after the other, and say which life notices.
    #[arg(long)]
    wrong: bool,
}

/// What came of all lives.
#[derive(Debug, Default, Clone, Copy)]
struct Total {
    lives: u64,
    faults: usize,
    executions: usize,
    calls: usize,
    broken: u64,
}

impl Total {
    fn add(&mut self, life: &Life, played: Played) {
        self.lives += 1;
        self.faults += played.failed_calls;
        self.executions += played.executions;
        self.calls += played.calls;
        let Some(why) = played.broken else {
            return;
        };
        self.broken += 1;
        let seed = life.seed;
        println!("seed {seed}: {why}\nagain: cargo run -p proof -- --seed {seed}");
        if self.broken == 1 {
            println!("as small as it gets:\n{}", shrink(life.clone()));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.seed {
        let life = Life::of(seed);
        print!("{life}");
        let played = play(&life);
        println!("{played:#?}");
        return match played.broken {
            None => ExitCode::SUCCESS,
            Some(_) => ExitCode::FAILURE,
        };
    }
    if arguments.wrong {
        let most = arguments.lives.min(2000);
        let mut unnoticed = 0;
        for wrong in WRONG {
            match first_to_notice(wrong, most) {
                Some((seed, why)) => println!("{wrong:?}: seed {seed}: {why}"),
                None => {
                    unnoticed += 1;
                    println!("{wrong:?}: not noticed by {most} lives");
                }
            }
        }
        return match unnoticed {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        };
    }
    let total = Mutex::new(Total::default());
    let next = AtomicU64::new(arguments.from);
    let began = Instant::now();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let limit = Duration::from_secs(60 * arguments.minutes);
                while began.elapsed() < limit {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed - arguments.from >= arguments.lives {
                        return;
                    }
                    let life = Life::of(seed);
                    let played = play(&life);
                    lock(&total).add(&life, played);
                }
            });
        }
    });
    let Total {
        lives,
        faults,
        executions,
        calls,
        broken,
    } = *lock(&total);
    println!(
        "{lives} lives, {executions} executions, {calls} calls, {faults} of which went wrong; {broken} lives broke a rule"
    );
    match broken {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
