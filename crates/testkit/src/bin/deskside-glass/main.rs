//! `./dev bench glass`: products side by side, as black boxes, on the same desktop over the same line.
//!
//! The customer, the server and the operator are in network namespaces of their own. The customer's desktop
//! is a real display with real programs; the operator's viewer is a real window on another. Measured is what
//! a person gets: the time from a pixel changing here to the same pixel changing there, the bytes on the
//! operator's line, the CPU seconds of the product's own processes, and what is wrong at rest.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a developer's command talks on the terminal")]

mod product;
mod workload;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Parser;
use deskside_testkit::glass::{Latency, MARKER, Marker, View};
use deskside_testkit::link::Line;
use deskside_testkit::network::Network;
use deskside_testkit::picture::Difference;
use deskside_testkit::programs::target_folder;
use deskside_testkit::scenario::Stage;
use product::Product;
use workload::Workload;

/// Where the marker is: above all windows, beside the panel.
const MARKER_AT: (u32, u32) = (620, 0);
/// How long a picture has to become right once nothing moves.
const REST: Duration = Duration::from_millis(2500);
/// How long a viewer may take to show the first picture.
const PATIENCE: Duration = Duration::from_secs(60);

/// Latency, bytes, CPU and fidelity of products, over an emulated line. Needs root.
#[derive(Parser)]
struct Arguments {
    /// Which products
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Product::Deskside, Product::Tigervnc])]
    products: Vec<Product>,
    /// What the customer's desktop does
    #[arg(long, value_enum, value_delimiter = ',',
        default_values_t = [Workload::Typing, Workload::Scroll, Workload::Drag, Workload::Film])]
    workloads: Vec<Workload>,
    /// How long each is watched
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// One-way delay between customer and operator, in milliseconds
    #[arg(long, default_value_t = 10.0)]
    delay_ms: f64,
    /// Megabits a second of the operator's line; 0 is without limit
    #[arg(long, default_value_t = 0.0)]
    rate_mbit: f64,
    /// Packets lost on the operator's line, in per cent
    #[arg(long, default_value_t = 0.0)]
    loss_percent: f64,
}

/// What one product did under one workload.
struct Row {
    latency: Latency,
    down: u64,
    up: u64,
    customer_cpu: f64,
    operator_cpu: f64,
    server_cpu: f64,
    rest: Difference,
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
    let line = Line {
        delay_ms: arguments.delay_ms,
        rate_mbit: arguments.rate_mbit,
        loss_percent: arguments.loss_percent,
        queue_kib: 512.0,
        ..Line::default()
    };
    let folder = target_folder().join("bench");
    let mut table = format!(
        "{} s each, {} ms one way, {} Mbit/s, {} % lost\n\n\
         | workload | product | p50 ms | p95 ms | unseen | kB down | kB up | CPU s customer | CPU s operator | CPU s server | wrong at rest % | PSNR dB |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        arguments.seconds, line.delay_ms, line.rate_mbit, line.loss_percent
    );
    print!("{table}");
    for workload in &arguments.workloads {
        for product in &arguments.products {
            let place = folder.join(format!("{workload:?}-{product:?}").to_lowercase());
            let row = one(*product, *workload, line, arguments.seconds, &place)
                .with_context(|| format!("{product:?} under {workload:?} (logs in {})", place.display()))?;
            let text = format!("| {workload:?} | {product:?} | {}\n", cells(&row)).to_lowercase();
            print!("{text}");
            table.push_str(&text);
        }
    }
    fs::write(folder.join("glass.md"), table).context("cannot keep the table")
}

fn cells(row: &Row) -> String {
    let time = |part| row.latency.quantile(part).map_or("–".to_owned(), |time| format!("{time:.1}"));
    let flips = row.latency.seen.len() + row.latency.lost;
    let psnr = if row.rest.psnr.is_finite() { format!("{:.1}", row.rest.psnr) } else { "exact".to_owned() };
    format!(
        "{} | {} | {} of {flips} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.3} | {psnr} |",
        time(0.5),
        time(0.95),
        row.latency.lost,
        row.down as f64 / 1000.0,
        row.up as f64 / 1000.0,
        row.customer_cpu,
        row.operator_cpu,
        row.server_cpu,
        row.rest.wrong_percent,
    )
}

fn one(product: Product, workload: Workload, line: Line, seconds: u64, folder: &Path) -> Result<Row> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("cannot remove what the last run left")?;
    }
    fs::create_dir_all(folder)?;
    let stage = Stage::set_in(folder, Network::new(folder, line)?)?;
    let network = stage.network().context("a stage without machines")?;
    let running = product.start(&stage)?;
    let view = View::locate(stage.customer.display(), stage.operator.display(), PATIENCE)?;
    let eye = stage.operator.display().connect()?;
    let marker = Marker::show(stage.customer.display(), MARKER_AT.0, MARKER_AT.1, 0)?;
    let middle = (i32::try_from(MARKER_AT.0 + MARKER / 2)?, i32::try_from(MARKER_AT.1 + MARKER / 2)?);
    let work = workload.prepare(&stage)?;

    let stop = AtomicBool::new(false);
    let (before, cpu) = (network.operator_line()?, running.cpu(&stage));
    let latency = thread::scope(|scope| {
        let worker = scope.spawn(|| work.go(&stop));
        let latency = watch(&marker, &eye, view.place(middle), Duration::from_secs(seconds));
        stop.store(true, Ordering::Relaxed);
        worker.join().map_err(|_| anyhow::anyhow!("the workload panicked"))??;
        latency
    })?;
    let (after, spent) = (network.operator_line()?, running.cpu(&stage));
    // The pointer is drawn by the viewer alone; it rests where no product's picture is compared.
    let shown = view.rect(stage.customer.display().connect()?.size()?);
    thread::sleep(REST);
    let rest = stage.customer.display().picture()?.compare(&eye.part(shown)?)?;
    stage.customer.display().picture()?.save(&folder.join("customer.png"))?;
    stage.operator.display().picture()?.save(&folder.join("operator.png"))?;
    Ok(Row {
        latency,
        down: after.received_bytes - before.received_bytes,
        up: after.sent_bytes - before.sent_bytes,
        customer_cpu: spent.customer - cpu.customer,
        operator_cpu: spent.operator - cpu.operator,
        server_cpu: spent.server - cpu.server,
        rest,
    })
}

/// Flips the marker about four times a second for so long.
fn watch(
    marker: &Marker,
    eye: &deskside_testkit::display::Looker,
    place: (i32, i32),
    time: Duration,
) -> Result<Latency> {
    let mut all = Latency::default();
    let began = Instant::now();
    while began.elapsed() < time {
        // Six flips go once through all colours.
        let some = Latency::measure(marker, eye, place, 6, Duration::from_millis(230))?;
        all.seen.extend(some.seen);
        all.lost += some.lost;
    }
    all.seen.sort_unstable();
    Ok(all)
}
