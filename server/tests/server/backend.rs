//! The places in which stores keep things, new for each test.

use std::sync::Arc;

use kazashi_server::test_support::Cluster;
use kazashi_server::{Database, Lifetimes, Memory, Store};
use tempfile::TempDir;

pub(crate) enum Backend {
    Memory(Memory),
    Sqlite(TempDir),
    Postgres { cluster: Arc<Cluster>, database: String },
}

impl Backend {
    pub(crate) fn memory() -> Self {
        Self::Memory(Memory::new())
    }

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
            Self::Memory(_) => unreachable!("memory has no address"),
            Self::Sqlite(folder) => format!("sqlite:{}/kazashi.db", folder.path().display()),
            Self::Postgres { cluster, database } => cluster.url(database),
        }
    }

    /// Opens it once more, as another process would: with connections of its own.
    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        self.open_with(Lifetimes::default()).await
    }

    /// The same, with other lifetimes.
    pub(crate) async fn open_with(&self, lifetimes: Lifetimes) -> Arc<dyn Store> {
        match self {
            Self::Memory(memory) => Arc::new(memory.clone().with_lifetimes(lifetimes)),
            _ => {
                let database = Database::connect(&self.url()).await.unwrap();
                Arc::new(database.with_lifetimes(lifetimes))
            }
        }
    }
}

/// Runs each of these functions as a test against each backend.
macro_rules! on_every_backend {
    ($($test:ident),+ $(,)?) => {
        $crate::backend::on_every_backend!(@on memory: $($test),+);
        $crate::backend::on_every_backend!(@on sqlite: $($test),+);
        $crate::backend::on_every_backend!(@on postgres: $($test),+);
    };
    (@on $backend:ident: $($test:ident),+) => {
        mod $backend {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test($crate::backend::Backend::$backend()).await;
                }
            )+
        }
    };
}
pub(crate) use on_every_backend;
