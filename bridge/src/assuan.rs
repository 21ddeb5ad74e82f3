//! The little of the Assuan protocol that a conversation with a pinentry program needs: one line a
//! request, `OK` or `ERR` at the end of each answer, `D` before what was typed.

use std::{
    env,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};
use zeroize::Zeroizing;

/// The longest line, with its end (Assuan, Client requests).
const MAX_LINE: usize = 1000;
/// How long a program may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// A program that speaks the protocol on its standard input and output.
#[derive(Debug)]
pub(crate) struct Assuan {
    process: Child,
    input: ChildStdin,
    output: ChildStdout,
}

/// What a request came to.
#[derive(Debug, Error)]
pub(crate) enum AssuanError {
    /// The program refused, with the code of libgpg-error; its upper half says who speaks.
    #[error("it refused with {0}")]
    Refused(u16),
    /// The program is no longer there, or does not speak the protocol.
    #[error(transparent)]
    Io(#[from] io::Error),
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
        let mut this = Self { process, input, output };
        this.answer().await?;
        Ok(this)
    }

    /// Makes a request. Returns the data of the answer.
    pub(crate) async fn request(
        &mut self,
        command: &str,
        parameter: &str,
    ) -> Result<Zeroizing<Vec<u8>>, AssuanError> {
        let escaped = parameter.replace('%', "%25").replace('\n', "%0A").replace('\r', "%0D");
        let line = format!("{command} {escaped}").trim_end().to_owned() + "\n";
        if line.len() > MAX_LINE {
            return Err(malformed());
        }
        self.input.write_all(line.as_bytes()).await?;
        self.answer().await
    }

    /// Ends the program, whatever it is doing, so that its dialog is closed and its terminal as it
    /// was.
    pub(crate) async fn end(mut self) {
        #[cfg(unix)]
        if let Some(id) = self.process.id().and_then(|id| i32::try_from(id).ok())
            && let Some(id) = rustix::process::Pid::from_raw(id)
        {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            let _ = timeout(PATIENCE, self.process.wait()).await;
        }
        let _ = self.process.kill().await;
    }

    /// Says goodbye, and waits until the program has ended.
    pub(crate) async fn close(mut self) {
        let _ = self.request("BYE", "").await;
        if timeout(PATIENCE, self.process.wait()).await.is_err() {
            self.end().await;
        }
    }

    async fn answer(&mut self) -> Result<Zeroizing<Vec<u8>>, AssuanError> {
        let mut data = Zeroizing::new(Vec::with_capacity(MAX_LINE));
        loop {
            let line = self.line().await?;
            match line.split_at_checked(2) {
                Some((b"OK", _)) => return Ok(data),
                Some((b"D ", encoded)) => decode(encoded, &mut data),
                _ => {
                    if let Some(error) = line.strip_prefix(b"ERR ") {
                        return Err(refused(error));
                    }
                    // Comments, and what a program tells of itself.
                }
            }
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

/// The program of this name, as a shell would find it.
pub(crate) fn find(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    let name = program.with_extension(env::consts::EXE_EXTENSION);
    let path = env::var_os("PATH");
    env::split_paths(path.as_deref().unwrap_or(OsStr::new("")))
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file())
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
    use super::{AssuanError, decode, refused};

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
