//! The little of the Assuan protocol that a conversation with a pinentry program needs: one line a
//! request, `OK` or `ERR` at the end of each answer, `D` before what was typed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{env, io};

use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::sys::ask_to_end;

/// Why a program refuses, by the codes of libgpg-error: the time to answer is over (GPG_ERR_TIMEOUT).
pub(super) const TIMEOUT: u16 = 62;
/// The person closed the dialog (GPG_ERR_CANCELED).
pub(super) const CANCELED: u16 = 99;
/// The person said no (GPG_ERR_NOT_CONFIRMED).
pub(super) const NOT_CONFIRMED: u16 = 114;

/// The longest line, with its end (Assuan, Client requests).
pub(super) const MAX_LINE: usize = 1000;
/// How long a program may take over what no person is asked.
const PROMPTLY: Duration = Duration::from_secs(5);
/// How long a program may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// A program that speaks the protocol on its standard input and output.
#[derive(Debug)]
pub(crate) struct Assuan {
    process: Child,
    input: ChildStdin,
    output: ChildStdout,
    /// Whether it owes an answer, and so reads no further request.
    is_busy: bool,
}

/// The end of a request that failed.
#[derive(Debug, Error)]
pub(crate) enum AssuanError {
    /// The program refused, with the code of libgpg-error; its upper half says who speaks.
    #[error("it refused with {0}")]
    Refused(u16),
    /// The program is no longer there, or does not speak the protocol.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The program did not answer in time.
    #[error("it did not answer in time")]
    Silent,
}

impl Assuan {
    /// Starts a program, and waits until it speaks.
    pub(crate) async fn start(program: &Path) -> Result<Self, AssuanError> {
        let mut process = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(malformed());
        };
        let mut this = Self { process, input, output, is_busy: true };
        timeout(PROMPTLY, this.answer()).await.unwrap_or(Err(AssuanError::Silent))?;
        Ok(this)
    }

    /// Makes a request that is answered without a person. Returns the data of the answer.
    pub(crate) async fn request(
        &mut self,
        command: &str,
        parameter: &str,
    ) -> Result<Zeroizing<Vec<u8>>, AssuanError> {
        self.request_within(PROMPTLY, command, parameter).await
    }

    /// Makes a request that takes so long at most.
    pub(crate) async fn request_within(
        &mut self,
        patience: Duration,
        command: &str,
        parameter: &str,
    ) -> Result<Zeroizing<Vec<u8>>, AssuanError> {
        let exchange = async {
            self.send(command, parameter).await?;
            self.answer().await
        };
        timeout(patience, exchange).await.unwrap_or(Err(AssuanError::Silent))
    }

    /// Makes a request, and waits for no answer.
    pub(crate) async fn send(&mut self, command: &str, parameter: &str) -> Result<(), AssuanError> {
        let line = line(command, parameter);
        if line.len() > MAX_LINE {
            return Err(malformed());
        }
        self.is_busy = true;
        Ok(self.input.write_all(line.as_bytes()).await?)
    }

    /// Has the program end, whatever it is doing, so that its dialog is closed and its terminal as
    /// it was. Waits until it has.
    pub(crate) async fn end(mut self) {
        let has_ended = if self.is_busy {
            ask_to_end(&self.process)
        } else {
            timeout(PATIENCE, self.request("BYE", "")).await.is_ok()
        };
        // What reads on while it asks sees that nobody waits for the answer.
        drop(self.input);
        if has_ended {
            let _ = timeout(PATIENCE, self.process.wait()).await;
        }
        let _ = self.process.kill().await;
    }

    async fn answer(&mut self) -> Result<Zeroizing<Vec<u8>>, AssuanError> {
        let mut data = Zeroizing::new(Vec::with_capacity(MAX_LINE));
        loop {
            let line = self.line().await?;
            if let Some(encoded) = line.strip_prefix(b"D ") {
                decode(encoded, &mut data);
            } else if line.starts_with(b"OK") {
                self.is_busy = false;
                return Ok(data);
            } else if let Some(error) = line.strip_prefix(b"ERR ") {
                self.is_busy = false;
                return Err(refused(error));
            }
            // Others are comments, and what a program tells of itself.
        }
    }

    /// One line. Byte by byte: nothing that was typed stays behind in a buffer.
    async fn line(&mut self) -> Result<Zeroizing<Vec<u8>>, AssuanError> {
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_LINE));
        loop {
            match self.output.read_u8().await? {
                b'\n' => return Ok(line),
                _ if line.len() >= MAX_LINE => return Err(malformed()),
                byte => line.push(byte),
            }
        }
    }
}

/// The program of this name: beside this one, where what comes with it is installed, or else as a
/// shell would find it.
pub(crate) fn find(program: &Path) -> Option<PathBuf> {
    let mut program = program.to_owned();
    if program.extension().is_none() {
        // Names are said without it where programs have one. Any other is part of the name.
        program.set_extension(env::consts::EXE_EXTENSION);
    }
    if program.components().count() > 1 {
        return program.is_file().then_some(program);
    }
    let own_folder = env::current_exe().ok().and_then(|own| own.parent().map(Path::to_owned));
    let path = env::var_os("PATH").unwrap_or_default();
    own_folder
        .into_iter()
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(&program))
        .find(|path| path.is_file())
}

/// A request as it is sent.
pub(super) fn line(command: &str, parameter: &str) -> String {
    let escaped = parameter.replace('%', "%25").replace('\n', "%0A").replace('\r', "%0D");
    format!("{command} {escaped}").trim_end().to_owned() + "\n"
}

fn decode(encoded: &[u8], data: &mut Vec<u8>) {
    let mut rest = encoded;
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = escaped(rest).unwrap_or((first, after));
        data.push(byte);
        rest = after;
    }
}

fn escaped(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let &[b'%', high, low, ref after @ ..] = bytes else { return None };
    let digit = |c: u8| char::from(c).to_digit(16);
    Some((u8::try_from(digit(high)? << 4 | digit(low)?).ok()?, after))
}

fn refused(error: &[u8]) -> AssuanError {
    let digits = error.iter().take_while(|byte| byte.is_ascii_digit());
    let code = digits
        .fold(0_u32, |code, &digit| code.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')));
    AssuanError::Refused(u16::try_from(code & 0xFFFF).unwrap_or_default())
}

fn malformed() -> AssuanError {
    AssuanError::Io(io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use std::env::current_exe;
    use std::path::Path;

    use super::{AssuanError, decode, find, refused};

    #[test]
    fn a_program_beside_this_one_is_found_by_its_name() {
        let own = current_exe().unwrap();
        let name = Path::new(own.file_name().unwrap());
        assert_eq!(find(name).as_ref(), Some(&own));
        assert_eq!(find(Path::new("kazashi-no-such-program")), None);
    }

    #[test]
    fn what_is_typed_may_hold_any_byte() {
        for (encoded, expected) in [
            (&b"1234"[..], &b"1234"[..]),
            (b"%25%0A%0d", b"%\n\r"),
            (b"a%2", b"a%2"),
            (b"%zz%", b"%zz%"),
        ] {
            let mut data = Vec::new();
            decode(encoded, &mut data);
            assert_eq!(data, expected);
        }
    }

    #[test]
    fn an_error_is_known_by_its_lower_half() {
        for (text, expected) in [("83886179 Operation cancelled", 99), ("62", 62), ("", 0)] {
            let AssuanError::Refused(code) = refused(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(code, expected);
        }
    }
}
