//! Identifiers on the wire: an entry's slot and generation, mixed with a salt of this run, so that an identifier from
//! an earlier run is not valid.

use alloc::format;
use alloc::string::String;

use ctigate_core::digest::Digest;
use ctigate_core::slots::{Handle, Slots};

/// The identifier of the entry `handle`, such as `0_99f261b4`.
#[must_use]
pub fn name<T>(handle: Handle<T>, salt: u32) -> String {
    let [slot, generation] = halves(handle.number());
    format!("{slot}_{:08x}", generation ^ salt)
}

/// The entry that `text` identifies, if it still exists. Only the exact text that [`name`] writes is accepted.
#[must_use]
pub fn find<T: Digest>(slots: &Slots<T>, salt: u32, text: &str) -> Option<Handle<T>> {
    let (slot, _) = text.split_once('_')?;
    let handle = slots.at(slot.parse().ok()?)?;
    (name(handle, salt) == text).then_some(handle)
}

/// The low and the high half of a number.
fn halves(number: u64) -> [u32; 2] {
    let low = u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
    let high = u32::try_from(number >> 32).unwrap_or_default();
    [low, high]
}

#[cfg(test)]
mod tests {
    use super::{find, name};
    use ctigate_core::slots::Slots;

    #[test]
    fn a_name_finds_its_entry_and_no_later_one_in_its_place() {
        let mut slots = Slots::new(4);
        let first = slots.insert(7_u64).unwrap();
        let text = name(first, 0x99f2_61b5);
        assert_eq!(text, "0_99f261b4");
        assert_eq!(find(&slots, 0x99f2_61b5, &text), Some(first));
        assert_eq!(find(&slots, 0x99f2_61b4, &text), None);
        for other in ["", "0", "0_", "00_99f261b4", "0_99F261B4", "1_99f261b4", "+0_99f261b4", "0_99f261b4 "]
        {
            assert_eq!(find(&slots, 0x99f2_61b5, other), None, "{other}");
        }
        slots.remove(first);
        let second = slots.insert(8_u64).unwrap();
        assert_eq!(find(&slots, 0x99f2_61b5, &text), None);
        assert_eq!(find(&slots, 0x99f2_61b5, &name(second, 0x99f2_61b5)), Some(second));
    }
}
