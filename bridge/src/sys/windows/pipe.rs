//! The named pipe for programs, which no other user, no other machine and no page can open.

use std::{io, mem};

use kazashi_windows_calls::{client_process, create_pipe};
use tokio::net::windows::named_pipe::NamedPipeServer;
use tracing::warn;

use crate::sys::Owner;
use crate::sys::windows::owner::{self, Account};

/// The pipe, as the program that comes next will find it. It goes with the bridge.
#[derive(Debug)]
pub(crate) struct ProgramSocket {
    name: String,
    waiting: NamedPipeServer,
}

impl ProgramSocket {
    /// Makes the pipe where programs look for it, if it can be had there: each session has its own.
    pub(super) fn bind_default() -> Option<Self> {
        let Account { user, session } = Account::of_this_process()
            .inspect_err(|error| warn!(%error, "no pipe for programs"))
            .ok()?;
        let name = format!(r"\\.\pipe\kazashi-bridge-{user}-{session}");
        Self::bind(name.clone())
            .inspect_err(|error| warn!(name, %error, "no pipe for programs"))
            .ok()
    }

    /// Makes the pipe, unless there is one of this name: a bridge runs, or somebody else was first.
    pub(super) fn bind(name: String) -> io::Result<Self> {
        let waiting = create_pipe(&name, &this_user_only()?, true)?;
        Ok(Self { name, waiting })
    }

    /// Waits for a program. Says whose it is.
    pub(crate) async fn accept(
        &mut self,
    ) -> io::Result<(NamedPipeServer, io::Result<Option<Owner>>)> {
        if let Err(error) = self.waiting.connect().await {
            // Who came is gone again. Where they were there is room for the next.
            let _ = self.waiting.disconnect();
            return Err(error);
        }
        let next = create_pipe(&self.name, &this_user_only()?, false)?;
        let pipe = mem::replace(&mut self.waiting, next);
        let owner = owner::owner(|| client_process(&pipe).map(Some));
        Ok((pipe, owner))
    }
}

/// All rights for this user, and none for anybody else (SDDL).
fn this_user_only() -> io::Result<String> {
    let user = Account::of_this_process()?.user;
    Ok(format!("O:{user}D:P(A;;FA;;;{user})"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};

    use super::ProgramSocket;
    use crate::sys::{Owner, identifier};

    fn name() -> String {
        format!(r"\\.\pipe\kazashi-test-{}", identifier())
    }

    fn call(name: &str) -> NamedPipeClient {
        ClientOptions::new().open(name).unwrap()
    }

    #[tokio::test]
    async fn programs_are_this_user_s_and_one_after_the_other_is_let_in() {
        let name = name();
        let mut socket = ProgramSocket::bind(name.clone()).unwrap();
        for _ in 0..3 {
            let mut program = call(&name);
            let (mut pipe, owner) = socket.accept().await.unwrap();
            assert_eq!(owner.unwrap(), Some(Owner::ThisUser));
            program.write_all(b"GET").await.unwrap();
            let mut heard = [0; 3];
            pipe.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"GET");
        }
    }

    #[tokio::test]
    async fn who_comes_and_goes_keeps_nobody_out() {
        let name = name();
        let mut socket = ProgramSocket::bind(name.clone()).unwrap();
        drop(call(&name));
        let _ = socket.accept().await;
        let _program = call(&name);
        assert_eq!(socket.accept().await.unwrap().1.unwrap(), Some(Owner::ThisUser));
    }

    #[tokio::test]
    #[ignore = "Wine lets a second one be the first"]
    async fn the_name_is_had_once_and_goes_with_the_bridge() {
        let name = name();
        let socket = ProgramSocket::bind(name.clone()).unwrap();
        assert!(ProgramSocket::bind(name.clone()).is_err());
        drop(socket);
        ProgramSocket::bind(name).unwrap();
    }
}
