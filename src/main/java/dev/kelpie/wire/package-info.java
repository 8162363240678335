/// The Sheepdog protocol as bytes and records (spec/protocol-and-cache.md §1): headers with all
/// their variants, opcodes, result codes, flags and the fixed payload structures. Release 0.9.5 is
/// imitated: internal protocol 0x09, public protocol up to 0x02.
///
/// A header is 48 bytes and every 48 bytes are a header, so decoding one cannot fail. A payload
/// structure that is too short or contradicts itself gives a [MalformedPayload], and nothing else.
/// Encoding writes every pad byte as 0. All buffers are little-endian and say so themselves; a
/// decoder reads at the buffer's position and moves it behind what it read, an encoder likewise.
/// Numbers of 32 bits that the protocol means as unsigned stand in `int`s as they are.
///
/// A server reads 48 bytes, asks [RequestHeader#framing] whether the stream can be followed, reads
/// [RequestHeader#payloadBytes] more, acts, and answers with [ResponseHeader#answering].
///
/// A few things go beyond the original:
///
/// * NEW_VDI with `snapid` [RequestFields.Vdi#ROLLBACK] (2) deletes the working VDI of the name and
///   puts a clone of `base_vdi_id` in its place, in one step; the original's 1 means "snapshot".
/// * Request flag [RequestFlags#FORCE] (0x4000) on DELETE_CACHE and CACHE_PURGE drops what cannot
///   be pushed, where the bare request pushes first and fails if that fails.
/// * The opcodes from 0xe0 on are Kelpie's own (docs/protocol.md).
/// * The offset of an object request is read with all 64 bits that old clients send, so that one
///   with a stray high half is out of range instead of somewhere else.
///
/// May use `model` only. Must not open a socket or decide anything.
@NullMarked
package dev.kelpie.wire;

import org.jspecify.annotations.NullMarked;
