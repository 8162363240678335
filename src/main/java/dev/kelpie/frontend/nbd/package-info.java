/// The NBD front end: fixed newstyle handshake, structured replies, extended headers, block status
/// in several contexts, several connections per disk, over TCP and Unix sockets. The protocol is
/// described in `doc/proto.md` of the NBD project, extended headers in that of its branch
/// `extension-ext-header`; this room names things as those do. `docs/nbd.md` says what of it there
/// is.
///
/// [NbdServer] offers it through a [dev.kelpie.stream.Server]. A connection has one task of its
/// own: [Handshake] settles which disk it is about, then [Transmission] takes requests out of an
/// inbox, serves at once what is at hand, and collects the replies in an [Outbox] that leaves when
/// the client has nothing more to say. Whatever would have to wait, or is large, becomes a task
/// ([PatientRequests]) that answers by itself, so that later requests overtake it. Data moves from
/// the input buffer to the disk and from the disk to the output buffer without a copy between.
///
/// What one connection may use: two buffers of 16 KiB, or of 256 KiB while much comes or goes, and
/// of payloads in flight 16 MiB or one request, whichever is larger ([NbdConnection]). All
/// connections together stay below [NbdConfig#payloadBytesMax]; a client that stops taking its
/// replies keeps what it holds until another connection needs it, and is then disconnected
/// ([Memory]).
///
/// May use `stream`, `volume`, `object`, `model`, `platform` and `log`. Must not know what a disk
/// is made of.
@NullMarked
package dev.kelpie.frontend.nbd;

import org.jspecify.annotations.NullMarked;
