//! What Chrome and Edge are told by administrators: which websites may reach programs of this machine
//! without asking the person at it.

use std::io;
use std::ops::Range;

use windows_registry::{Key, LOCAL_MACHINE};

/// Under which keys of the registry browsers look for that policy.
const BROWSERS: [&str; 2] =
    [r"Software\Policies\Google\Chrome", r"Software\Policies\Microsoft\Edge"];
/// Of a website: Chrome and Edge have it from version 146 on.
const POLICY: &str = "LoopbackNetworkAllowedForUrls";
/// The values of a policy are numbered. These numbers are ours; administrators begin at 1.
const NUMBERS: Range<u32> = 27_390_000..27_391_000;

/// Has browsers let these websites through, in place of those that they were told of before.
pub(crate) fn allow(origins: &[&str]) -> io::Result<()> {
    if origins.len() > NUMBERS.len() {
        let why = format!("more than {} websites are for a policy of your own", NUMBERS.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    for browser in BROWSERS {
        let policy = LOCAL_MACHINE.create(format!(r"{browser}\{POLICY}"))?;
        remove_ours(&policy)?;
        for (number, origin) in NUMBERS.zip(origins) {
            policy.set_string(number.to_string(), origin)?;
        }
    }
    Ok(())
}

/// Takes back what browsers were told, and leaves no key that is empty then.
pub(crate) fn forget() -> io::Result<()> {
    for browser in BROWSERS {
        let path = format!(r"{browser}\{POLICY}");
        // Makes it, where there is none: it is removed again as an empty one.
        let policy = LOCAL_MACHINE.create(&path)?;
        remove_ours(&policy)?;
        drop(policy);
        remove_empty(&path)?;
    }
    Ok(())
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
