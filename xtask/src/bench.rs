//! Benchmarks: a layer beside the bare primitives and beside other crates, in one process.

use crate::shell::{self, Outcome};

/// Time a layer beside its primitives and its peers, and print the ratios.
#[derive(clap::Args)]
pub(crate) struct Bench {
    /// The layer.
    #[arg(value_enum, required_unless_present = "all")]
    layer: Option<Layer>,
    /// Every layer, one after the other.
    #[arg(long, conflicts_with = "layer")]
    all: bool,
    /// Also write the numbers to this folder, as `LAYER.json`.
    #[arg(long, value_name = "FOLDER")]
    json: Option<std::path::PathBuf>,
    /// Exit with 1 where a goal is missed.
    #[arg(long)]
    check: bool,
}

/// The layers that have a benchmark: a bench target of the layer's crate.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Layer {
    Srtp,
    Ratchet,
}

impl Layer {
    /// Its package, bench target and the features that the target needs.
    fn target(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Srtp => ("zentalk-srtp-media", "srtp", ""),
            Self::Ratchet => ("zentalk-signaling-ratchet", "ratchet", "bench"),
        }
    }
}

impl Bench {
    pub(crate) fn run(self) -> Outcome {
        let all = <Layer as clap::ValueEnum>::value_variants();
        let layers = self.layer.as_ref().map_or(all, std::slice::from_ref);
        layers.iter().try_for_each(|layer| self.bench(*layer))
    }

    fn bench(&self, layer: Layer) -> Outcome {
        let (package, bench, features) = layer.target();
        let mut command = shell::cargo(&["bench", "--locked", "-p", package, "--bench", bench]);
        command.args(["--features", features, "--"]);
        if let Some(folder) = &self.json {
            // The benchmark runs in its package's folder.
            let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
            command.arg("--json").arg(folder.join(format!("{bench}.json")));
        }
        if self.check {
            command.arg("--check");
        }
        shell::run(&mut command)
    }
}
