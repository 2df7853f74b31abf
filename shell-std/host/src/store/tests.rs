use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ctigate_core::PersistResult;

use super::*;
use crate::record::console::Format;
use crate::shell::Spoken;

/// A directory for one test, removed when it is dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = std::env::temp_dir().join(format!("ctigate-store-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(&place).unwrap();
        Self(place)
    }

    fn store(&self) -> PathBuf {
        self.0.join("store.redb")
    }

    /// The names of the files in it, in order.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn console(&self) -> Console {
        Console::new(Box::new(self.clone()), Box::new(io::sink()), Format::Logfmt, Level::Info)
    }
}

/// A store with its thread.
struct Open {
    restored: Vec<(String, String)>,
    keeper: Keeper,
    answers: Receiver<(Token, PersistResult)>,
    log: Log,
    console: Console,
}

impl Open {
    fn at(path: &Path) -> Self {
        let log = Log::default();
        let console = log.console();
        let mut store = Store::open(path, &console);
        let (tell, answers) = mpsc::channel();
        let speaker = Speaker::new(move |spoken| match spoken {
            Spoken::Persisted(token, result) => tell.send((token, result)).is_ok(),
            Spoken::Command(_) | Spoken::Asked(..) | Spoken::Question(_) => false,
        });
        if let Some(source) = store.source() {
            source(speaker);
        }
        let (restored, keeper) = store.into_parts();
        Self { restored, keeper, answers, log, console }
    }

    /// Keeps a value and waits for the answer.
    fn keep(&self, key: &str, value: &str) -> PersistResult {
        self.keeper.keep(Token::new(7), key, value)?;
        let (token, result) = self.answers.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(token, Token::new(7));
        result
    }

    fn logged(&self) -> String {
        self.console.flush();
        String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap()
    }

    fn end(self) -> String {
        let logged = self.logged();
        self.keeper.end();
        logged
    }
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

#[test]
fn what_was_kept_comes_back_and_what_was_forgotten_does_not() {
    let place = Place::new("back");
    let store = Open::at(&place.store());
    assert_eq!(store.restored, []);
    for (key, value) in [("b", "1"), ("a", "2"), ("c", "3"), ("b", "4"), ("c", ""), ("d", "")] {
        assert_eq!(store.keep(key, value), Ok(()));
    }
    assert!(store.end().contains("name=store_opened"));
    assert_eq!(fs::metadata(place.store()).unwrap().permissions().mode() & 0o777, 0o600);
    let store = Open::at(&place.store());
    assert_eq!(store.restored, pairs([("a", "2"), ("b", "4")]));
    assert_eq!(place.files(), ["store.redb"]);
    store.end();
}

#[test]
fn many_values_at_once_are_answered_each() {
    let place = Place::new("many");
    let store = Open::at(&place.store());
    let mut kept = 0;
    for number in 0..1_000_u64 {
        let given = store.keeper.keep(Token::new(number), &format!("key{number:04}"), "value");
        if given == Err(StoreFault::Busy) {
            let _ = store.answers.recv_timeout(Duration::from_secs(10)).unwrap();
            continue;
        }
        kept += 1;
    }
    store.end();
    let store = Open::at(&place.store());
    assert_eq!(store.restored.len(), kept);
    store.end();
}

#[test]
fn a_store_in_use_is_left_alone_and_its_user_is_named() {
    let place = Place::new("in-use");
    let first = Open::at(&place.store());
    assert_eq!(first.keep("a", "1"), Ok(()));
    let second = Open::at(&place.store());
    assert_eq!((second.restored.len(), second.keep("a", "2")), (0, Err(StoreFault::InUse)));
    let logged = second.end();
    let own = format!("(process {})", std::process::id());
    assert!(logged.contains("name=store_unusable") && logged.contains("fault=in-use"), "{logged}");
    assert!(logged.contains(&own) || !Path::new("/proc/locks").exists(), "{logged}");
    assert_eq!(first.keep("a", "3"), Ok(()));
    first.end();
    assert_eq!(place.files(), ["store.redb"]);
}

#[test]
fn what_cannot_be_read_is_moved_aside_under_a_name_that_is_free() {
    let place = Place::new("garbage");
    fs::write(place.0.join("store.redb.broken-2"), "an older one").unwrap();
    for (number, garbage) in [(1, vec![b'x'; 100_000]), (3, vec![0; 3]), (4, vec![0; 1 << 20])] {
        fs::write(place.store(), &garbage).unwrap();
        let store = Open::at(&place.store());
        assert_eq!((store.restored.len(), store.keep("a", "1")), (0, Ok(())));
        let logged = store.end();
        assert!(logged.contains("name=store_moved_aside"), "{logged}");
        let aside = place.0.join(format!("store.redb.broken-{number}"));
        assert!(fs::read(&aside).unwrap() == garbage, "it is kept as it was");
    }
    assert_eq!(place.files().len(), 5);
}

#[test]
fn a_store_damaged_anywhere_is_whole_or_moved_aside_and_never_a_panic() {
    let place = Place::new("damaged");
    let store = Open::at(&place.store());
    for number in 0..200 {
        let (key, value) = (format!("key{number}"), format!("value{number}"));
        assert_eq!(store.keep(&key, &value), Ok(()));
    }
    store.end();
    let mut whole = Vec::new();
    fs::File::open(place.store()).unwrap().read_to_end(&mut whole).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let (mut restored, mut aside) = (0, 0);
    for round in 0..60 {
        fs::write(place.store(), &whole).unwrap();
        let at = u64::try_from(used * round / 60).unwrap();
        let file = fs::OpenOptions::new().write(true).open(place.store()).unwrap();
        if round % 3 == 2 {
            file.set_len(at + 1).unwrap();
        } else {
            file.write_all_at(&[0xa5; 64], at).unwrap();
        }
        drop(file);
        let store = Open::at(&place.store());
        match store.restored.len() {
            0 => aside += 1,
            200 => restored += 1,
            some => panic!("{some} of 200 are left after damage at {at}"),
        }
        assert_eq!(store.keep("another", "value"), Ok(()), "after damage at {at}");
        store.end();
    }
    assert!(restored + aside == 60 && aside > 5, "{restored} restored, {aside} moved aside");
}

#[test]
fn a_file_that_is_removed_or_replaced_at_run_time_is_written_anew() {
    let place = Place::new("removed");
    let store = Open::at(&place.store());
    assert_eq!(store.keep("a", "1"), Ok(()));
    fs::remove_file(place.store()).unwrap();
    assert_eq!(store.keep("b", "2"), Ok(()));
    fs::remove_file(place.store()).unwrap();
    fs::write(place.store(), "something else").unwrap();
    assert_eq!(store.keep("c", "3"), Ok(()));
    store.end();
    let store = Open::at(&place.store());
    assert_eq!(store.restored, pairs([("a", "1"), ("b", "2"), ("c", "3")]));
    assert_eq!(place.files(), ["store.redb", "store.redb.broken-1"]);
    store.end();
}

#[test]
fn a_place_where_no_file_can_be_keeps_nobody_from_starting() {
    let place = Place::new("nowhere");
    let nowhere = place.0.join("missing").join("store.redb");
    for path in [nowhere.as_path(), &place.0, Path::new("/dev/full"), Path::new("/proc/ctigate-store")] {
        let store = Open::at(path);
        assert_eq!(store.restored, []);
        let result = store.keep("a", "1");
        assert!(matches!(result, Err(StoreFault::Failed | StoreFault::ReadOnly)), "{path:?}: {result:?}");
        let logged = store.end();
        assert!(logged.contains("name=store_unusable"), "{logged}");
    }
    // It works as soon as its directory is there.
    let store = Open::at(&nowhere);
    assert_eq!(store.keep("a", "1"), Err(StoreFault::Failed));
    fs::create_dir(place.0.join("missing")).unwrap();
    assert_eq!(store.keep("a", "1"), Ok(()));
    assert!(store.end().contains("name=store_works_again"));
    assert_eq!(Open::at(&nowhere).restored, pairs([("a", "1")]));
}

#[test]
fn without_a_path_nothing_is_kept_and_that_is_said() {
    let log = Log::default();
    let console = log.console();
    let mut store = Store::none(&console);
    assert!(store.source().is_none());
    let (restored, keeper) = store.into_parts();
    assert_eq!((restored.len(), keeper.keep(Token::new(1), "a", "1")), (0, Err(StoreFault::Unset)));
    console.flush();
    assert!(String::from_utf8(log.0.lock().unwrap().clone()).unwrap().contains("name=store_unset"));
}
