//! What browsers are told by administrators, in the registry.

use std::io;

use windows_registry::{Key, LOCAL_MACHINE};

use crate::sys::browsers::{BROWSERS, Browser, Found, NUMBERS, POLICY, policy_values};

/// Has browsers let these websites through, in place of those that they were told of before.
pub(crate) fn allow(origins: &[&str]) -> io::Result<()> {
    // Refused, before anything is taken away, if there are too many.
    let values: Vec<_> = policy_values(origins)?.collect();
    for browser in &BROWSERS {
        let policy = LOCAL_MACHINE.create(path(browser))?;
        remove_ours(&policy)?;
        for (number, origin) in &values {
            policy.set_string(number.to_string(), origin)?;
        }
    }
    Ok(())
}

/// Takes back what browsers were told, and leaves no key that is empty then.
pub(crate) fn forget() -> io::Result<()> {
    for browser in &BROWSERS {
        let path = path(browser);
        // Makes it, where there is none: it is removed again as an empty one.
        let policy = LOCAL_MACHINE.create(&path)?;
        remove_ours(&policy)?;
        drop(policy);
        remove_empty(&path)?;
    }
    Ok(())
}

/// The browsers that have policies here: none is looked for in the registry yet.
pub(crate) fn found() -> Vec<Found> {
    Vec::new()
}

/// Where a browser looks for the policy.
fn path(browser: &Browser) -> String {
    format!(r"{}\{POLICY}", browser.key)
}

fn remove_ours(policy: &Key) -> io::Result<()> {
    let names: Vec<_> = policy.values()?.map(|(name, _)| name).collect();
    for name in names.iter().filter(|name| is_ours(name)) {
        policy.remove_value(name)?;
    }
    Ok(())
}

fn is_ours(name: &str) -> bool {
    name.parse().is_ok_and(|number| NUMBERS.contains(&number))
}

/// Removes a key that has nothing in it, and those above it of which the same is true then.
fn remove_empty(path: &str) -> io::Result<()> {
    let mut path = path;
    while let Some((above, _)) = path.rsplit_once('\\').filter(|(above, _)| *above != "Software") {
        let key = LOCAL_MACHINE.open(path)?;
        if key.keys()?.next().is_some() || key.values()?.next().is_some() {
            break;
        }
        drop(key);
        LOCAL_MACHINE.remove_tree(path)?;
        path = above;
    }
    Ok(())
}
