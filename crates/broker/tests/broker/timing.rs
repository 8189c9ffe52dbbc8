//! What the time of an answer tells. Slow, and only on a quiet machine worth anything.

use std::time::Instant;

use crate::lab::{HOUR, Lab, MINUTE, code_of, other_code};

/// Welch's t over two samples, each without its slowest tenth: what a disk or a scheduler does now and then
/// hides small differences.
fn welch(one: &[f64], two: &[f64]) -> f64 {
    let moments = |sample: &[f64]| {
        let mut kept = sample.to_vec();
        kept.sort_by(f64::total_cmp);
        kept.truncate(kept.len() * 9 / 10);
        let count = f64::from(u32::try_from(kept.len()).unwrap());
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((mean_one, error_one), (mean_two, error_two)) = (moments(one), moments(two));
    (mean_one - mean_two) / (error_one + error_two).sqrt()
}

#[test]
fn welch_tells_samples_apart() {
    let sample =
        |shift: f64| (0..1_000u32).map(move |n| f64::from(n * 7919 % 1_000) + shift).collect::<Vec<_>>();
    assert!(welch(&sample(0.0), &sample(0.0)).abs() < 0.1);
    assert!(welch(&sample(0.0), &sample(100.0)) < -4.5);
}

/// Case T42: an account that exists and one that does not take the same time.
#[tokio::test]
#[ignore = "slow: run by ./dev test --full"]
async fn t42_log_ins_of_unknown_accounts_take_as_long() {
    const SAMPLES: usize = 2_000;
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let who = [lab.operator("ann"), lab.operator("who")];
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..SAMPLES + 20 {
        // Whoever is second profits from warm caches, so they take turns.
        for index in [round % 2, (round + 1) % 2] {
            lab.clock.advance(2 * HOUR);
            if round % 10 == 0 {
                lab.write_crl(&[]);
            }
            let begin = Instant::now();
            let reply = api.login(&who[index], ["ann", "who"][index], "a wrong password", "192.0.2.1").await;
            let took = begin.elapsed().as_secs_f64();
            assert_eq!(reply.error(), "login_failed");
            if 20 <= round {
                times[index].push(took);
            }
        }
    }
    let t = welch(&times[0], &times[1]);
    assert!(t.abs() < 4.5, "t = {t}");
}

/// Case T08, time: unknown, used and expired codes take the same time.
#[tokio::test]
#[ignore = "slow: run by ./dev test --full"]
async fn t08_codes_that_do_not_work_take_the_same_time() {
    const SAMPLES: usize = 5_000;
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let (used, expired) = (api.offered(&ann, &token).await, api.offered(&ann, &token).await);
    assert!(api.join(&code_of(&used), "192.0.2.1").await.status.is_success());
    lab.clock.advance(11 * MINUTE);
    let codes = [code_of(&used), code_of(&expired)];
    let unknown = (1..).map(|by| other_code(&codes[0], by)).find(|code| !codes.contains(code)).unwrap();
    let codes = [&unknown, &codes[0], &codes[1]];
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..SAMPLES + 20 {
        for turn in 0..3 {
            let index = (round + turn) % 3;
            lab.clock.advance(10 * MINUTE);
            let begin = Instant::now();
            let reply = api.join(codes[index], "198.51.100.1").await;
            let took = begin.elapsed().as_secs_f64();
            assert_eq!(reply.error(), "no_such_code");
            if 20 <= round {
                times[index].push(took);
            }
        }
    }
    for (name, index) in [("used", 1), ("expired", 2)] {
        let t = welch(&times[0], &times[index]);
        assert!(t.abs() < 4.5, "unknown against {name}: t = {t}");
    }
}
