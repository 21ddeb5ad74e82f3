//! Browsers, and what administrators tell them: which websites may reach programs of this machine without
//! asking the person at it.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

/// A browser that has the policies of Chromium.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) name: &'static str,
    /// On Linux: a folder of files with policies.
    pub(crate) folder: &'static str,
    /// On Windows: a key of the registry.
    pub(crate) key: &'static str,
    /// On macOS: a domain of preferences.
    pub(crate) domain: &'static str,
    /// On macOS: by what a configuration profile tells its payloads apart.
    pub(crate) payload: &'static str,
}

pub(crate) const BROWSERS: [Browser; 3] = [
    Browser {
        name: "Chromium",
        folder: "/etc/chromium/policies/managed",
        key: r"Software\Policies\Chromium",
        domain: "org.chromium.Chromium",
        payload: "7EC65C9D-1575-403B-A9B4-EBDA69BBE8FA",
    },
    Browser {
        name: "Chrome",
        folder: "/etc/opt/chrome/policies/managed",
        key: r"Software\Policies\Google\Chrome",
        domain: "com.google.Chrome",
        payload: "577D97C7-2F0C-4A06-BEB5-3F369DA9B6DE",
    },
    Browser {
        name: "Edge",
        folder: "/etc/opt/edge/policies/managed",
        key: r"Software\Policies\Microsoft\Edge",
        domain: "com.microsoft.Edge",
        payload: "FBC76575-BA43-44A5-9566-625AEFF4A43C",
    },
];

/// The policy of a website. Chrome and Edge have it from version 146 on.
pub(crate) const POLICY: &str = "LoopbackNetworkAllowedForUrls";

/// The file that is ours in a folder of policies.
pub(crate) const POLICY_FILE: &str = "kazashi.json";

/// The policy in a file, as browsers read it on Linux.
pub(crate) fn policy_file(origins: &[&str]) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&BTreeMap::from([(POLICY, origins)])).map(|json| json + "\n")
}

/// The values of a policy in the registry are numbered. These numbers are ours; administrators begin at 1.
pub(crate) const NUMBERS: Range<u32> = 27_390_000..27_391_000;

/// The policy as values of the registry, each with its number.
pub(crate) fn policy_values<'o>(
    origins: &[&'o str],
) -> io::Result<impl Iterator<Item = (u32, &'o str)>> {
    if origins.len() > NUMBERS.len() {
        let why = format!("more than {} websites are for a policy of your own", NUMBERS.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(NUMBERS.zip(origins.iter().copied()))
}

/// A browser that has policies on this machine, and the websites that they let through unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) name: &'static str,
    pub(crate) websites: Vec<String>,
}
