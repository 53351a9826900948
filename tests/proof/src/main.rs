//! Plays everything that may go wrong at every place, and random lives for so many minutes; or one life again.

use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::Parser;
use proof::{
    Life, Place, Played, WRONG, first_to_notice, lock, meetings, named, named_lives, on_all_cores,
    play, shrink,
};

// A third of a life is spent on memory with the system's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Plays lives of connections with faults at any call, and holds what must never break against each of them.
#[derive(Debug, Parser)]
#[command(name = "proof")]
struct Arguments {
    /// For how long random lives are played, once all places are done.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// At most so many random lives.
    #[arg(long, default_value_t = usize::MAX)]
    lives: usize,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many pairs of faults at each place.
    #[arg(long, default_value_t = 2000)]
    pairs: u64,
    /// Only places whose names begin with this, such as `aurora-dsql/change`; with `none` no place.
    #[arg(long, default_value = "")]
    places: String,
    /// Only the life of this name, as a failure said it.
    #[arg(long)]
    life: Option<String>,
    /// Do things wrongly on purpose, one after the other, and say which life notices.
    #[arg(long)]
    wrong: bool,
}

/// What came of all lives.
#[derive(Debug, Default, Clone, Copy)]
struct Total {
    lives: usize,
    faults: usize,
    executions: usize,
    calls: usize,
    broken: usize,
}

/// How many lives that break a rule are told of.
const TOLD: usize = 20;

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
        if self.broken > TOLD {
            return;
        }
        let name = &life.name;
        println!("life {name}: {why}\nagain: cargo run --profile proof -p proof -- --life {name}");
        if self.broken == 1 {
            println!("as small as it gets:\n{}", shrink(life.clone()));
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            lives: self.lives + other.lives,
            faults: self.faults + other.faults,
            executions: self.executions + other.executions,
            calls: self.calls + other.calls,
            broken: self.broken + other.broken,
        }
    }

    fn say(self, what: &str, began: Instant) -> Self {
        let Self {
            lives,
            faults,
            executions,
            calls,
            broken,
        } = self;
        let seconds = began.elapsed().as_secs();
        println!(
            "{what}: {lives} lives, {executions} executions, {calls} calls, {faults} of which went wrong; {broken} lives broke a rule ({seconds} s)"
        );
        self
    }
}

/// Plays lives on all cores, until there are no more.
fn play_all(life_of: impl Fn(usize) -> Option<Life> + Sync) -> Total {
    let total = Mutex::new(Total::default());
    on_all_cores(|at| {
        let life = life_of(at);
        if let Some(life) = &life {
            let played = play(life);
            lock(&total).add(life, played);
        }
        life.is_some()
    });
    *lock(&total)
}

fn again(name: &str) -> ExitCode {
    let Some(life) = named(name) else {
        eprintln!(
            "there is no life {name}: it is a number, or begins as `meeting/`, `named/` or `aurora-dsql/change/`"
        );
        return ExitCode::from(2);
    };
    print!("{life}");
    let played = play(&life);
    println!("{played:#?}");
    match played.broken {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
    }
}

fn wrongly(most: usize) -> ExitCode {
    let mut unnoticed = 0;
    for wrong in WRONG {
        match first_to_notice(wrong, most) {
            Some((seed, why)) => println!("{wrong:?}: life {seed}: {why}"),
            None => {
                unnoticed += 1;
                println!("{wrong:?}: not noticed by {most} lives");
            }
        }
    }
    match unnoticed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// The lives that are at no place: two things that meet, and those with names.
fn without_places() -> Total {
    let began = Instant::now();
    let all: Vec<Life> = meetings().collect();
    let met = play_all(|at| all.get(at).cloned());
    let total = met.say("two things that meet", began);
    let began = Instant::now();
    let all: Vec<Life> = named_lives().collect();
    let of_name = play_all(|at| all.get(at).cloned());
    total.and(of_name.say("lives that have a name", began))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(name) = &arguments.life {
        return again(name);
    }
    if arguments.wrong {
        return wrongly(arguments.lives.min(2000));
    }
    let is_whole = matches!(arguments.places.as_str(), "" | "none");
    let mut total = if is_whole {
        without_places()
    } else {
        Total::default()
    };
    let places = match arguments.places.as_str() {
        "none" => Vec::new(),
        beginning => Place::all(beginning),
    };
    for place in places {
        let name = place.name();
        let began = Instant::now();
        let singles: Vec<Life> = place.singles().collect();
        let placed = play_all(|at| singles.get(at).cloned());
        placed.say(&format!("{name}, one fault at each call"), began);
        let began = Instant::now();
        let first = arguments.from;
        let pairs = play_all(|at| {
            let at = u64::try_from(at).ok().filter(|at| *at < arguments.pairs)?;
            Some(place.pair(first + at))
        });
        pairs.say(&format!("{name}, two faults"), began);
        total = total.and(placed).and(pairs);
    }
    let began = Instant::now();
    let limit = Duration::from_secs(60 * arguments.minutes);
    let random = play_all(|at| {
        let is_over = began.elapsed() >= limit || at >= arguments.lives;
        let at = u64::try_from(at).ok().filter(|_| !is_over)?;
        Some(Life::of(arguments.from + at))
    });
    random.say("by chance", began);
    match total.and(random).broken {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
