//! The weather: what the network does to what it carries.

use crate::random::Random;

/// How the network treats bytes and datagrams from one host to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// The least time anything travels, in microseconds; at least 1.
    pub latency: u64,
    /// The most that is added to it, drawn for each write and each datagram.
    pub jitter: u64,
    /// The longest piece that a stream's bytes are divided into; 0 if every write arrives whole.
    pub piece: u64,
    /// After which byte every write to a stream is divided in two; 0 for none.
    pub cut: u64,
    /// In how many cases of a thousand a piece that arrives waits for the next one and is merged with it.
    pub merge: u64,
    /// How many datagrams of a thousand are lost.
    pub loss: u64,
    /// How many datagrams of a thousand arrive twice.
    pub duplicate: u64,
    /// How many datagrams of a thousand are delayed so long that later ones overtake them.
    pub reorder: u64,
    /// How late a host may wake up, in microseconds.
    pub oversleep: u64,
    /// How long a stream takes to carry one byte, in microseconds: a slow reader.
    pub per_byte: u64,
}

impl Weather {
    /// A quiet local network: a latency of a millisecond, nothing divided, nothing lost.
    pub const CALM: Self = Self {
        latency: 1_000,
        jitter: 0,
        piece: 0,
        cut: 0,
        merge: 0,
        loss: 0,
        duplicate: 0,
        reorder: 0,
        oversleep: 0,
        per_byte: 0,
    };

    /// No network at all: every message arrives whole, and at once, as on the bench.
    pub const STILL: Self = Self { latency: 1, ..Self::CALM };

    /// Everything happens, and often.
    pub const STORM: Self = Self {
        latency: 500,
        jitter: 80_000,
        piece: 97,
        cut: 0,
        merge: 300,
        loss: 150,
        duplicate: 100,
        reorder: 150,
        oversleep: 3_000,
        per_byte: 0,
    };

    /// Draws weather in which each nuisance is present or absent, so that none can hide another.
    pub fn drawn(random: &mut Random) -> Self {
        let mut some = |most: u64| if random.chance(500) { random.between(1, most) } else { 0 };
        Self {
            latency: 1 + some(20_000),
            jitter: some(120_000),
            piece: some(200),
            cut: 0,
            merge: some(600),
            loss: some(200),
            duplicate: some(200),
            reorder: some(200),
            oversleep: some(5_000),
            per_byte: 0,
        }
    }

    /// Draws how long something travels, whatever its size.
    pub(super) fn travel(&self, random: &mut Random) -> u64 {
        self.latency.max(1).saturating_add(random.between(0, self.jitter))
    }

    /// Draws the pieces that a write of `length` bytes is divided into.
    pub(super) fn pieces(&self, length: usize, random: &mut Random) -> Vec<usize> {
        let mut pieces = Vec::new();
        let mut left = length;
        if let Some(cut) = usize::try_from(self.cut).ok().filter(|cut| (1..length).contains(cut)) {
            pieces.push(cut);
            left = left.saturating_sub(cut);
        }
        while left > 0 {
            let most = usize::try_from(self.piece).unwrap_or(usize::MAX);
            let piece = if self.piece == 0 { left } else { (1 + random.index(most)).min(left) };
            pieces.push(piece);
            left = left.saturating_sub(piece);
        }
        pieces
    }

    /// Draws the delays of a datagram's copies: none, one or two.
    pub(super) fn datagram(&self, random: &mut Random) -> Vec<u64> {
        if random.chance(self.loss) {
            return Vec::new();
        }
        let copies = if random.chance(self.duplicate) { 2 } else { 1 };
        (0..copies)
            .map(|_| {
                let held_up = if random.chance(self.reorder) { random.between(1_000, 300_000) } else { 0 };
                self.travel(random).saturating_add(held_up)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_to_the_write() {
        let mut random = Random::new(3);
        let storm = Weather::STORM;
        for length in 0..400 {
            let pieces = storm.pieces(length, &mut random);
            assert_eq!(pieces.iter().sum::<usize>(), length);
            assert!(pieces.iter().all(|piece| (1..=97).contains(piece)));
        }
        assert_eq!(Weather::CALM.pieces(400, &mut random), [400]);
    }

    #[test]
    fn calm_weather_carries_each_datagram_once_and_in_order() {
        let mut random = Random::new(3);
        assert_eq!(Weather::CALM.datagram(&mut random), [1_000]);
    }

    #[test]
    fn a_storm_loses_some_datagrams_and_doubles_others() {
        let mut random = Random::new(3);
        let counts: Vec<usize> = (0..1_000).map(|_| Weather::STORM.datagram(&mut random).len()).collect();
        assert!(counts.contains(&0) && counts.contains(&1) && counts.contains(&2));
    }
}
