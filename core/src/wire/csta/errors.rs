//! CSTAErrorCode: one category, one value of it, spelt as edition 3's schema spells them.
