//! The Unix socket for programs, which no other user and no page can open.

use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net;
use std::path::{Path, PathBuf};
use std::{fs, io};

use directories::ProjectDirs;
use rustix::process::geteuid;
use tokio::net::{UnixListener, UnixStream};
use tracing::warn;

use crate::sys::{Owner, private_file};

/// The socket, and the file that it leaves behind when this is dropped.
#[derive(Debug)]
pub(crate) struct ProgramSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ProgramSocket {
    /// Makes the socket where programs look for it, if it can be had there.
    pub(super) fn bind_default() -> Option<Self> {
        let path = ProjectDirs::from("", "", "kazashi")?.runtime_dir()?.join("bridge.sock");
        Self::bind(&path)
            .inspect_err(|error| warn!(path = %path.display(), %error, "no socket for programs"))
            .ok()
    }

    /// Makes the socket, in a folder that nobody else may enter.
    pub(super) fn bind(path: &Path) -> io::Result<Self> {
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        private_file::create_folder(folder)?;
        let metadata = fs::symlink_metadata(folder)?;
        let is_ours = metadata.uid() == geteuid().as_raw() && metadata.mode() & 0o077 == 0;
        if !metadata.is_dir() || !is_ours {
            let why = "the folder must belong to this user, and to nobody else (mode 0700)";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        remove_stale(path)?;
        let listener = UnixListener::bind(path)?;
        let socket = Self { listener, path: path.to_owned() };
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(socket)
    }

    /// Waits for a program. Says whose it is.
    pub(crate) async fn accept(&mut self) -> io::Result<(UnixStream, io::Result<Option<Owner>>)> {
        let (stream, _) = self.listener.accept().await?;
        let owner = stream.peer_cred().map(|peer| Some(Owner::with_uid(peer.uid())));
        Ok((stream, owner))
    }
}

/// Removes what a bridge left behind that was killed. The socket of one that runs stays.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            Err(io::ErrorKind::AlreadyExists.into())
        }
        Ok(_) if net::UnixStream::connect(path).is_ok() => Err(io::ErrorKind::AddrInUse.into()),
        Ok(_) => fs::remove_file(path),
    }
}

impl Drop for ProgramSocket {
    fn drop(&mut self) {
        // Whoever removed it already spared us the work.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net;

    use super::ProgramSocket;

    #[tokio::test]
    async fn the_socket_is_of_this_user_alone_and_goes_with_the_bridge() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kazashi/bridge.sock");
        let socket = ProgramSocket::bind(&path).unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path.clone()), 0o600);
        assert_eq!(mode(folder.path().join("kazashi")), 0o700);
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_a_killed_bridge_left_behind_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kazashi/bridge.sock");
        drop(ProgramSocket::bind(&path).unwrap());
        drop(net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        ProgramSocket::bind(&path).unwrap();
    }

    #[tokio::test]
    async fn nothing_else_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kazashi/bridge.sock");
        let running = ProgramSocket::bind(&path).unwrap();
        assert!(ProgramSocket::bind(&path).is_err());
        drop(running);
        fs::write(&path, "a letter").unwrap();
        assert!(ProgramSocket::bind(&path).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "a letter");
    }

    #[tokio::test]
    async fn a_folder_that_others_may_enter_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(ProgramSocket::bind(&folder.path().join("bridge.sock")).is_err());
    }
}
