//! `kazashi-bridge policies`: what an administrator hands out to browsers on many machines, in the files
//! of each system.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::access::Origin;
use crate::command::options::website;
use crate::sys::browsers::{BROWSERS, POLICY, POLICY_FILE, policy_file, policy_values};

#[derive(Args, Debug)]
pub(crate) struct Policies {
    /// A website, such as `https://portal.example`. There may be several.
    #[arg(long = "origin", required = true, value_delimiter = ',', value_parser = website)]
    origins: Vec<Origin>,
    /// The folder for the files. Those of an earlier time are replaced.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

impl Policies {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        let origins: Vec<_> = self.origins.iter().map(Origin::as_str).collect();
        let hosts: Vec<_> = self.origins.iter().map(Origin::host).collect();
        let browsers = BROWSERS.map(|browser| browser.name).join(", ");
        let folders = BROWSERS.map(|browser| browser.folder).join(", ");
        fs::create_dir_all(&self.to)?;
        for (name, text, place) in [
            (POLICY_FILE, policy_file(&origins)?, format!("{browsers} on Linux, in {folders}")),
            ("kazashi.reg", registry(&origins)?, format!("{browsers} on Windows, by reg import")),
            ("kazashi.mobileconfig", profile(&origins), format!("{browsers} on macOS, a profile")),
            (
                "policies.json",
                firefox(&hosts)?,
                "Firefox, in /etc/firefox/policies on Linux, elsewhere in distribution within its folder"
                    .to_owned(),
            ),
        ] {
            let path = self.to.join(name);
            fs::write(&path, text)?;
            writeln!(io::stdout(), "{}\n    for {place}", path.display())?;
        }
        Ok(())
    }
}

/// The policies as a file for the registry of Windows.
fn registry(origins: &[&str]) -> io::Result<String> {
    let mut lines = vec!["Windows Registry Editor Version 5.00".to_owned()];
    for browser in &BROWSERS {
        lines.push(String::new());
        lines.push(format!(r"[HKEY_LOCAL_MACHINE\{}\{POLICY}]", browser.key));
        lines.extend(
            policy_values(origins)?.map(|(number, origin)| format!(r#""{number}"="{origin}""#)),
        );
    }
    Ok(lines.into_iter().map(|line| line + "\r\n").collect())
}

/// The policies as a configuration profile of macOS: one takes the place of another of the same identifier.
fn profile(origins: &[&str]) -> String {
    let websites: String =
        origins.iter().map(|origin| format!("        <string>{origin}</string>\n")).collect();
    let payloads = BROWSERS.map(|browser| {
        format!(
            "    <dict>
      <key>PayloadType</key><string>{domain}</string>
      <key>PayloadIdentifier</key><string>kazashi.policies.{domain}</string>
      <key>PayloadUUID</key><string>{uuid}</string>
      <key>PayloadVersion</key><integer>1</integer>
      <key>{POLICY}</key>
      <array>
{websites}      </array>
    </dict>
",
            domain = browser.domain,
            uuid = browser.payload,
        )
    });
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadDisplayName</key><string>Kazashi: websites that browsers let reach the bridge</string>
  <key>PayloadIdentifier</key><string>kazashi.policies</string>
  <key>PayloadUUID</key><string>F980C0D5-DA8E-4799-A972-49E9AE0E99BE</string>
  <key>PayloadVersion</key><integer>1</integer>
  <key>PayloadScope</key><string>System</string>
  <key>PayloadContent</key>
  <array>
{}  </array>
</dict>
</plist>
"#,
        payloads.concat()
    )
}

/// The policies of Firefox, which knows websites by their names, whatever the port.
fn firefox(hosts: &[&str]) -> serde_json::Result<String> {
    let policies = json!({ "policies": { "LocalNetworkAccess": { "SkipDomains": hosts } } });
    serde_json::to_string_pretty(&policies).map(|json| json + "\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use plist::Value;

    use super::{firefox, profile, registry};

    const ORIGINS: [&str; 2] = ["https://portal.example:8443", "https://[::1]"];

    #[test]
    fn the_registry_gets_each_website_for_each_browser() {
        let text = registry(&ORIGINS).unwrap();
        assert!(
            text.starts_with("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\")
        );
        let policy = "Microsoft\\Edge\\LoopbackNetworkAllowedForUrls]\r\n\
             \"27390000\"=\"https://portal.example:8443\"\r\n\"27390001\"=\"https://[::1]\"\r\n";
        assert!(text.ends_with(policy), "{text}");
        assert_eq!(text.matches("HKEY_LOCAL_MACHINE").count(), 3);
        assert!(registry(&["https://portal.example"; 1001]).is_err());
    }

    #[test]
    fn a_profile_is_a_property_list_with_a_payload_for_each_browser() {
        let profile: Value = plist::from_bytes(profile(&ORIGINS).as_bytes()).unwrap();
        let profile = profile.as_dictionary().unwrap();
        let payloads = profile.get("PayloadContent").unwrap().as_array().unwrap();
        let mut identifiers = BTreeSet::from([text(profile, "PayloadUUID")]);
        let mut domains = Vec::new();
        for payload in payloads {
            let payload = payload.as_dictionary().unwrap();
            let websites =
                payload.get("LoopbackNetworkAllowedForUrls").unwrap().as_array().unwrap();
            let websites: Vec<_> = websites.iter().map(|it| it.as_string().unwrap()).collect();
            assert_eq!(websites, ORIGINS);
            assert!(identifiers.insert(text(payload, "PayloadUUID")), "used twice");
            domains.push(text(payload, "PayloadType"));
        }
        assert_eq!(domains, ["org.chromium.Chromium", "com.google.Chrome", "com.microsoft.Edge"]);
    }

    fn text<'v>(dictionary: &'v plist::Dictionary, key: &str) -> &'v str {
        dictionary.get(key).unwrap().as_string().unwrap()
    }

    #[test]
    fn firefox_gets_names_alone() {
        let text = firefox(&["portal.example"]).unwrap();
        let policies: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            policies["policies"]["LocalNetworkAccess"]["SkipDomains"],
            serde_json::json!(["portal.example"])
        );
    }
}
