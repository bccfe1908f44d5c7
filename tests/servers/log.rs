//! The servers' log, all of it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

/// Everything that code of servers logs in this process, without the times that a log's writer adds.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Begins to keep what is logged; once in a process.
    pub(crate) fn begin() -> Self {
        let log = Self::default();
        // As `zentalk-node --log trace`.
        let servers = "off,zentalk_node=trace,zentalk_onion_relay=trace,zentalk_sfu=trace";
        tracing_subscriber::fmt()
            .with_env_filter(servers)
            .with_ansi(false)
            .without_time()
            .with_writer(log.clone())
            .init();
        log
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Waits until each of the three servers has said, after so many bytes of this log, that it listens.
    pub(crate) async fn listening(&self, since: usize) {
        while self.text()[since..].matches(" listens").count() < 3 {
            tokio::task::yield_now().await;
        }
    }

    /// The lines that an operator's log has who asked for no more.
    pub(crate) fn usual_lines(&self) -> Vec<String> {
        let usual = |line: &&str| {
            ["INFO ", "WARN ", "ERROR "].iter().any(|level| line.trim_start().starts_with(level))
        };
        self.text().lines().filter(usual).map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
