use std::process::Command;

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

#[test]
fn wrong_usage_has_its_own_exit_code() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zentalk"));
    command.args(["listen", "--advertise", "127.0.0.1:9"]);
    let ran = run(command);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("--udp"), "{ran:?}");
}
