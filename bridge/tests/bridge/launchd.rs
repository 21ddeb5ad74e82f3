//! What launchd is told of the bridge on macOS, as far as that can be read elsewhere.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::harness::PROGRAM;

/// Keys of launchd.plist(5): those that are used.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Agent {
    label: String,
    program_arguments: Vec<String>,
    run_at_load: bool,
    keep_alive: KeepAlive,
    umask: u32,
    limit_load_to_session_type: String,
    process_type: String,
    environment_variables: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeepAlive {
    successful_exit: bool,
}

#[test]
fn launchd_is_told_of_a_bridge_that_begins_with_the_desktop_and_again_after_a_crash() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("launchd/kazashi-bridge.plist");
    let agent: Agent = plist::from_file(&file).unwrap();
    assert_eq!(agent.label, file.file_stem().unwrap().to_str().unwrap());
    assert!(agent.run_at_load && !agent.keep_alive.successful_exit);
    assert_eq!(agent.umask, 0o077);
    assert_eq!((&*agent.limit_load_to_session_type, &*agent.process_type), ("Aqua", "Interactive"));
    assert_eq!(agent.environment_variables.into_keys().collect::<Vec<_>>(), ["PATH"]);

    let [program, arguments @ ..] = &*agent.program_arguments else { panic!("no program") };
    assert_eq!(Path::new(program).file_name(), Path::new(PROGRAM).file_name());
    // Its other arguments are options, which it knows.
    let known = Command::new(PROGRAM).args(arguments).arg("--help").output().unwrap();
    assert!(known.status.success(), "{arguments:?}");
}
