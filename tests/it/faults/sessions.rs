//! Sessions in odd places: without a connection, without a line, with lines and names of any length.

use ctigate_core::setting::Value;
use ctigate_core::{Duration, Instant};
use ctigate_tests::bench::{Bench, Client, Line, PhoneSystem, csta, only};

use super::{HELD, call, signed_in};
