/// The Sheepdog protocol as a service: QEMU up to 6.0, tgt and `dog` talk to this room
/// (spec/protocol-and-cache.md §1).
///
/// The way of a request: [SheepdogServer] listens, a [ClientConnection] reads one request after the
/// other in a task of its own, [Admission] says whether the node takes it at all, [Operations]
/// names the handler of its opcode, and the handler asks the rooms below: `vdi` for objects and
/// VDIs, `cache` for what operators want of the cache, `cluster` for the format, and the node
/// itself through [NodeControl]. What is at hand is answered in the connection's own task;
/// everything else gets a task, and replies leave in the order in which they are ready. Changes of
/// one object from several connections are kept in order by [ObjectTurns], and what an old
/// connection brings late is kept from undoing them by [Latecomers].
///
/// Every bound is per connection ([ClientConnection]) and per server ([BufferPool],
/// [SheepdogConfig]): a client that is slow, broken or greedy waits or is cut off, and harms nobody
/// else. Result codes come from one place, [Answers].
@NullMarked
package dev.kelpie.frontend.sheepdog;

import org.jspecify.annotations.NullMarked;
