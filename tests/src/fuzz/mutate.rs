//! Mutations of seeds, the same in every run.

/// Words that matter in these protocols.
const WORDS: [&[u8]; 24] = [
    b"\r\n",
    b"\r\n\r\n",
    b"Content-Length: 0\r\n",
    b"l: 99999999999999999999\r\n",
    b"Via: SIP/2.0/TCP h\r\n",
    b"\r\n ",
    b";tag=",
    b"<",
    b">",
    b"/>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE a>",
    b" xmlns='u'",
    b" xmlns:p=\"http://www.ecma.ch/standards/ecma-323/csta/ed2\"",
    b"&amp;",
    b"&#0;",
    b"\"",
    b"'",
    b"\0\0\0\x080001",
    b"\xc3\xa4",
    b"\xff",
];

/// Draws numbers.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 32).unwrap() % bound.max(1)
    }

    /// A range within `length` bytes.
    fn range(&mut self, length: usize) -> core::ops::Range<usize> {
        let (one, other) = (self.below(length + 1), self.below(length + 1));
        one.min(other)..one.max(other)
    }
}

/// Mutations of `seeds`, without end: each a seed with one to four changes.
pub(super) fn all(seeds: &[Vec<u8>]) -> impl Iterator<Item = Vec<u8>> {
    let mut draw = Draw(0x2545_f491_4f6c_dd1d);
    core::iter::repeat_with(move || {
        let mut bytes = seeds[draw.below(seeds.len())].clone();
        for _ in 0..=draw.below(4) {
            change(&mut draw, &mut bytes, seeds);
        }
        bytes
    })
}

/// `length` random bytes, as a function of the seed.
pub(super) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut random = crate::Random::new(seed);
    core::iter::repeat_with(|| random.bits().to_le_bytes()).flatten().take(length).collect()
}

fn change(draw: &mut Draw, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = draw.below(bytes.len() + 1);
    let range = draw.range(bytes.len());
    match draw.below(8) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(range)),
        2 => {
            let copy = bytes[range].to_vec();
            bytes.splice(at..at, copy);
        }
        3 | 4 => {
            let word = WORDS[draw.below(WORDS.len())];
            bytes.splice(at..at, word.iter().copied());
        }
        5 => {
            let other = &seeds[draw.below(seeds.len())];
            let part = other[draw.range(other.len())].to_vec();
            bytes.splice(range, part);
        }
        6 => {
            let byte = u8::try_from(draw.below(256)).unwrap();
            bytes.iter_mut().skip(at).take(1).for_each(|index| *index = byte);
        }
        _ => bytes.iter_mut().skip(at).take(1).for_each(|index| *index ^= 1 << (at % 8)),
    }
}
