//! Running a machine on the network: its clock, its listening sockets, its links and their write queues.

mod clock;
pub(crate) mod descriptors;
pub mod links;
pub(crate) mod listening;
pub mod secrets;
pub(crate) mod seldom;
pub mod stream;
pub mod work;
pub mod write_queue;
