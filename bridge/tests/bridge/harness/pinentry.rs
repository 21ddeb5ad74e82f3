use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// An Assuan server that types the lines of the file `typed`, one a dialog, or of `typed-HOST` where
/// there is one for the origin; `late` lets the time of the dialog run out, `hang` lets it run out and
/// says nothing, also when it is asked to end. Asked to confirm something, it takes its time while
/// there is a file `ponders`, and then does unless there is one `refuses`, or as the next line of `decisions` says:
/// `allow`, `refuse`, `later` or `late`. With a file `mute` it does
/// not even begin, with a file `flavor` it says what kind of dialog it has. What is
/// said before there is something to ask is not written down: a trial ends there.
pub(super) fn write_pinentry(program: &Path, folder: &Path) {
    let folder = folder.to_str().unwrap();
    let script = format!(
        r#"#!/bin/sh
cd "{folder}"
echo started >> starts
asks=
if [ -e mute ]; then trap '' TERM; while :; do sleep 0.05; done; fi
echo "OK ready"
trap 'echo TERM >> said; exit' TERM
while read -r line; do
  case "$line" in SETDESC*) asks=yes ;; esac
  if [ -n "$asks" ]; then echo "$line" >> said; fi
  case "$line" in
    SETDESC*)
      host=${{line#SETDESC https://}}
      typed="typed-${{host%%\%0A*}}"
      if [ ! -e "$typed" ]; then typed=typed; fi
      echo OK ;;
    GETPIN)
      pin=$(head -n 1 "$typed")
      if [ "$(wc -l < "$typed")" -gt 1 ]; then sed -i 1d "$typed"; fi
      if [ "$pin" = hang ]; then trap '' TERM; while :; do sleep 0.05; done; fi
      if [ "$pin" = wait ]; then sleep 10 & wait $!; fi
      case "$pin" in
        cancel) echo "ERR 83886179 cancelled" ;;
        late) sleep 1; echo "ERR 83886142 timeout" ;;
        *) echo "D $pin"; echo OK ;;
      esac ;;
    CONFIRM)
      while [ -e ponders ]; do sleep 0.05; done
      decision=allow
      if [ -e refuses ]; then decision=refuse; fi
      if [ -e decisions ]; then decision=$(head -n 1 decisions); sed -i 1d decisions; fi
      case "$decision" in
        allow) echo OK ;;
        refuse) echo "ERR 83886194 not confirmed" ;;
        later) echo "ERR 83886179 cancelled" ;;
        late) echo "ERR 83886142 timeout" ;;
      esac ;;
    "GETINFO flavor") if [ -e flavor ]; then echo "D $(cat flavor)"; fi; echo OK ;;
    BYE) echo OK; exit 0 ;;
    *) echo OK ;;
  esac
done
"#
    );
    fs::write(program, script).unwrap();
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
}
