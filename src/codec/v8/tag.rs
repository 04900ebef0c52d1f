//! The bytes that say what follows.

use crate::codec::value::ViewKind;

pub(super) const VERSION: u8 = 0xFF;
/// What is written.
pub(super) const LATEST: u8 = 15;
/// The oldest that is read: from this version on, the host's objects have a tag.
pub(super) const OLDEST: u8 = 13;
/// From this version on, views have flags.
pub(super) const VIEW_FLAGS: u8 = 14;

pub(super) const PADDING: u8 = 0;
pub(super) const VERIFY_OBJECT_COUNT: u8 = b'?';
pub(super) const HOLE: u8 = b'-';
pub(super) const UNDEFINED: u8 = b'_';
pub(super) const NULL: u8 = b'0';
pub(super) const TRUE: u8 = b'T';
pub(super) const FALSE: u8 = b'F';
pub(super) const INT32: u8 = b'I';
pub(super) const UINT32: u8 = b'U';
pub(super) const DOUBLE: u8 = b'N';
pub(super) const BIGINT: u8 = b'Z';
pub(super) const UTF8: u8 = b'S';
pub(super) const ONE_BYTE: u8 = b'"';
pub(super) const TWO_BYTE: u8 = b'c';
pub(super) const REFERENCE: u8 = b'^';
pub(super) const OBJECT: u8 = b'o';
pub(super) const OBJECT_END: u8 = b'{';
pub(super) const SPARSE: u8 = b'a';
pub(super) const SPARSE_END: u8 = b'@';
pub(super) const DENSE: u8 = b'A';
pub(super) const DENSE_END: u8 = b'$';
pub(super) const DATE: u8 = b'D';
pub(super) const TRUE_OBJECT: u8 = b'y';
pub(super) const FALSE_OBJECT: u8 = b'x';
pub(super) const NUMBER_OBJECT: u8 = b'n';
pub(super) const BIGINT_OBJECT: u8 = b'z';
pub(super) const STRING_OBJECT: u8 = b's';
pub(super) const REGEXP: u8 = b'R';
pub(super) const MAP: u8 = b';';
pub(super) const MAP_END: u8 = b':';
pub(super) const SET: u8 = b'\'';
pub(super) const SET_END: u8 = b',';
pub(super) const BUFFER: u8 = b'B';
pub(super) const RESIZABLE: u8 = b'~';
pub(super) const VIEW: u8 = b'V';
pub(super) const ERROR: u8 = b'r';
pub(super) const HOST: u8 = b'\\';

pub(super) const ERROR_MESSAGE: u8 = b'm';
pub(super) const ERROR_CAUSE: u8 = b'c';
pub(super) const ERROR_STACK: u8 = b's';
pub(super) const ERROR_END: u8 = b'.';

/// Classes of errors that have a tag; all others are `Error`.
pub(super) const ERROR_CLASSES: [(u8, &str); 6] = [
    (b'E', "EvalError"),
    (b'R', "RangeError"),
    (b'F', "ReferenceError"),
    (b'S', "SyntaxError"),
    (b'T', "TypeError"),
    (b'U', "URIError"),
];

/// A view as long as its buffer at each moment.
pub(super) const LENGTH_TRACKING: u32 = 1;
/// A view of a resizable buffer.
pub(super) const OF_RESIZABLE: u32 = 2;

/// V8's letter and Node's number of a kind of view. Node's 10, a `Buffer`, is a `Uint8Array` that knows more methods.
const VIEWS: [(ViewKind, u8, u32); 12] = [
    (ViewKind::Int8, b'b', 0),
    (ViewKind::Uint8, b'B', 1),
    (ViewKind::Uint8Clamped, b'C', 2),
    (ViewKind::Int16, b'w', 3),
    (ViewKind::Uint16, b'W', 4),
    (ViewKind::Int32, b'd', 5),
    (ViewKind::Uint32, b'D', 6),
    (ViewKind::Float32, b'f', 7),
    (ViewKind::Float64, b'F', 8),
    (ViewKind::DataView, b'?', 9),
    (ViewKind::BigInt64, b'q', 11),
    (ViewKind::BigUint64, b'Q', 12),
];

const NODE_BUFFER: u32 = 10;

pub(super) fn view_letter(kind: ViewKind) -> u8 {
    VIEWS.iter().find(|view| view.0 == kind).map_or(b'?', |view| view.1)
}

pub(super) fn view_of_letter(letter: u32) -> Option<ViewKind> {
    VIEWS.iter().find(|view| u32::from(view.1) == letter).map(|view| view.0)
}

pub(super) fn node_number(kind: ViewKind) -> u32 {
    VIEWS.iter().find(|view| view.0 == kind).map_or(NODE_BUFFER, |view| view.2)
}

pub(super) fn view_of_node(number: u32) -> Option<ViewKind> {
    let number = if number == NODE_BUFFER { 1 } else { number };
    VIEWS.iter().find(|view| view.2 == number).map(|view| view.0)
}
