//! Where a portal keeps what it keeps, new for each test.

use std::sync::Arc;

use kazashi_server::test_support::Cluster;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row};
use tempfile::TempDir;
use tokio::runtime::Builder;

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

    /// A PostgreSQL that no other test uses, so that it can be stopped.
    pub(crate) fn postgres_of_its_own() -> Self {
        let cluster = Arc::new(Cluster::start());
        let database = cluster.new_database();
        Self::Postgres { cluster, database }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}/portal.db", folder.path().display()),
            Self::Postgres { cluster, database } => cluster.url(database),
        }
    }

    /// Changes what is stored, as somebody does who has the database in their hands.
    pub(crate) fn execute(&self, sql: &str) {
        self.connected(async |mut database| {
            database.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
        });
    }

    /// How many rows there are.
    pub(crate) fn count(&self, table: &str) -> i64 {
        self.connected(async |mut database| {
            let query = format!("SELECT COUNT(*) FROM {table}");
            database.fetch_one(AssertSqlSafe(query)).await.unwrap().get(0)
        })
    }

    /// Does more with the database.
    pub(crate) fn connected<T>(&self, work: impl AsyncFnOnce(AnyConnection) -> T) -> T {
        sqlx::any::install_default_drivers();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { work(AnyConnection::connect(&self.url()).await.unwrap()).await })
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
