//! Network namespaces: made, used and taken away again, whatever happens.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::error::Error;

/// A network namespace of this process. Dropping it ends what runs inside, and removes it.
pub(crate) struct Namespace {
    name: String,
}

/// All names begin with this and the process id of the lab that made them, so that those of a lab that was
/// killed are known, and those of another one that runs are left alone.
const PREFIX: &str = "zl";
/// Where `ip netns` keeps what it made.
const MADE: &str = "/run/netns";
/// What lies in a folder of this that is named like the namespace, `ip netns exec` shows in place of `/etc`.
const FILES: &str = "/etc/netns";

impl Namespace {
    /// Makes the namespace `zl<process>-<lab>-<role>`, with its loopback up.
    pub(crate) fn create(lab: u32, role: &str) -> Result<Self, Error> {
        let name = format!("{PREFIX}{}-{lab}-{role}", std::process::id());
        run(Command::new("ip").args(["netns", "add", &name]))?;
        let namespace = Self { name };
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Runs lines of `ip` in it, one after the other.
    pub(crate) fn ip(&self, lines: &str) -> Result<(), Error> {
        run_with(Command::new("ip").args(["-n", &self.name, "-batch", "-"]), lines)
    }

    /// Replaces its packet filter and NAT rules.
    pub(crate) fn nft(&self, rules: &str) -> Result<(), Error> {
        run_with(self.command("nft").args(["-f", "-"]), rules)
    }

    /// Sets kernel parameters: `path value`, a line each, the path below `/proc/sys/net`.
    pub(crate) fn sysctl(&self, lines: &str) -> Result<(), Error> {
        self.within("kernel parameters", || {
            for (path, value) in lines.lines().filter_map(|line| line.trim().split_once(' ')) {
                fs::write(Path::new("/proc/sys/net").join(path), value)?;
            }
            Ok(())
        })
    }

    /// Puts a file in place of `/etc/<name>`, as programs of [`Self::command`] see it.
    pub(crate) fn etc(&self, name: &str, text: &str) -> Result<(), Error> {
        let folder = Path::new(FILES).join(&self.name);
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        let path = folder.join(name);
        fs::write(&path, text).map_err(Error::io(&path))
    }

    /// A program that is to run in it. Its process id is the program's own: `ip netns exec` makes none.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program.as_ref());
        command
    }

    /// A UDP socket inside. Call it from a task.
    pub(crate) fn udp_socket(&self, local: SocketAddr) -> Result<tokio::net::UdpSocket, Error> {
        let socket = self.within("a UDP socket", || {
            let socket = std::net::UdpSocket::bind(local)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        })?;
        tokio::net::UdpSocket::from_std(socket).map_err(Error::io("a UDP socket"))
    }

    /// Runs `work` on a thread inside. Sockets that it opens stay inside, wherever they are used.
    pub(crate) fn within<T: Send>(
        &self,
        what: &str,
        work: impl FnOnce() -> io::Result<T> + Send,
    ) -> Result<T, Error> {
        let enter = || {
            let link = fs::File::open(Path::new(MADE).join(&self.name))?;
            move_into_link_name_space(link.as_fd(), Some(LinkNameSpaceType::Network))?;
            work()
        };
        // The thread ends here: none of the runtime's own threads ever changes its namespace.
        let done = std::thread::scope(|scope| scope.spawn(enter).join());
        done.map_err(|_| Error::Broken("a thread in a namespace panicked"))?.map_err(|source| {
            Error::Kernel { what: what.to_owned(), namespace: self.name.clone(), source }
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// Removes what labs left behind that were killed. How many namespaces there were.
pub(crate) fn remove_leftovers() -> usize {
    let made = entries(MADE);
    let with_files = entries(FILES);
    let mut dead: Vec<_> =
        made.into_iter().chain(with_files).filter(|name| is_dead(name)).collect();
    dead.sort();
    dead.dedup();
    dead.iter().for_each(|name| remove(name));
    dead.len()
}

fn entries(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Whether it is named like one of ours, and whoever made it has ended.
fn is_dead(name: &str) -> bool {
    maker(name).is_some_and(|process| !is_a_lab(process))
}

/// Whether this process is a lab that runs: a program of our name, and not one that has ended and that nobody has asked
/// about yet.
fn is_a_lab(process: u32) -> bool {
    let status = |process: &str| fs::read_to_string(Path::new("/proc").join(process).join("stat"));
    let (Ok(theirs), Ok(ours)) = (status(&process.to_string()), status("self")) else {
        return false;
    };
    // proc(5): the process id, the name in parentheses, the state.
    let name_and_state = |status: &str| {
        let (before, after) = status.rsplit_once(") ")?;
        let (_, name) = before.split_once('(')?;
        Some((name.to_owned(), after.chars().next()?))
    };
    match (name_and_state(&theirs), name_and_state(&ours)) {
        (Some((theirs, state)), Some((ours, _))) => theirs == ours && !matches!(state, 'Z' | 'X'),
        _ => false,
    }
}

/// The process id in a namespace's name.
fn maker(name: &str) -> Option<u32> {
    let (process, rest) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let (lab, _role) = rest.split_once('-')?;
    lab.parse::<u32>().ok()?;
    process.parse().ok()
}

/// Ends the processes in a namespace and removes it. What is not there any more needs no removal.
fn remove(name: &str) {
    let mut list = Command::new("ip");
    list.args(["netns", "pids", name]).stderr(Stdio::null());
    let pids = list.output().map(|output| output.stdout).unwrap_or_default();
    for pid in String::from_utf8_lossy(&pids).lines().filter_map(|line| line.parse().ok()) {
        if let Some(pid) = Pid::from_raw(pid) {
            let _gone = kill_process(pid, Signal::KILL);
        }
    }
    let mut delete = Command::new("ip");
    let _gone = delete.args(["netns", "delete", name]).stderr(Stdio::null()).status();
    let _none = fs::remove_dir_all(PathBuf::from(FILES).join(name));
}

/// Runs a tool of the system to its end.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    run_with(command, "")
}

fn run_with(command: &mut Command, input: &str) -> Result<(), Error> {
    let shown = format!("{command:?}").replace('"', "");
    let failed = |said: String| Error::Tool { command: shown.clone(), said };
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A tool that ends before it has read all says itself why.
        let _ended = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_a_lab_gave_are_taken_for_leftovers() {
        assert_eq!(maker("zl123-4-ha"), Some(123));
        for other in ["zl", "zl12", "zl12-x-ha", "zlab-1-ha", "nl-ha", "zl12-1"] {
            assert_eq!(maker(other), None, "{other}");
        }
    }

    #[test]
    fn a_running_lab_has_no_leftovers() {
        assert!(!is_dead(&format!("zl{}-0-ha", std::process::id())));
        // Process ids are below 2^22 on Linux.
        assert!(is_dead("zl999999999-0-ha"));
        // Somebody else has the number now.
        let mut other = Command::new("sleep").arg("600").spawn().unwrap();
        assert!(is_dead(&format!("zl{}-0-ha", other.id())));
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn a_lab_that_has_ended_is_dead_even_if_nobody_has_asked_about_it() {
        let own = std::env::current_exe().unwrap();
        let mut ended = Command::new(own).arg("--list").stdout(Stdio::null()).spawn().unwrap();
        let name = format!("zl{}-0-ha", ended.id());
        // As long as it has not been waited for, its number is its own.
        while !is_dead(&name) {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        ended.wait().unwrap();
    }

    #[test]
    fn a_tool_that_fails_is_quoted() {
        let error = run(Command::new("sh").args(["-c", "echo why >&2; exit 1"])).unwrap_err();
        assert!(error.to_string().contains("why"), "{error}");
    }
}
