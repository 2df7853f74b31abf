//! A test's access to a world, apart from running it.

use core::fmt::Write as _;
use core::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ctigate_core::line::directory::Directory;
use ctigate_core::{Closed, Command, LinkId, ListenerId, Transport};

use super::host::{Host, Inbox, Said, Wanted};
use super::{HostId, Weather, World};

impl World {
    /// The seed it was made with.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The virtual time, in microseconds since the world began.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Random numbers of the world's own stream, for decisions of the test.
    pub const fn random(&mut self) -> &mut crate::Random {
        &mut self.random
    }

    /// How many steps a host's machine has made.
    #[must_use]
    pub fn steps(&self, host: HostId) -> usize {
        self.host(host).map_or(0, Host::steps)
    }

    /// The most actions any step of a host's machine has caused.
    #[must_use]
    pub fn high_water(&self, host: HostId) -> usize {
        self.host(host).map_or(0, Host::high_water)
    }

    /// The lines a host has printed.
    #[must_use]
    pub fn printed(&self, host: HostId) -> &[String] {
        self.host(host).map_or(&[], |host| &host.outbox.printed)
    }

    /// Whether a host has printed a line that contains `text`.
    #[must_use]
    pub fn has_printed(&self, host: HostId, text: &str) -> bool {
        self.printed(host).iter().any(|line| line.contains(text))
    }

    /// The notices of a host.
    #[must_use]
    pub fn notices(&self, host: HostId) -> &[Said] {
        self.host(host).map_or(&[], |host| &host.outbox.said)
    }

    /// The status with which a host's machine ended, if it did.
    #[must_use]
    pub fn finished(&self, host: HostId) -> Option<u8> {
        self.host(host)?.outbox.finished
    }

    /// The address of a host's listener at an index.
    #[must_use]
    pub fn listening(&self, host: HostId, index: usize) -> Option<SocketAddr> {
        Some(self.host(host)?.listens.get(index)?.address)
    }

    /// How many connections there are, as seen from a host.
    #[must_use]
    pub fn connections(&self, host: HostId) -> usize {
        self.network.ends.keys().filter(|(at, _)| *at == host).count()
    }

    /// Gives a host one line of text as a command.
    pub fn line(&mut self, host: HostId, line: &str) {
        self.command(host, Command::Line(line));
    }

    /// Sets the weather wherever it was not set for two hosts.
    pub const fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// The weather wherever it was not set for two hosts.
    #[must_use]
    pub const fn weather_everywhere(&self) -> Weather {
        self.weather
    }

    /// Resets the weather from one host to another (one way) to the general one.
    pub fn clear_weather_between(&mut self, from: HostId, to: HostId) {
        self.between.remove(&(from, to));
    }

    /// The first host of this name.
    #[must_use]
    pub fn host_named(&self, name: &str) -> Option<HostId> {
        self.hosts.iter().position(|host| host.name == name).map(HostId)
    }

    /// Sets the weather from one host to another (one way).
    pub fn set_weather_between(&mut self, from: HostId, to: HostId, weather: Weather) {
        self.between.insert((from, to), weather);
    }

    /// Ends the traces of all machines of a host and returns them, the oldest first.
    pub fn end_traces(&mut self, host: HostId) -> Vec<Vec<u8>> {
        self.host_mut(host).map(Host::end_traces).unwrap_or_default()
    }

    /// The directories of users and lines that the traces of a host name, the oldest first.
    #[must_use]
    pub fn directories(&self, host: HostId) -> Vec<Arc<Directory>> {
        self.host(host).map(Host::directories).unwrap_or_default()
    }

    /// Ends a host's trace and returns it; `None` for a host without one.
    pub fn end_trace(&mut self, host: HostId) -> Option<Vec<u8>> {
        self.host_mut(host)?.journal()?.end_trace()
    }

    /// The bytes that are under way from one host to another on some stream, to be damaged; none if there are none.
    pub fn under_way(&mut self, from: HostId, to: HostId) -> &mut [u8] {
        self.network.under_way(from, to)
    }

    /// Lets a bare host open a connection to `address` (`host:port`); returns its number there.
    pub fn connect(&mut self, host: HostId, address: &str) -> LinkId {
        let link = self.inbox_mut(host).map_or(LinkId::new(0), Inbox::next_link);
        self.open(host, link, address);
        link
    }

    /// Lets a bare host write. Nothing happens if the connection is not open.
    pub fn write(&mut self, host: HostId, link: LinkId, bytes: &[u8]) {
        // Like a socket, a connection that is gone takes no bytes; the test sees that it was closed.
        let _refused = self.grant(host, Wanted::Write(link, bytes.to_vec()));
    }

    /// Lets a bare host close a connection.
    pub fn close(&mut self, host: HostId, link: LinkId) {
        let _refused = self.grant(host, Wanted::Close(link));
    }

    /// Lets a bare host send a datagram from its listener at an index.
    pub fn send_datagram(&mut self, host: HostId, index: u16, peer: SocketAddr, bytes: &[u8]) {
        let listener = ListenerId::new(index);
        let _refused = self.grant(host, Wanted::Datagram(listener, peer, bytes.to_vec()));
    }

    /// Whether a bare host's connection is open.
    #[must_use]
    pub fn is_open(&self, host: HostId, link: LinkId) -> bool {
        self.inbox(host).is_some_and(|inbox| inbox.streams.contains_key(&link))
            && self.closed(host, link).is_none()
    }

    /// Whether a connection is open at both ends, so that what is sent gets there in the end.
    #[must_use]
    pub fn is_whole(&self, host: HostId, link: LinkId) -> bool {
        self.network.is_whole((host, link))
    }

    /// Why a bare host's connection ended, if it did.
    #[must_use]
    pub fn closed(&self, host: HostId, link: LinkId) -> Option<Closed> {
        self.inbox(host)?.closed.get(&link).copied()
    }

    /// Everything that a bare host has received on a connection.
    #[must_use]
    pub fn received(&self, host: HostId, link: LinkId) -> &[u8] {
        self.inbox(host).and_then(|inbox| inbox.streams.get(&link)).map_or(&[], Vec::as_slice)
    }

    /// All datagrams a bare host has received, with their senders.
    #[must_use]
    pub fn datagrams(&self, host: HostId) -> &[(SocketAddr, Vec<u8>)] {
        self.inbox(host).map_or(&[], |inbox| &inbox.datagrams)
    }

    /// The connections a bare host has seen open, in order.
    #[must_use]
    pub fn links(&self, host: HostId) -> Vec<LinkId> {
        self.inbox(host).map_or_else(Vec::new, |inbox| inbox.streams.keys().copied().collect())
    }

    fn inbox(&self, host: HostId) -> Option<&Inbox> {
        self.host(host)?.seen()
    }

    fn inbox_mut(&mut self, host: HostId) -> Option<&mut Inbox> {
        self.host_mut(host)?.inbox()
    }

    /// The last notices and lines of every host, for a fault's message.
    #[must_use]
    pub fn scene(&self) -> String {
        let mut text = String::new();
        for host in &self.hosts {
            let name = &host.name;
            for said in host.outbox.said.iter().rev().take(6).rev() {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "  {name}: {} {} {}", said.level.name(), said.name, said.fields);
            }
            for line in host.outbox.printed.iter().rev().take(6).rev() {
                let _ = writeln!(text, "  {name}: {line}");
            }
        }
        text
    }

    pub(super) fn host(&self, id: HostId) -> Option<&Host> {
        self.hosts.get(id.0)
    }

    pub(super) fn host_mut(&mut self, id: HostId) -> Option<&mut Host> {
        self.hosts.get_mut(id.0)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = HostId> + use<> {
        (0..self.hosts.len()).map(HostId)
    }

    /// The weather from one host to another.
    pub(super) fn weather(&self, from: HostId, to: HostId) -> Weather {
        self.between.get(&(from, to)).copied().unwrap_or(self.weather)
    }

    /// Draws how long something travels from one host to another.
    pub(super) fn travel(&mut self, from: HostId, to: HostId) -> u64 {
        self.weather(from, to).travel(&mut self.random)
    }

    /// The address of a host.
    pub(super) fn ip_of(&self, id: HostId) -> Option<IpAddr> {
        self.host(id).map(|host| host.ip)
    }

    /// The host and its listener at `address`.
    pub(super) fn listener(&self, transport: Transport, address: SocketAddr) -> Option<(HostId, ListenerId)> {
        self.hosts.iter().enumerate().find_map(|(index, host)| {
            let listener = host
                .listens
                .iter()
                .position(|listen| listen.transport == transport && listen.address == address)?;
            Some((HostId(index), ListenerId::new(u16::try_from(listener).ok()?)))
        })
    }

    /// Resolves `host:port`; the host may be the name of a host of this world.
    pub(super) fn resolve(&self, address: &str) -> Option<SocketAddr> {
        if let Ok(address) = address.parse() {
            return Some(address);
        }
        let (name, port) = address.rsplit_once(':')?;
        let ip: IpAddr = self.hosts.iter().find(|host| host.name == name)?.ip;
        Some(SocketAddr::new(ip, port.parse().ok()?))
    }
}
