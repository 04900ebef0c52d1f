//! Whom main hears: origins, parsed and compared part by part, never as text that begins alike.
//!
//! URLs are parsed by the grammar of RFC 3986. A browser's own parser (WHATWG) takes more: backslashes, spaces, hosts in other
//! alphabets. But what a browser *reports* as a frame's URL is that parser's output, which the grammar covers; whatever it
//! does not cover is refused, and so is every host that is spelled otherwise than the list has it. The crate `url`, which follows
//! WHATWG, would bring three dozen others along for its tables of alphabets.

use super::Sender;
use fluent_uri::Uri;

/// Scheme, host and port: what the same-origin rule compares (RFC 6454). One of `file:` has neither host nor port; documents of
/// `data:`, `blob:` and `about:` have no origin here and are never admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: Box<str>,
    host: Box<str>,
    port: Option<u16>,
}

/// A text that is no URL with an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no URL with a scheme and a host")]
pub struct BadOrigin(Box<str>);

/// The parts of a URL's origin, as they stand in it.
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
}

fn parts<'a>(uri: &Uri<&'a str>) -> Option<Parts<'a>> {
    let scheme = uri.scheme().as_str();
    let authority = uri.authority()?;
    let port = authority.port_to_u16().ok()?.filter(|&port| Some(port) != default_port(scheme));
    let host = authority.host();
    let file = scheme.eq_ignore_ascii_case("file");
    let sensible = if file { host.is_empty() && !authority.has_port() } else { !host.is_empty() };
    sensible.then_some(Parts { scheme, host, port })
}

fn default_port(scheme: &str) -> Option<u16> {
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    match () {
        () if is("https") || is("wss") => Some(443),
        () if is("http") || is("ws") => Some(80),
        () => None,
    }
}

impl Origin {
    /// The origin of a URL.
    ///
    /// # Errors
    /// If the text is no URL, or one without a host.
    pub fn of(url: &str) -> Result<Origin, BadOrigin> {
        let bad = || BadOrigin(url.into());
        let uri = Uri::parse(url).map_err(|_| bad())?;
        let Parts { scheme, host, port } = parts(&uri).ok_or_else(bad)?;
        Ok(Origin {
            scheme: scheme.to_ascii_lowercase().into(),
            host: host.to_ascii_lowercase().into(),
            port,
        })
    }

    fn is(&self, other: &Parts<'_>) -> bool {
        self.port == other.port
            && self.host.eq_ignore_ascii_case(other.host)
            && self.scheme.eq_ignore_ascii_case(other.scheme)
    }
}

/// The origins that main hears.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    allowed: Box<[Origin]>,
    main_frames_only: bool,
}

impl Origins {
    /// Those of these URLs.
    ///
    /// # Errors
    /// If one of them has none.
    pub fn new<'a>(urls: impl IntoIterator<Item = &'a str>) -> Result<Origins, BadOrigin> {
        let allowed = urls.into_iter().map(Origin::of).collect::<Result<_, _>>()?;
        Ok(Origins { allowed, main_frames_only: false })
    }

    /// The same, but no frame within a window, whatever it shows.
    #[must_use]
    pub fn in_main_frames(mut self) -> Origins {
        self.main_frames_only = true;
        self
    }

    /// May this one be heard? Its URL is parsed anew each time, as Electron's security tutorial has it: a frame navigates.
    pub fn admit(&self, sender: &Sender<'_>) -> bool {
        if self.main_frames_only && !sender.main_frame {
            return false;
        }
        let Ok(uri) = Uri::parse(sender.url) else { return false };
        parts(&uri).is_some_and(|parts| self.allowed.iter().any(|origin| origin.is(&parts)))
    }
}
