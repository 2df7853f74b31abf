//! Dials each CTI connection and says what it offers and refuses.

use core::time::Duration;
use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Instant as Monotonic;

use ctigate_core::Level;
use ctigate_core::config::Config;
use ctigate_core::engine::ConnectionView;
use ctigate_core::setting::Setting;
use ctigate_core::wire::csta::services::{self, Served};

use crate::cli::programs;
use crate::cli::terminal::Terminal;
use crate::record::console::{Console, Format};
use crate::shell::{Said, Shell, Source, Speaker};

/// How often to look whether all connections were tried.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What is added to the time that a connection may take.
const MARGIN: Duration = Duration::from_secs(3);

/// Dials the connections and reports each. Returns whether all came into service.
pub(super) fn connect(
    shell: &dyn Shell,
    settings: &[Setting],
    config: Config,
    terminal: &mut Terminal<'_>,
) -> bool {
    let cti = &config.cti;
    // It opens, starts its session, and answers three requests.
    let spans = [cti.connect_timeout, cti.heartbeat_timeout, cti.service_timeout, cti.service_timeout];
    let micros: u64 = spans.iter().map(|span| span.as_micros()).sum();
    let limit = Duration::from_micros(micros).saturating_add(MARGIN);
    let tried = programs::dialler(shell, settings, config).and_then(|ready| {
        let console = Console::new(Box::new(io::sink()), Box::new(io::sink()), Format::Logfmt, Level::Error);
        let (hand_over, speakers) = mpsc::channel();
        let source: Source = Box::new(move |speaker| {
            // If nobody waits for it, there is nothing to ask.
            let _ = hand_over.send(speaker);
        });
        let program = ready.program(None, &console, vec![source]).map_err(|complaint| vec![complaint])?;
        Ok(thread::scope(|scope| {
            scope.spawn(move || shell.run(program));
            let tried = speakers.recv_timeout(limit).ok().map(|speaker| look(&speaker, limit));
            tried.unwrap_or_default()
        }))
    });
    match tried {
        Ok(connections) => {
            let lines: Vec<String> = connections.iter().map(report).collect();
            terminal.say(&lines.concat()) && connections.iter().all(|one| one.in_service)
        }
        Err(complaints) => {
            for complaint in &complaints {
                terminal.complain(complaint);
            }
            false
        }
    }
}

/// Waits until each connection is in service or has failed, and stops the machine. Returns the connections as they were
/// last.
fn look(speaker: &Speaker, limit: Duration) -> Vec<ConnectionView> {
    let until = Monotonic::now().checked_add(limit);
    let mut connections = Vec::new();
    while let Ok(answer) = speaker.ask() {
        connections = answer.overview.connections;
        let is_tried = |one: &ConnectionView| one.in_service || one.failed_at.is_some();
        if connections.iter().all(is_tried) || until.is_none_or(|until| Monotonic::now() >= until) {
            break;
        }
        thread::sleep(LOOK_EVERY);
    }
    // It may have ended by itself.
    let _ = speaker.say(Said::Stop);
    connections
}

/// What a connection offers and refuses, and what else is known of it, such as missing rights, in lines.
fn report(one: &ConnectionView) -> String {
    let place = format!("{} ({})", one.name, one.address);
    if !one.in_service {
        return format!(
            "{place}: not in service: {}\n",
            one.last_failure.as_deref().unwrap_or("it did not answer in time")
        );
    }
    let asked = services::all()
        .iter()
        .filter(|service| matches!(service.served, Served::ByLink | Served::Relayed | Served::Told));
    let (offered, refused): (Vec<_>, Vec<_>) = asked.partition(|service| one.features.has(service));
    let names = |services: &[&services::Service]| {
        let names: Vec<_> = services.iter().map(|service| service.root).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    };
    let mut text =
        format!("{place}: in service\n  offers {}\n  refuses {}\n", names(&offered), names(&refused));
    for remark in &one.remarks {
        text.extend(["  ", remark, "\n"]);
    }
    text
}
