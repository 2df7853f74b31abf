//! A machine at work: its clock, its listening sockets, its links and what waits to be sent on them.

mod clock;
pub(crate) mod descriptors;
pub mod links;
pub(crate) mod listening;
pub mod stream;
pub mod work;
pub mod write_queue;
