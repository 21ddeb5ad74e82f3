//! Numbers for Prometheus, of requests and not of people: no label holds what somebody sent.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};
use tracing::warn;

/// Where a histogram of durations counts, in seconds.
const SECONDS: [f64; 9] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Counts from here on, and serves the numbers until the program ends.
pub(crate) fn serve(listener: TcpListener) -> io::Result<()> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error: BuildError| io::Error::other(error))?;
    describe();
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let upkeep = recorder.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    });
    let numbers = async move || ([(CONTENT_TYPE, "text/plain; version=0.0.4")], recorder.render());
    let router = Router::new().route("/metrics", get(numbers));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            warn!(%error, "metrics are not served any more");
        }
    });
    Ok(())
}

fn describe() {
    describe_counter!("kazashi_portal_requests_total", "Requests that were answered");
    describe_histogram!(
        "kazashi_portal_request_seconds",
        Unit::Seconds,
        "Time until an answer began"
    );
    describe_counter!("kazashi_portal_refusals_total", "Requests that failed, by their code");
    describe_counter!("kazashi_portal_visits_total", "Visits that this server recorded");
    describe_gauge!("kazashi_portal_boards", "Boards that watch this server");
    describe_gauge!("kazashi_portal_well", "Whether a part that requests need is well");
}
