//! The set-up step: the system packages and cargo tools that building and testing need.

use std::io::IsTerminal;
use std::path::Path;
use std::process::Command;

use crate::shell::{self, Failure, Outcome};

/// Check for the system packages that the build needs, and install what is missing.
#[derive(clap::Args)]
pub(crate) struct Setup {
    /// Only say what is missing; install nothing
    #[arg(long)]
    check: bool,
}

impl Setup {
    pub(crate) fn run(self) -> Outcome {
        let missing = missing(NEEDS);
        if missing.is_empty() {
            println!("set-up: every system package is there");
            return Ok(());
        }
        if self.check {
            return Err(Failure::new(advice(&missing)));
        }
        install(&missing)
    }
}

/// Installs what the build needs, quietly if nothing is missing.
pub(crate) fn ensure() -> Outcome {
    ensure_all(NEEDS)
}

/// Installs what the Python peer of the interop tests needs.
pub(crate) fn ensure_python() -> Outcome {
    ensure_all(PYTHON_NEEDS)
}

/// Installs what the browser of the interop tests needs.
pub(crate) fn ensure_chromium() -> Outcome {
    ensure_all(CHROMIUM_NEEDS)
}

/// Installs coturn, whose server and client are the interop tests' peers for TURN.
pub(crate) fn ensure_coturn() -> Outcome {
    ensure_with_coturn(COTURN_NEEDS)
}

/// Installs the benchmarks' peers in C, and what the build needs.
pub(crate) fn ensure_bench_peers() -> Outcome {
    ensure()?;
    ensure_all(BENCH_NEEDS)?;
    ensure_coturn()
}

/// Installs what the NAT lab needs, and what the build needs.
pub(crate) fn ensure_lab() -> Outcome {
    ensure()?;
    ensure_with_coturn(LAB_NEEDS)
}

fn ensure_with_coturn(needs: &'static [Need]) -> Outcome {
    let brings_coturn = missing(needs).iter().any(|need| need.apt == COTURN);
    ensure_all(needs)?;
    if brings_coturn { leave_stopped(COTURN) } else { Ok(()) }
}

/// A distribution may start a server when it is installed; nobody asked for one that runs.
fn leave_stopped(service: &str) -> Outcome {
    if !shell::works("systemctl", &["is-active", "--quiet", service]) {
        return Ok(());
    }
    let stop = ["systemctl", "disable", "--now", "--quiet", service];
    shell::run(&mut privileged(privilege().unwrap_or_default(), &stop))
}

fn ensure_all(needs: &'static [Need]) -> Outcome {
    let missing = missing(needs);
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// Installs `cargo-deny` if it is not there.
pub(crate) fn ensure_cargo_deny() -> Outcome {
    if shell::output(&mut shell::cargo(&["deny", "--version"])).is_some() {
        return Ok(());
    }
    println!("set-up: installing cargo-deny (about two minutes)");
    // Unoptimised: it is built faster than the optimised one would save in this use.
    shell::run(&mut shell::cargo(&["install", "--quiet", "--locked", "--debug", "cargo-deny"]))
}

/// One thing the build needs, how to see whether it is there, and its name with each package manager.
struct Need {
    what: &'static str,
    present: fn() -> bool,
    apt: &'static str,
    dnf: &'static str,
    pacman: &'static str,
}

const NEEDS: &[Need] = &[
    Need {
        what: "a C compiler",
        present: || shell::works("cc", &["--version"]),
        apt: "build-essential",
        dnf: "gcc",
        pacman: "base-devel",
    },
    Need {
        what: "a C++ compiler",
        present: || shell::works("c++", &["--version"]),
        apt: "build-essential",
        dnf: "gcc-c++",
        pacman: "base-devel",
    },
    Need {
        what: "CMake (builds libopus)",
        present: || shell::works("cmake", &["--version"]),
        apt: "cmake",
        dnf: "cmake",
        pacman: "cmake",
    },
    Need {
        what: "NASM (assembles the codecs)",
        present: || shell::works("nasm", &["--version"]),
        apt: "nasm",
        dnf: "nasm",
        pacman: "nasm",
    },
    Need {
        what: "pkg-config",
        present: || shell::works("pkg-config", &["--version"]),
        apt: "pkg-config",
        dnf: "pkgconf-pkg-config",
        pacman: "pkgconf",
    },
    Need {
        what: "libvpx with its headers (VP8)",
        present: || shell::works("pkg-config", &["--exists", "vpx"]),
        apt: "libvpx-dev",
        dnf: "libvpx-devel",
        pacman: "libvpx",
    },
    Need {
        what: "libclang (reads the headers of libvpx)",
        present: libclang_is_there,
        apt: "libclang-dev",
        dnf: "clang-devel",
        pacman: "clang",
    },
    Need {
        what: "the openssl program (interop tests)",
        present: || shell::works("openssl", &["version"]),
        apt: "openssl",
        dnf: "openssl",
        pacman: "openssl",
    },
];

const PYTHON_NEEDS: &[Need] = &[Need {
    what: "Python 3 with venv and pip (runs aiortc)",
    present: || shell::works("python3", &["-c", "import ensurepip, venv"]),
    apt: "python3-venv",
    dnf: "python3",
    pacman: "python",
}];

const CHROMIUM_NEEDS: &[Need] = &[
    Need {
        what: "Chromium",
        present: chromium_is_there,
        apt: "chromium",
        dnf: "chromium",
        pacman: "chromium",
    },
    Need {
        what: "Node.js (drives Chromium)",
        present: || shell::works("node", &["--version"]),
        apt: "nodejs",
        dnf: "nodejs",
        pacman: "nodejs",
    },
    Need {
        what: "npm (installs Chromium's driver)",
        present: || shell::works("npm", &["--version"]),
        apt: "npm",
        dnf: "nodejs-npm",
        pacman: "npm",
    },
];

/// The TURN server's package and its service.
const COTURN: &str = "coturn";

const TURNSERVER: Need = Need {
    what: "coturn (the reference TURN server)",
    present: || shell::works("turnserver", &["--version"]),
    apt: COTURN,
    dnf: COTURN,
    pacman: COTURN,
};

const LAB_NEEDS: &[Need] = &[
    Need {
        what: "ip (makes network namespaces)",
        present: || shell::works("ip", &["-V"]),
        apt: "iproute2",
        dnf: "iproute",
        pacman: "iproute2",
    },
    Need {
        what: "nft (makes NATs)",
        present: || shell::works("nft", &["--version"]),
        apt: "nftables",
        dnf: "nftables",
        pacman: "nftables",
    },
    TURNSERVER,
];

const COTURN_NEEDS: &[Need] = &[
    TURNSERVER,
    Need {
        what: "turnutils_uclient (coturn's client)",
        present: || shell::works("which", &["turnutils_uclient"]),
        apt: COTURN,
        dnf: "coturn-utils",
        pacman: COTURN,
    },
];

const BENCH_NEEDS: &[Need] = &[
    Need {
        what: "libsrtp2 with its headers (a peer)",
        present: || {
            let own = std::env::var_os("LIBSRTP2_DIR").is_some_and(|prefix| !prefix.is_empty());
            own || shell::works("pkg-config", &["--atleast-version=2.5", "libsrtp2"])
        },
        apt: "libsrtp2-dev",
        dnf: "libsrtp-devel",
        pacman: "libsrtp",
    },
    Need {
        what: "OpenSSL with its headers (a peer)",
        present: || shell::works("pkg-config", &["--atleast-version=3", "openssl"]),
        apt: "libssl-dev",
        dnf: "openssl-devel",
        pacman: "openssl",
    },
];

fn missing(needs: &'static [Need]) -> Vec<&'static Need> {
    needs.iter().filter(|need| !(need.present)()).collect()
}

/// Where another one is meant, `CHROMIUM` names it.
fn chromium_is_there() -> bool {
    std::env::var_os("CHROMIUM").is_some() || Path::new("/usr/bin/chromium").exists()
}

/// bindgen loads `libclang.so` at run time, so a library is looked for, not a program.
fn libclang_is_there() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let in_llvm = std::fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("llvm"))
        .any(|entry| holds_libclang(&entry.path().join("lib")));
    let folders = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];
    let multiarch = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    in_llvm
        || folders.iter().any(|folder| holds_libclang(Path::new(folder)))
        || holds_libclang(Path::new(&multiarch))
}

fn holds_libclang(folder: &Path) -> bool {
    std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libclang.so") || name.starts_with("libclang-") && name.contains(".so")
    })
}

/// The distribution's package manager: how it updates its lists and how it installs.
struct Manager {
    update: Option<&'static [&'static str]>,
    install: &'static [&'static str],
    name_of: fn(&Need) -> &'static str,
}

const MANAGERS: &[Manager] = &[
    Manager {
        update: Some(&["apt-get", "update", "-qq"]),
        install: &["apt-get", "install", "-y", "-qq", "--no-install-recommends"],
        name_of: |need| need.apt,
    },
    Manager { update: None, install: &["dnf", "install", "-y"], name_of: |need| need.dnf },
    Manager {
        update: None,
        install: &["pacman", "-S", "--noconfirm", "--needed"],
        name_of: |need| need.pacman,
    },
];

impl Manager {
    fn of_this_machine() -> Option<&'static Self> {
        MANAGERS.iter().find(|manager| {
            manager.install.first().is_some_and(|program| shell::works(program, &["--version"]))
        })
    }

    fn install_line(&self, missing: &[&Need]) -> Vec<&'static str> {
        let mut packages: Vec<_> = missing.iter().map(|need| (self.name_of)(need)).collect();
        packages.sort_unstable();
        packages.dedup();
        self.install.iter().copied().chain(packages).collect()
    }
}

fn install(missing: &[&Need]) -> Outcome {
    let Some(manager) = Manager::of_this_machine() else {
        return Err(Failure::new(advice(missing)));
    };
    let Some(prefix) = privilege() else {
        return Err(Failure::new(advice(missing)));
    };
    for need in missing {
        println!("set-up: missing {}", need.what);
    }
    if let Some(update) = manager.update {
        shell::run(&mut privileged(prefix, update))?;
    }
    let line = manager.install_line(missing);
    println!("set-up: {}", line.join(" "));
    shell::run(&mut privileged(prefix, &line))
        .map_err(|failure| Failure::new(format!("{}\n{}", failure.message, advice(missing))))
}

/// How this user becomes root: not at all needed, by `sudo`, or not possible.
fn privilege() -> Option<&'static [&'static str]> {
    if shell::output(Command::new("id").arg("-u")).is_some_and(|uid| uid.trim() == "0") {
        return Some(&[]);
    }
    if shell::works("sudo", &["-n", "true"]) {
        return Some(&["sudo", "-n"]);
    }
    let asks = std::io::stdin().is_terminal() && shell::works("sudo", &["--version"]);
    asks.then_some(&["sudo"])
}

fn privileged(prefix: &[&str], line: &[&str]) -> Command {
    let mut words = prefix.iter().chain(line);
    let mut command = Command::new(words.next().copied().unwrap_or("true"));
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// What to type by hand.
fn advice(missing: &[&Need]) -> String {
    let what: Vec<_> = missing.iter().map(|need| need.what).collect();
    let line = match Manager::of_this_machine() {
        Some(manager) => format!("run: sudo {}", manager.install_line(missing).join(" ")),
        None => "install them with your system's package manager".to_owned(),
    };
    format!("missing on this machine: {}\n{line}", what.join(", "))
}
