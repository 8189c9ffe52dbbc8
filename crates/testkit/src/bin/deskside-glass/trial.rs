//! One product under one workload, from an empty desktop to figures.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::ValueEnum;
use deskside_testkit::film::Sight;
use deskside_testkit::glass::{Latency, Marker, View};
use deskside_testkit::link::Line;
use deskside_testkit::network::Network;
use deskside_testkit::picture::Rect;
use deskside_testkit::scenario::Stage;

use crate::figures::{Figure, Row, median};
use crate::product::{Product, Running};
use crate::rest::{self, Glass};
use crate::workload::{SINGLE_SLIDES, Slides, Work, Workload, uncovered};

/// How long a viewer may take to show the first picture.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a line may take to become quiet before the work begins.
const QUIET: Duration = Duration::from_secs(40);
/// How long an idle desktop is watched.
const IDLE: Duration = Duration::from_secs(10);
/// How often the marker changes: about four times a second.
const PACE: Duration = Duration::from_millis(230);
/// How long a picture may take to become exact once nothing moves, at least and at most, and a slide on its own.
const REST: Duration = Duration::from_secs(10);
const LONGEST_REST: Duration = Duration::from_secs(120);
const SLIDE: Duration = Duration::from_secs(20);

/// What is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trial {
    pub(crate) product: Product,
    pub(crate) workload: Workload,
    pub(crate) screen: (u32, u32),
    pub(crate) line: Line,
    pub(crate) time: Duration,
}

impl Trial {
    /// Runs it; pictures and logs are kept in the folder.
    pub(crate) fn run(&self, folder: &Path) -> Result<Row> {
        if folder.exists() {
            fs::remove_dir_all(folder).context("cannot remove what the last run left")?;
        }
        fs::create_dir_all(folder)?;
        let stage = Stage::set_in(folder, Network::new(folder, self.line)?, self.screen)?;
        let running = self.product.start(&stage)?;
        let view = View::locate(stage.customer.display(), stage.operator.display(), PATIENCE)?;
        ensure!((view.scale - 1.0).abs() < 1e-9, "the viewer shows the screen scaled by {:.4}", view.scale);
        let glass = Glass {
            there: stage.customer.display().connect()?,
            here: stage.operator.display().connect()?,
            shown: view.rect(self.screen),
        };
        let work = self.workload.prepare(&stage, self.time)?;
        let outcome = if self.workload == Workload::Idle {
            idle(&stage, &running)
        } else {
            self.watch(&stage, &running, &view, &glass, &work)
        };
        stage.customer.display().picture()?.save(&folder.join("customer.png"))?;
        stage.operator.display().picture()?.save(&folder.join("operator.png"))?;
        outcome
    }

    fn watch(
        &self,
        stage: &Stage,
        running: &Running<'_>,
        view: &View,
        glass: &Glass,
        work: &Work,
    ) -> Result<Row> {
        let network = stage.network().context("a stage without machines")?;
        let (place, customer) = (work.marker, stage.customer.display());
        let marker = Marker::sized(customer, place.corner, place.side, 0)?;
        let middle = |corner: u32| i32::try_from(corner + place.side / 2);
        let spot = view.place((middle(place.corner.0)?, middle(place.corner.1)?));
        wait_for_quiet(network)?;

        let stop = AtomicBool::new(false);
        let (before, cpu) = (network.operator_line()?, running.cpu(stage));
        let (latency, sight, ended) = thread::scope(|scope| {
            let worker = scope.spawn(|| work.go(&stop));
            let film = scope.spawn(|| self.watch_film(view, stage, work, &stop));
            let latency = Latency::measure_for(&marker, &glass.here, spot, self.time, PACE);
            stop.store(true, Ordering::Relaxed);
            worker.join().map_err(|_| anyhow!("the workload panicked"))??;
            let ended = Instant::now();
            let sight = film.join().map_err(|_| anyhow!("the film's watcher panicked"))??;
            anyhow::Ok((latency?, sight, ended))
        })?;
        let (after, spent) = (network.operator_line()?, running.cpu(stage));
        let rest = glass.rest(ended, self.patience(work.area))?;

        let mut row = Row::new();
        let flips = latency.seen.len() + latency.lost;
        row.insert(Figure::P50, latency.quantile(0.5).unwrap_or(f64::INFINITY));
        row.insert(Figure::P95, latency.quantile(0.95).unwrap_or(f64::INFINITY));
        row.insert(Figure::Unseen, latency.lost as f64 * 100.0 / flips.max(1) as f64);
        let kilobytes = |after: u64, before: u64| (after - before) as f64 / 1000.0;
        row.insert(Figure::Down, kilobytes(after.received_bytes, before.received_bytes));
        row.insert(Figure::Up, kilobytes(after.sent_bytes, before.sent_bytes));
        row.insert(Figure::After, kilobytes(network.operator_line()?.received_bytes, after.received_bytes));
        row.insert(Figure::CustomerCpu, spent.customer - cpu.customer);
        row.insert(Figure::OperatorCpu, spent.operator - cpu.operator);
        row.insert(Figure::ServerCpu, spent.server - cpu.server);
        row.insert(Figure::Wrong, rest.difference.wrong_percent);
        row.insert(Figure::Rest, rest.difference.psnr);
        row.insert(Figure::Exact, rest.exact.map_or(f64::INFINITY, rest::milliseconds));
        row.insert(Figure::Lossless, customer.picture()?.crop(work.area)?.lossless_size()? as f64 / 1000.0);
        if let (Some(sight), Some(film)) = (sight, &work.film) {
            row.insert(Figure::FilmRate, sight.rate());
            row.extend(median(sight.fidelity(film)).map(|psnr| (Figure::FilmFidelity, psnr)));
        }
        if let Some(slides) = &work.slides {
            row.extend(single_slides(glass, slides)?);
        }
        Ok(row)
    }

    /// How long to wait for an exact picture: on a narrow line Deskside has as long as what changed would take
    /// at a byte and a half a pixel, which is more than its bar allows. Peers have no such bar.
    fn patience(&self, area: Rect) -> Duration {
        let bytes = f64::from(area.width) * f64::from(area.height) * 1.5;
        let bytes_a_second = self.line.rate_mbit * 125_000.0;
        if self.product != Product::Deskside || bytes_a_second == 0.0 {
            return REST;
        }
        Duration::from_secs_f64(bytes / bytes_a_second).clamp(REST, LONGEST_REST)
    }

    /// Watches the film, if there is one.
    fn watch_film(
        &self,
        view: &View,
        stage: &Stage,
        work: &Work,
        stop: &AtomicBool,
    ) -> Result<Option<Sight>> {
        let Some(film) = &work.film else { return Ok(None) };
        let place = film.place();
        let (x, y) = view.place((i32::try_from(place.x)?, i32::try_from(place.y)?));
        let corner = (u32::try_from(x)?, u32::try_from(y)?);
        let eye = stage.operator.display().connect()?;
        let goes_on = || !stop.load(Ordering::Relaxed);
        let width = uncovered(self.workload, place, self.screen);
        width.map(|width| Sight::watch(&eye, corner, width, goes_on)).transpose()
    }
}

/// Slides one by one, each with all the time it needs.
fn single_slides(glass: &Glass, slides: &Slides) -> Result<Row> {
    let (mut known, mut exact) = (Vec::new(), Vec::new());
    for _ in 0..SINGLE_SLIDES {
        let began = Instant::now();
        slides.next()?;
        let arrival = glass.arrival(began, SLIDE)?;
        let time = |time: Option<Duration>| time.map_or(f64::INFINITY, rest::milliseconds);
        known.push(time(arrival.recognisable));
        exact.push(time(arrival.exact));
    }
    let medians = [(Figure::Recognisable, median(known)), (Figure::SlideExact, median(exact))];
    Ok(medians.into_iter().filter_map(|(figure, value)| Some((figure, value?))).collect())
}

/// What the customer's program spends while nothing changes.
fn idle(stage: &Stage, running: &Running<'_>) -> Result<Row> {
    wait_for_quiet(stage.network().context("a stage without machines")?)?;
    let (began, before) = (Instant::now(), running.customer().run_seconds());
    thread::sleep(IDLE);
    let spent = running.customer().run_seconds() - before;
    Ok(Row::from([(Figure::Idle, spent * 100.0 / began.elapsed().as_secs_f64())]))
}

/// Waits until next to nothing goes over the operator's line any more. A product that never rests is measured
/// as it is.
fn wait_for_quiet(network: &Network) -> Result<()> {
    let began = Instant::now();
    let mut last = network.operator_line()?.received_bytes;
    while began.elapsed() < QUIET {
        thread::sleep(Duration::from_millis(1200));
        let now = network.operator_line()?.received_bytes;
        if now - last < 4000 {
            break;
        }
        last = now;
    }
    Ok(())
}

/// A workload's or a product's name, as the command line has it.
pub(crate) fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Where a row's pictures and logs are kept, under the bench's folder.
pub(crate) fn place(workload: Workload, product: Product, (width, height): (u32, u32)) -> String {
    format!("{width}x{height}-{}-{}", name(&workload), name(&product))
}
