//! Where a portal keeps what it keeps, new for each test.

use std::sync::Arc;

use tempfile::TempDir;

use crate::postgres::Cluster;

pub(crate) enum Backend {
    Sqlite(TempDir),
    Postgres { cluster: Arc<Cluster>, database: String },
}

impl Backend {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().unwrap())
    }

    pub(crate) fn postgres() -> Self {
        let cluster = Cluster::shared();
        let database = cluster.new_database();
        Self::Postgres { cluster, database }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}/portal.db", folder.path().display()),
            Self::Postgres { cluster, database } => cluster.url(database),
        }
    }

    /// Everything that is stored, as text.
    pub(crate) fn dump(&self) -> String {
        match self {
            Self::Sqlite(folder) => {
                let files = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap);
                let files = files.map(|file| std::fs::read(file.path()).unwrap());
                files.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
            }
            Self::Postgres { .. } => {
                let dump = std::process::Command::new("pg_dump").arg(self.url()).output().unwrap();
                assert!(dump.status.success(), "{dump:?}");
                String::from_utf8(dump.stdout).unwrap()
            }
        }
    }
}

/// Runs each of these functions as a test with each database.
macro_rules! on_every_backend {
    ($($test:ident),+ $(,)?) => {
        $crate::backend::on_every_backend!(@on sqlite: $($test),+);
        $crate::backend::on_every_backend!(@on postgres: $($test),+);
    };
    (@on $backend:ident: $($test:ident),+) => {
        mod $backend {
            $(
                #[test]
                fn $test() {
                    super::$test(&$crate::backend::Backend::$backend());
                }
            )+
        }
    };
}
pub(crate) use on_every_backend;
