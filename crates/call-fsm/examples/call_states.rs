//! Prints the table of call states as Markdown: `docs/call-states.md` of the workspace.

fn main() {
    let document = zentalk_call_fsm::docs::markdown();
    #[allow(clippy::print_stdout, reason = "printing is what it is for")]
    {
        print!("{document}");
    }
}
