//! `./dev bench glass`: products side by side, as black boxes, on the same desktop over the same line.
//!
//! The customer, the server and the operator are in network namespaces of their own. The customer's desktop
//! is a real display with real programs; the operator's viewer is a real window on another. Measured is what
//! a person gets: the time from a pixel changing here to the same pixel changing there, the bytes on the
//! operator's line, the CPU seconds of the product's own processes, how well a film is shown while it moves,
//! and what is wrong at rest and for how long.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a developer's command talks on the terminal")]

mod bars;
mod desk;
mod figures;
mod product;
mod record;
mod rest;
mod trial;
mod workload;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, ValueEnum};
use deskside_testkit::link::Line;
use deskside_testkit::programs::target_folder;

use bars::Results;
use figures::{Figure, Row, median_row};
use product::Product;
use trial::Trial;
use workload::Workload;

/// Latency, bytes, CPU and fidelity of products, over an emulated line. Needs root.
#[derive(Parser)]
struct Arguments {
    /// Which products
    #[arg(long, value_enum, value_delimiter = ',',
        default_values_t = [Product::Deskside, Product::Tigervnc, Product::Freerdp])]
    products: Vec<Product>,
    /// What the customer's desktop does; by default what the line is there for
    #[arg(long, value_enum, value_delimiter = ',')]
    workloads: Vec<Workload>,
    /// How long each is watched
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often each is tried, products in turn; the tables show medians
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// The customer's screen; several are measured one after the other
    #[arg(long, value_delimiter = ',', default_value = "1920x1080", value_parser = parse_screen)]
    screen: Vec<(u32, u32)>,
    /// The line between customer and operator
    #[arg(long, value_enum, default_value_t = Preset::Lan)]
    line: Preset,
    /// One-way delay in milliseconds, instead of the line's
    #[arg(long)]
    delay_ms: Option<f64>,
    /// Megabits a second of the operator's line, instead of the line's; 0 is without limit
    #[arg(long)]
    rate_mbit: Option<f64>,
    /// Packets lost on the operator's line in per cent, instead of the line's
    #[arg(long)]
    loss_percent: Option<f64>,
    /// Measures nothing, but records what the workloads do to the screen, as traces for the codec's bench
    #[arg(long, value_name = "FOLDER")]
    record: Option<PathBuf>,
}

/// A kind of line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Preset {
    /// 10 ms one way, rate unlimited
    Lan,
    /// 20 ms one way, 8 Mbit/s, 1 % lost
    Dsl,
    /// 100 ms one way, 1 Mbit/s, 2 % lost
    Slow,
    /// 200 ms one way, 256 kbit/s
    Modem,
}

impl Preset {
    fn line(self) -> Line {
        let (delay_ms, rate_mbit, loss_percent) = match self {
            Self::Lan => (10.0, 0.0, 0.0),
            Self::Dsl => (20.0, 8.0, 1.0),
            Self::Slow => (100.0, 1.0, 2.0),
            Self::Modem => (200.0, 0.256, 0.0),
        };
        Line { delay_ms, rate_mbit, loss_percent, queue_kib: 512.0, ..Line::default() }
    }

    fn workloads(self) -> Vec<Workload> {
        match self {
            Self::Lan | Self::Dsl => Workload::value_variants()
                .iter()
                .copied()
                .filter(|workload| *workload != Workload::TypingFilm)
                .collect(),
            Self::Slow | Self::Modem => vec![Workload::Typing, Workload::TypingFilm],
        }
    }
}

fn parse_screen(text: &str) -> Result<(u32, u32), String> {
    let size =
        text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match size {
        Some((width, height)) if (1280..=7680).contains(&width) && (800..=4320).contains(&height) => {
            Ok((width, height))
        }
        _ => Err("a screen is from 1280x800 to 7680x4320".to_owned()),
    }
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<()> {
    if let Some(folder) = &arguments.record {
        for (screen, workload) in combinations(arguments) {
            record::record(workload, screen, Duration::from_secs(arguments.seconds), folder)?;
        }
        return Ok(());
    }
    let preset = arguments.line.line();
    let line = Line {
        delay_ms: arguments.delay_ms.unwrap_or(preset.delay_ms),
        rate_mbit: arguments.rate_mbit.unwrap_or(preset.rate_mbit),
        loss_percent: arguments.loss_percent.unwrap_or(preset.loss_percent),
        ..preset
    };
    let folder = target_folder().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut results = Results::new();
    let mut failures = Vec::new();
    // Products in turn, so that what else the machine does falls on all of them.
    for run in 1..=arguments.runs {
        for trial in trials(arguments, line) {
            let name = trial::place(trial.workload, trial.product, trial.screen);
            match trial.run(&folder.join(&name)) {
                Ok(row) => {
                    println!("{run}/{} {name}: {}", arguments.runs, sentence(&row));
                    let key = (trial.screen, trial.workload, trial.product);
                    results.entry(key).or_default().push(row);
                }
                Err(error) => {
                    println!("{run}/{} {name}: failed: {error:#}", arguments.runs);
                    failures.push(name);
                }
            }
        }
    }
    report(arguments, &line, &results, &folder)?;
    if !failures.is_empty() {
        bail!("failed, with logs in {}: {}", folder.display(), failures.join(", "));
    }
    Ok(())
}

/// What each product is to be tried with.
fn combinations(arguments: &Arguments) -> Vec<((u32, u32), Workload)> {
    let default = arguments.line.workloads();
    let workloads = if arguments.workloads.is_empty() { &default } else { &arguments.workloads };
    let screens = arguments.screen.iter();
    screens.flat_map(|screen| workloads.iter().map(|workload| (*screen, *workload))).collect()
}

fn trials(arguments: &Arguments, line: Line) -> Vec<Trial> {
    let time = Duration::from_secs(arguments.seconds);
    let with = |(screen, workload)| {
        arguments.products.iter().map(move |product| Trial {
            product: *product,
            workload,
            screen,
            line,
            time,
        })
    };
    combinations(arguments).into_iter().flat_map(with).collect()
}

/// A row while the others are still being measured.
fn sentence(row: &Row) -> String {
    let figures: Vec<String> = row
        .iter()
        .map(|(figure, value)| format!("{} {}", figure.head(), figure.cell(Some(*value))))
        .collect();
    figures.join(", ")
}

fn report(arguments: &Arguments, line: &Line, results: &Results, folder: &Path) -> Result<()> {
    let mut text = format!(
        "{} s each, {} run(s), {} ms one way, {}, {} % lost\n\n",
        arguments.seconds,
        arguments.runs,
        line.delay_ms,
        if line.rate_mbit == 0.0 {
            "rate unlimited".to_owned()
        } else {
            format!("{} Mbit/s", line.rate_mbit)
        },
        line.loss_percent,
    );
    let heads: Vec<&str> = Figure::SHOWN.iter().map(|figure| figure.head()).collect();
    writeln!(text, "| screen | workload | product | {} |", heads.join(" | "))?;
    writeln!(text, "|---|---|---|{}", "---:|".repeat(heads.len()))?;
    for (((width, height), workload, product), rows) in results {
        let row = median_row(rows);
        let cells: Vec<String> =
            Figure::SHOWN.iter().map(|figure| figure.cell(row.get(figure).copied())).collect();
        let names = format!("{width}×{height} | {} | {}", trial::name(workload), trial::name(product));
        writeln!(text, "| {names} | {} |", cells.join(" | "))?;
    }
    writeln!(text, "\n{}", bars::table(results, line)?)?;
    println!("\n{text}");
    let file = folder.join(format!("glass-{}.md", trial::name(&arguments.line)));
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
}
