//! The clock, and dates for people.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use deskside_trust::UnixTime;
use time::OffsetDateTime;
use time::macros::{format_description, utc_datetime};

/// The present, if the computer's clock can be right: certificates made under a wrong one help nobody.
pub(crate) fn now() -> anyhow::Result<UnixTime> {
    let elapsed =
        SystemTime::now().duration_since(UNIX_EPOCH).context("this computer's clock is before 1970")?;
    let earliest = utc_datetime!(2025-01-01 0:00).unix_timestamp();
    if i64::try_from(elapsed.as_secs())? < earliest {
        bail!("this computer's clock says a time before 2025; set it and try again");
    }
    Ok(UnixTime::since_unix_epoch(elapsed))
}

/// `2027-02-19 03:19 UTC`.
pub(crate) fn date(moment: UnixTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    i64::try_from(moment.as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|moment| moment.format(format).ok())
        .unwrap_or_else(|| format!("{} s after 1970", moment.as_secs()))
}
