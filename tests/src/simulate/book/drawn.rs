//! Drawing a site's directory, what changes in it, and how clients name themselves and their lines.

use std::collections::BTreeSet;

use super::{Book, FIRST_LINE, Line, Named, Person, SHARED, SITE, Spot};
use crate::random::Random;
use crate::simulate::plan::{FIRST_PHONE, PHONES};

/// The devices.
const DEVICES: [&str; 6] = ["HARD1", "HARD2", "HARD3", "HARD4", "SOFT1", "SOFT2"];

impl Book {
    /// Draws a directory for so many users.
    pub(in crate::simulate) fn draw(random: &mut Random, users: usize) -> Self {
        let shared = (0..SHARED).map(|index| (FIRST_LINE, index));
        let plain = (SHARED..6).map(|index| (FIRST_PHONE, index));
        let lines = shared.chain(plain).map(|(first, index)| Line {
            number: first.saturating_add(u64::try_from(index).unwrap_or(0)).to_string(),
            is_listed: true,
            has_alias: random.chance(500),
        });
        let mut book = Self {
            lines: lines.collect(),
            devices: DEVICES.to_vec(),
            spots: Vec::new(),
            people: Vec::new(),
            is_lcs: random.chance(250),
            has_rule: random.chance(600),
            rewrites: random.chance(300),
        };
        for line in 0..SHARED {
            book.add_spot(random, line, line, FIRST_PHONE.saturating_add(u64::try_from(line).unwrap_or(0)));
            for _ in 0..random.below(3) {
                let (device, phone) = (random.index(DEVICES.len()), some_phone(random));
                book.add_spot(random, line, device, phone);
            }
        }
        for user in 0..users {
            let id = if random.chance(300) { format!("User{user}") } else { format!("user{user}") };
            let mut rights = BTreeSet::from([(user % 6, None)]);
            for _ in 0..random.below(3) {
                rights.insert(book.some_right(random));
            }
            if random.chance(120) {
                rights.pop_first();
            }
            let (is_listed, is_enabled) = (!random.chance(40), !random.chance(40));
            book.people.push(Person { id, is_listed, is_enabled, rights });
        }
        book
    }

    /// Adds a line appearance, unless the line is at the device or known as the phone already.
    fn add_spot(&mut self, random: &mut Random, line: usize, device: usize, phone: u64) {
        let same = |spot: &Spot| spot.line == line && (spot.device == device || spot.phone == phone);
        if self.spots.iter().any(same) {
            return;
        }
        let index = self.spots.iter().filter(|spot| spot.device == device).count().saturating_add(1);
        let is_first = self.spots.iter().all(|spot| spot.line != line);
        let is_listed = is_first || random.chance(850);
        self.spots.push(Spot { line, device, index, phone, is_listed });
    }

    fn some_right(&self, random: &mut Random) -> (usize, Option<usize>) {
        let line = random.index(6);
        let at: Vec<usize> =
            self.spots.iter().filter(|spot| spot.line == line).map(|spot| spot.device).collect();
        (line, random.pick(&at).copied().filter(|_| random.chance(400)))
    }

    /// How the client of a user names itself and a line: mostly one that he may control.
    pub(in crate::simulate) fn name(&self, random: &mut Random, user: usize) -> Named {
        let (upper, name) = (format!("USER{user}"), format!("user{user}"));
        let from = match random.below(8) {
            0 | 1 => format!("sip:{upper}@Example.COM"),
            2 => format!("sip:%75ser{user}@example.com"),
            3 => format!("sip:{name}@mail.example.com"),
            4 => format!("sip:{name}@Voice.example.com"),
            _ => format!("sip:{name}@example.com"),
        };
        let rights: Vec<_> = self.people.get(user).into_iter().flat_map(|one| one.rights.iter()).collect();
        let may = random.pick(&rights).copied().copied().filter(|_| random.chance(900));
        let (line, device) = may.unwrap_or_else(|| self.some_right(random));
        let at: Vec<usize> =
            self.spots.iter().filter(|spot| spot.line == line).map(|spot| spot.device).collect();
        let device = device.filter(|_| random.chance(700)).or_else(|| {
            let named = if at.len() > 1 { 600 } else { 150 };
            random.pick(&at).copied().filter(|_| random.chance(named))
        });
        let is_global = random.chance(250);
        let number = self.number(line);
        let mut uri = if is_global {
            format!("tel:{SITE}{number}")
        } else {
            format!("tel:{number};phone-context=dialstring")
        };
        if let Some(device) = device {
            let name = self.device(device);
            uri.push_str(";device=");
            uri.push_str(&if random.chance(300) { name.to_lowercase() } else { name.to_owned() });
        }
        Named { from, uri, line, is_global, device }
    }

    /// Changes something, as an administrator does. Rights that were taken are often given back.
    pub(in crate::simulate) fn change(&mut self, random: &mut Random) {
        for _ in 0..random.between(1, 3) {
            self.change_one(random);
        }
    }

    fn change_one(&mut self, random: &mut Random) {
        let right = self.some_right(random);
        let (person, line, spot) =
            (random.index(self.people.len()), random.index(self.lines.len()), random.index(self.spots.len()));
        match random.below(13) {
            0 | 1 => {
                if let Some(person) = self.people.get_mut(person)
                    && !person.rights.remove(&right)
                {
                    person.rights.insert(right);
                }
            }
            2 => {
                if let Some(person) = self.people.get_mut(person) {
                    person.rights.pop_first();
                }
            }
            3 => {
                if let Some(one) = self.people.get_mut(person) {
                    one.is_enabled = !one.is_enabled;
                }
            }
            4 => {
                if let Some(one) = self.people.get_mut(person) {
                    one.is_listed = !one.is_listed;
                }
            }
            5 => {
                if let Some(one) = self.lines.get_mut(line) {
                    one.is_listed = !one.is_listed;
                }
            }
            6 | 7 => self.turn_spot(spot),
            8 => {
                let phone = some_phone(random);
                self.move_spot(spot, phone);
            }
            9 => self.has_rule = !self.has_rule,
            10 => {
                if let Some(one) = self.lines.get_mut(line) {
                    one.has_alias = !one.has_alias;
                }
            }
            11 => self.rewrites = !self.rewrites,
            _ => self.give_back(),
        }
    }

    /// Removes a line appearance, or enters it again. A line keeps one.
    fn turn_spot(&mut self, index: usize) {
        let Some(line) = self.spots.get(index).map(|spot| spot.line) else { return };
        let others =
            self.spots.iter().enumerate().filter(|(other, spot)| *other != index && spot.line == line);
        let has_others = others.into_iter().any(|(_, spot)| spot.is_listed);
        if let Some(spot) = self.spots.get_mut(index) {
            spot.is_listed = !spot.is_listed || !has_others;
        }
    }

    /// Lets the phone system know a line appearance as another phone.
    fn move_spot(&mut self, index: usize, phone: u64) {
        let Some(line) = self.spots.get(index).map(|spot| spot.line) else { return };
        let is_taken = self.spots.iter().any(|spot| spot.line == line && spot.phone == phone);
        if let Some(spot) = self.spots.get_mut(index).filter(|_| !is_taken) {
            spot.phone = phone;
        }
    }

    /// Enters everybody and every line again, and gives each user a line at all of its devices.
    fn give_back(&mut self) {
        for (index, person) in self.people.iter_mut().enumerate() {
            (person.is_listed, person.is_enabled) = (true, true);
            person.rights.insert((index % 6, None));
        }
        for line in &mut self.lines {
            line.is_listed = true;
        }
    }

    /// What a user is to choose: mostly what is his.
    pub(in crate::simulate) fn draw_choice(&self, random: &mut Random, user: &str) -> (String, String) {
        let own: Vec<&Spot> = self.own(user).into_iter().filter(|_| random.chance(950)).collect();
        let every: Vec<&Spot> = self.spots.iter().collect();
        let from = if random.chance(850) && !own.is_empty() { &own } else { &every };
        let choice = match random.below(20) {
            0..=3 => "automatic".to_owned(),
            4 => "SOFT9".to_owned(),
            5 => "HARD1:".to_owned(),
            which => {
                let spot = random.pick(from).copied();
                let name = spot.map_or("HARD1", |spot| self.device(spot.device));
                let name = if random.chance(300) { name.to_lowercase() } else { name.to_owned() };
                let index = spot.map_or(1, |spot| spot.index);
                if which < 9 { name } else { format!("{name}:{index}") }
            }
        };
        let user = match random.below(20) {
            0 => "nobody".to_owned(),
            1..=4 => user.to_uppercase(),
            _ => user.to_owned(),
        };
        (user, choice)
    }
}

/// A phone: a line at a second device is known as any.
fn some_phone(random: &mut Random) -> u64 {
    random.between(FIRST_PHONE, FIRST_PHONE.saturating_add(PHONES).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::super::{Meant, is_soft};
    use super::*;

    #[test]
    fn drawn_directories_can_be_read_however_they_change() {
        let mut met = BTreeSet::new();
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let mut book = Book::draw(&mut random, 6);
            for _ in 0..20 {
                let user = random.index(6);
                let named = book.name(&mut random, user);
                let (_, choice) = book.draw_choice(&mut random, &format!("user{user}"));
                met.insert(match book.means(&format!("USER{user}"), &named, Some(&choice)) {
                    Meant::At(phone) => {
                        assert!(book.may(&format!("user{user}"), &phone.to_string()), "{named:?} {book:?}");
                        "at"
                    }
                    Meant::Unsure => "unsure",
                    Meant::Ambiguous => "ambiguous",
                    Meant::Refused => "refused",
                });
                book.change(&mut random);
                book.directory().unwrap();
            }
        }
        assert_eq!(met.len(), 4, "{met:?}");
        assert_eq!(DEVICES.iter().filter(|device| is_soft(device)).count(), 2);
    }
}
