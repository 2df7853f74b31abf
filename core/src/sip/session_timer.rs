//! Session timers, RFC 4028, as remote call control needs them (client quirk 6).
//!
//! The client is the refresher by default. A session that is not refreshed is ended only after the longer of
//! Session-Expires and the configured linger, because Communicator refreshes every 10 or 25 minutes, whatever was
//! agreed.

use crate::time::{Duration, Instant};

/// RFC 4028 4: the shortest interval allowed, in seconds.
pub const LEAST_SECONDS: u32 = 90;
/// The longest interval, in seconds, even if Min-SE is longer: no session lives for ever (client quirk 6).
pub const MOST_SECONDS: u32 = 86_400;

/// The refresher of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// The client.
    Client,
    /// The gateway, because the client asked for it: `refresher=uas` in the request is binding (RFC 4028 9).
    Gateway,
}

/// What a request says about session timers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// `Supported: timer` (or `Require: timer`).
    pub supported: bool,
    /// Session-Expires, in seconds.
    pub expires: Option<u32>,
    /// Min-SE, in seconds.
    pub min: Option<u32>,
    /// `refresher=uas`.
    pub wants_us: bool,
}

/// The configured bounds, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The interval offered unless the client asks for less.
    pub expires: u32,
    /// The shortest interval accepted.
    pub min: u32,
    /// The least time an unrefreshed session lives.
    pub linger: u32,
}

/// What was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Session-Expires in seconds and who refreshes; `None` if the client does not know session timers.
    pub interval: Option<(u32, Refresher)>,
    /// The shortest Session-Expires that the client accepts, in seconds.
    pub least: u32,
    /// How long the session lives without a refresh.
    pub lifetime: Duration,
}

impl Agreed {
    /// Shortens the interval to `seconds`, as far as the client accepts it. The session's lifetime does not change.
    pub fn shorten(&mut self, seconds: u32) {
        if let Some((interval, _)) = &mut self.interval {
            *interval = seconds.clamp(self.least, (*interval).max(self.least));
        }
    }

    /// When we must refresh the session, if we are the refresher: at half the interval (RFC 4028 10).
    #[must_use]
    pub fn refresh_at(&self, now: Instant) -> Option<Instant> {
        match self.interval {
            Some((seconds, Refresher::Gateway)) => Some(now + Duration::from_secs(u64::from(seconds) / 2)),
            Some((_, Refresher::Client)) | None => None,
        }
    }
}

/// The client's interval is too small: to be answered 422 with this Min-SE (RFC 4028 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSmall {
    /// Min-SE in seconds.
    pub min: u32,
}

/// Negotiates the session timer of a request.
///
/// # Errors
/// [`TooSmall`] if the client asks for less than `bounds.min`.
pub fn negotiate(offer: Offer, bounds: Bounds) -> Result<Agreed, TooSmall> {
    let lingering = |seconds: u32| Duration::from_secs(u64::from(seconds.max(bounds.linger)));
    if !offer.supported {
        return Ok(Agreed { interval: None, least: LEAST_SECONDS, lifetime: lingering(bounds.expires) });
    }
    if offer.expires.is_some_and(|seconds| seconds < bounds.min) {
        return Err(TooSmall { min: bounds.min });
    }
    // RFC 4028 9: not above the request's Session-Expires, not below its Min-SE.
    let seconds = offer.expires.map_or(bounds.expires, |seconds| seconds.min(bounds.expires));
    let least = offer.min.unwrap_or(0).clamp(LEAST_SECONDS, MOST_SECONDS);
    let seconds = seconds.clamp(least, MOST_SECONDS);
    let refresher = if offer.wants_us { Refresher::Gateway } else { Refresher::Client };
    Ok(Agreed { interval: Some((seconds, refresher)), least, lifetime: lingering(seconds) })
}

crate::digest! { struct Agreed { interval, least, lifetime } }

crate::digest! { enum Refresher { Client = 0, Gateway = 1 } }

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { expires: 1800, min: 90, linger: 2100 };

    #[test]
    fn without_supported_timer_there_is_no_session_expires() {
        let agreed = negotiate(Offer { expires: Some(600), ..Offer::default() }, BOUNDS).unwrap();
        assert_eq!((agreed.interval, agreed.lifetime), (None, Duration::from_secs(2100)));
    }

    #[test]
    fn the_client_refreshes_by_default() {
        let agreed = negotiate(Offer { supported: true, ..Offer::default() }, BOUNDS).unwrap();
        assert_eq!(agreed.interval, Some((1800, Refresher::Client)));
        assert_eq!(agreed.refresh_at(Instant::ZERO), None);
    }

    #[test]
    fn an_interval_below_the_least_is_refused_with_min_se() {
        let offer = Offer { supported: true, expires: Some(89), ..Offer::default() };
        assert_eq!(negotiate(offer, BOUNDS), Err(TooSmall { min: 90 }));
    }

    #[test]
    fn a_client_that_wants_us_to_refresh_gets_it_at_half_the_interval() {
        let offer = Offer { supported: true, expires: Some(600), wants_us: true, ..Offer::default() };
        let agreed = negotiate(offer, BOUNDS).unwrap();
        assert_eq!(agreed.refresh_at(Instant::ZERO), Some(Instant::ZERO + Duration::from_secs(300)));
    }

    #[test]
    fn a_shorter_interval_stays_between_what_the_client_takes_and_what_it_asked_for() {
        for (expires, min, shortened) in [(1800, None, 90), (1800, Some(600), 600), (120, None, 90)] {
            let offer = Offer { supported: true, expires: Some(expires), min, ..Offer::default() };
            let mut agreed = negotiate(offer, BOUNDS).unwrap();
            agreed.shorten(90);
            assert_eq!(agreed.interval, Some((shortened, Refresher::Client)), "{offer:?}");
        }
        let mut short =
            negotiate(Offer { supported: true, expires: Some(120), ..Offer::default() }, BOUNDS).unwrap();
        short.shorten(600);
        assert_eq!(short.interval, Some((120, Refresher::Client)));
    }

    #[test]
    fn quirk_6_an_unrefreshed_session_lives_for_the_longer_of_session_expires_and_linger() {
        let agreed = negotiate(Offer { supported: true, ..Offer::default() }, BOUNDS).unwrap();
        assert_eq!(agreed.lifetime, Duration::from_secs(2100));
        let long = Bounds { expires: 7200, ..BOUNDS };
        let agreed = negotiate(Offer { supported: true, ..Offer::default() }, long).unwrap();
        assert_eq!(agreed.lifetime, Duration::from_secs(7200));
    }
}
