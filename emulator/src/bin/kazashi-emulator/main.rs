//! Writes card images, issues cards, and plugs one into the virtual reader of pcscd.
#![expect(clippy::print_stdout, reason = "a command line program")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU16, Ordering};
use std::{fs, io, thread};

use clap::Parser;
use kazashi_emulator::command_line::{Arguments, Command, Serving};
use kazashi_emulator::issue::{CardKeys, CvKey, Hierarchy, Holder, key_identifier};
use kazashi_emulator::{Application, Ef, Image, Variant, folder};
use rand_core::OsRng;

use crate::stored_card::StoredCard;
use crate::vpcd::Insertion;

mod stored_card;
mod vpcd;

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::New { dir, variant } => new(&dir, variant),
        Command::Issue { dir, variant, people: None } => issue(&dir, variant),
        Command::Issue { dir, variant, people: Some(people) } => {
            issue_to_people(&dir, variant, people)
        }
        Command::Run { image, vpcd, serving } => run(image, vpcd, serving),
    };
    if let Err(error) = done {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn new(dir: &Path, variant: Variant) -> Result<(), Box<dyn Error>> {
    write(dir, &Image::of(variant))
}

fn issue(dir: &Path, variant: Variant) -> Result<(), Box<dyn Error>> {
    let hierarchy = Hierarchy::generate(&mut OsRng)?;
    let keys = CardKeys::generate(&mut OsRng)?;
    write(dir, &hierarchy.card(variant, &Holder::HANAKO, &keys)?)?;
    write_authorities(&dir.join("authorities"), &hierarchy)
}

fn issue_to_people(dir: &Path, variant: Variant, people: u16) -> Result<(), Box<dyn Error>> {
    let authorities = dir.join("authorities");
    if authorities.exists() {
        return Err(format!("{} holds cards already", dir.display()).into());
    }
    let hierarchy = Hierarchy::generate(&mut OsRng)?;
    write_authorities(&authorities, &hierarchy)?;
    let keys = CardKeys::generate(&mut OsRng)?;
    let next = AtomicU16::new(1);
    let issue_some = || -> Result<(), String> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number > people {
                return Ok(());
            }
            let keys = keys.for_another_card(&mut OsRng).map_err(|error| error.to_string())?;
            let card = hierarchy.card(variant, &Holder::of_crowd(number), &keys);
            let card = card.map_err(|error| error.to_string())?;
            let dir = dir.join(format!("{number:04}"));
            folder::write(&dir, &card).map_err(|error| error.to_string())?;
            println!("{} holds a new card.", dir.display());
        }
    };
    let threads = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(issue_some)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })?;
    println!(
        "PIN 1234, password ABC123; the card.toml of each has the date of birth and the numbers."
    );
    Ok(())
}

fn write_authorities(authorities: &Path, hierarchy: &Hierarchy) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(authorities)?;
    for (name, authority) in [
        ("user-authentication-ca.der", &hierarchy.user_authentication),
        ("digital-signature-ca.der", &hierarchy.digital_signature),
    ] {
        let path = authorities.join(name);
        fs::write(&path, authority.certificate()?)?;
        println!("authority: {}", path.display());
    }
    for (name, of, authority) in [
        ("card-surface-authority.pem", "the card surface", &hierarchy.card_surface),
        ("card-info-authority.pem", "card information", &hierarchy.card_information),
    ] {
        let path = authorities.join(name);
        fs::write(&path, authority.to_public_key_pem()?)?;
        println!("authority of {of}: {}", path.display());
    }
    write_terminal(&authorities.join("terminal"), hierarchy)
}

fn write_terminal(dir: &Path, hierarchy: &Hierarchy) -> Result<(), Box<dyn Error>> {
    let intermediate = CvKey::generate(key_identifier::TERMINAL_INTERMEDIATE, &mut OsRng)?;
    let terminal = CvKey::generate(key_identifier::TERMINAL, &mut OsRng)?;
    let private_key = terminal.to_pkcs8_pem()?;
    fs::create_dir_all(dir)?;
    for (name, bytes) in [
        ("intermediate.cv", hierarchy.terminal.certify(&intermediate).as_slice()),
        ("terminal.cv", &intermediate.certify(&terminal)),
        ("terminal.pem", private_key.as_bytes()),
    ] {
        let path = dir.join(name);
        fs::write(&path, bytes)?;
        println!("terminal: {}", path.display());
    }
    Ok(())
}

fn write(dir: &Path, image: &Image) -> Result<(), Box<dyn Error>> {
    if folder::holds_image(dir) {
        return Err(format!("{} holds a card already", dir.display()).into());
    }
    folder::write(dir, image)?;
    println!("{} holds a new card.", dir.display());
    for (ef, pin) in image.pins() {
        let Some(name) = name_of_pin(ef) else { continue };
        let value = pin.value().unwrap_or("not set");
        println!("{name}: {value} ({} tries)", pin.retries_left());
    }
    Ok(())
}

/// None of those that nobody presents, or that are the card surface's over again.
fn name_of_pin(ef: Ef) -> Option<&'static str> {
    match (ef.application, ef.id) {
        (Application::Jpki, 0x0018) => Some("user authentication PIN (利用者証明用暗証番号)"),
        (Application::Jpki, 0x001B) => Some("digital signature password (署名用パスワード)"),
        (Application::CardInformation, 0x0011) => {
            Some("card information PIN (券面事項入力補助用暗証番号)")
        }
        (Application::CardSurface, 0x0011) => Some("date of birth (生年月日)"),
        (Application::CardSurface, 0x0012) => Some("verification number B (照合番号B)"),
        (Application::CardSurface, 0x0013) => Some("verification number A (照合番号A)"),
        _ => None,
    }
}

fn run(image: PathBuf, vpcd: String, serving: Serving) -> Result<(), Box<dyn Error>> {
    let mut slot = Slot { dir: image, vpcd, serving, insertion: None };
    slot.insert()?;
    for line in io::stdin().lines() {
        let line = line?;
        let done = match line.trim().split_once(' ').unwrap_or((line.trim(), "")) {
            ("insert", "") => slot.insert(),
            ("remove", "") => slot.remove(),
            ("reset", "") => slot.reset(),
            ("swap", dir) if !dir.is_empty() => slot.swap(dir.into()),
            _ => Err("known commands: insert, remove, reset, swap DIR".into()),
        };
        if let Err(error) = done {
            eprintln!("{error}");
        }
    }
    if let Some(insertion) = slot.insertion {
        insertion.wait();
    }
    Ok(())
}

/// The reader's slot as the person at the reader sees it.
struct Slot {
    dir: PathBuf,
    vpcd: String,
    serving: Serving,
    insertion: Option<Insertion>,
}

impl Slot {
    fn insert(&mut self) -> Result<(), Box<dyn Error>> {
        if self.insertion.is_some() {
            return Err("a card is in already".into());
        }
        let card = StoredCard::load(self.dir.clone(), self.serving)?;
        for (ef, path) in card.image().missing_keys() {
            eprintln!("{path} is not there: the card is without the key {ef}");
        }
        self.insertion = Some(Insertion::new(self.vpcd.clone(), card));
        println!("ready");
        Ok(())
    }

    fn remove(&mut self) -> Result<(), Box<dyn Error>> {
        self.insertion.take().ok_or("no card is in")?.remove();
        println!("removed");
        Ok(())
    }

    fn reset(&mut self) -> Result<(), Box<dyn Error>> {
        self.insertion.as_ref().ok_or("no card is in")?.reset();
        Ok(())
    }

    fn swap(&mut self, dir: PathBuf) -> Result<(), Box<dyn Error>> {
        // Tried first: a card that cannot be read must not cost the one that is in.
        StoredCard::load(dir.clone(), self.serving)?;
        if self.insertion.is_some() {
            self.remove()?;
        }
        self.dir = dir;
        self.insert()
    }
}
