//! ctigate's smol shell.
fn main() {}
