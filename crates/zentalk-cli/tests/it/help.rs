use std::process::Command;

#[cfg(not(feature = "glass"))]
use crate::programs::node;
use crate::programs::run;

fn help(words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zentalk"));
    command.args(words).arg("--help");
    let ran = run(command);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.out
}

#[test]
fn every_command_explains_itself() {
    for words in [
        &["id"][..],
        &["contact"],
        &["contact", "add"],
        &["contact", "list"],
        &["contact", "remove"],
        &["listen"],
        &["call"],
        &["demo"],
        &["doctor"],
    ] {
        let text = help(words);
        assert!(text.contains("Usage: zentalk") && text.len() > 200, "{words:?}: {text}");
    }
}

#[test]
fn the_help_shows_a_call_by_hand_and_every_exit_code() {
    let text = help(&[]);
    assert!(text.contains("zentalk-node relay"), "{text}");
    for code in ["3 no such contact", "8 FINGERPRINT MISMATCH", "9 media file", "10 data folder"] {
        assert!(text.replace("\n", " ").contains(code), "{code}: {text}");
    }
}

/// A program that gives away keys is another program, and the server's has no such door at all.
#[cfg(not(feature = "glass"))]
#[test]
fn the_ordinary_programs_have_no_door_for_keys_or_frames() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zentalk"));
    command.args(["listen", "--expose-keys", "keys"]);
    let ran = run(command);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("unexpected argument"), "{ran:?}");
    for words in [&["listen"][..], &["call"]] {
        assert!(!help(words).contains("expose"), "{words:?}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_zentalk"));
    command.arg("--version");
    let ran = run(command);
    assert_eq!(ran.out.split_whitespace().count(), 2, "{ran:?}");
    assert!(ran.err.is_empty(), "{ran:?}");
    for words in [&["--help"][..], &["sfu", "--help"]] {
        let mut command = Command::new(node());
        command.args(words);
        let text = run(command).out.to_lowercase();
        for door in ["glass", "expose", "dump"] {
            assert!(!text.contains(door), "{words:?}: {text}");
        }
    }
}

/// A build with all features makes the ordinary name dangerous: it says so before anything else.
#[cfg(feature = "glass")]
#[test]
fn a_program_under_glass_says_so_at_every_start_whatever_it_is_called() {
    for program in [env!("CARGO_BIN_EXE_zentalk"), env!("CARGO_BIN_EXE_zentalk-glass")] {
        for words in ["--version", "--help"] {
            let mut command = Command::new(program);
            command.arg(words);
            let ran = run(command);
            assert!(ran.err.contains("UNDER GLASS"), "{ran:?}");
            assert_eq!(ran.out.contains("UNDER GLASS"), words == "--version", "{ran:?}");
        }
    }
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    for (words, named) in [
        (&["listen", "--advertise", "127.0.0.1:9"][..], "--udp"),
        (&["listen", "--udp", "localhost:4000"], "wanted are an IP address and a port"),
        (&["demo", "--group", "3", "--seconds", "600"], "20 to 300 seconds"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zentalk"));
        command.args(words);
        let ran = run(command);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(named), "{ran:?}");
    }
}
