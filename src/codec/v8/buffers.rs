//! Buffers and their views on the wire.

use super::read::{Bad, Reader};
use super::write::Writer;
use super::{Views, tag};
use crate::codec::error::Error;
use crate::codec::value::{Object, Slot, ViewKind};

impl Writer<'_> {
    pub(super) fn buffer(&mut self, buffer: u32) -> Result<(), Error> {
        let buffer = &self.heap.buffers[buffer as usize];
        self.out.push(if buffer.max.is_some() { tag::RESIZABLE } else { tag::BUFFER });
        self.varint(size(buffer.bytes.len())?);
        if let Some(max) = buffer.max {
            self.varint(size(max)?);
        }
        self.out.extend_from_slice(&buffer.bytes);
        Ok(())
    }

    pub(super) fn view(&mut self, id: u32) -> Result<(), Error> {
        let Object::View { kind, tracking, buffer, offset, length } = *self.heap.object(id) else {
            return Ok(());
        };
        let bytes = self.heap.viewed(tracking, buffer, offset, length);
        if self.views == Views::Node {
            self.out.push(tag::HOST);
            self.varint(tag::node_number(kind));
            self.varint(size(bytes.len())?);
            self.out.extend_from_slice(bytes);
            return Ok(());
        }
        let resizable = self.heap.buffer(buffer).max.is_some();
        self.out.extend_from_slice(&[tag::VIEW, tag::view_letter(kind)]);
        self.varint(size(offset)?);
        self.varint(size(length)?);
        let flags =
            if tracking { tag::LENGTH_TRACKING } else { 0 } | if resizable { tag::OF_RESIZABLE } else { 0 };
        self.varint(flags);
        Ok(())
    }
}

/// A size as the format has it.
fn size(size: usize) -> Result<u32, Error> {
    let what = "4 GiB and more in one ArrayBuffer";
    u32::try_from(size).map_err(|_| Error::Unsupported { codec: "structured-clone", what })
}

impl Reader<'_> {
    pub(super) fn buffer(&mut self, resizable: bool) -> Result<Slot, Bad> {
        let len = self.varint()? as usize;
        let max = if resizable { Some(self.varint()? as usize) } else { None };
        if max.is_some_and(|max| max < len) {
            return self.malformed("a buffer longer than it may grow");
        }
        let bytes = self.take(len)?.to_vec();
        let id = self.heap.add_buffer(bytes, max);
        self.ids.push(id);
        self.perhaps_view(id)
    }

    /// A view follows the buffer that it shows, or a reference to it: then the two are one value.
    pub(super) fn perhaps_view(&mut self, id: u32) -> Result<Slot, Bad> {
        let begin = self.at;
        if !matches!(self.heap.object(id), Object::Buffer(_)) || self.peek() != Ok(tag::VIEW) {
            self.at = begin;
            return Ok(Slot::Object(id));
        }
        self.at += 1;
        let (letter, offset, length) = (self.varint()?, self.varint()? as usize, self.varint()? as usize);
        let flags = if self.version >= tag::VIEW_FLAGS { self.varint()? } else { 0 };
        let (room, resizable) = (self.heap.buffer(id).bytes.len(), self.heap.buffer(id).max.is_some());
        let tracking = flags & tag::LENGTH_TRACKING != 0;
        let fits = offset <= room && length <= room - offset;
        let flagged = self.version < tag::VIEW_FLAGS || resizable == (flags & tag::OF_RESIZABLE != 0);
        match tag::view_of_letter(letter) {
            Some(kind) if fits && flagged && (resizable || !tracking) && aligned(kind, offset, length) => {
                let length = if tracking { 0 } else { length };
                self.views = Some(Views::Native);
                Ok(Slot::Object(self.add(Object::View { kind, tracking, buffer: id, offset, length })))
            }
            _ => {
                self.at = begin;
                self.malformed("a view that does not fit its buffer")
            }
        }
    }

    /// A view as Node writes it: an object of the host. Its bytes become a buffer of its own, which has no number on the wire.
    pub(super) fn node_view(&mut self) -> Result<Slot, Bad> {
        let begin = self.at - 1;
        let (kind, length) = (self.varint()?, self.varint()? as usize);
        let Some(kind) = tag::view_of_node(kind).filter(|&kind| aligned(kind, 0, length)) else {
            self.at = begin;
            return self.malformed("an object that only the host which wrote it knows");
        };
        let bytes = self.take(length)?.to_vec();
        let buffer = self.heap.add_buffer(bytes, None);
        self.views = Some(Views::Node);
        Ok(Slot::Object(self.add(Object::View { kind, tracking: false, buffer, offset: 0, length })))
    }
}

fn aligned(kind: ViewKind, offset: usize, length: usize) -> bool {
    offset.is_multiple_of(kind.element_size()) && length.is_multiple_of(kind.element_size())
}
