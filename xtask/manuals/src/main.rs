//! Writes manual pages and completions of the programs that are packaged: `manuals FOLDER`. What is
//! installed knows nothing of it.

use std::env;
use std::io;
use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::Shell;
use kazashi_emulator::command_line::Arguments;
use kazashi_reception_portal::Options;

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("usage: manuals FOLDER"))?;
    for mut command in [kazashi_bridge::command_line(), Arguments::command(), Options::command()] {
        // Before the completions, which have the command make its `help`: that needs no pages.
        clap_mangen::generate_to(command.clone(), &folder)?;
        let name = command.get_name().to_owned();
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            clap_complete::generate_to(shell, &mut command, &name, &folder)?;
        }
    }
    Ok(())
}
