//! ctigate's std shell.
fn main() {}
