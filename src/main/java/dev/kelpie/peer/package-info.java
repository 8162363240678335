/// Requests from node to node: one connection for each pair of nodes and each [Purpose], to the
/// port where the Sheepdog protocol is served, in plain or in TLS as clients come there
/// (`docs/peer-protocol.md`).
///
/// The asking side: [Peers] has a [PeerLink] for each node and purpose, which makes a
/// [PeerConnection] when it is needed and another one when that is lost ([Dialer]). Many requests
/// are under way on it at a time, and answered in any order. [RemoteCopies] and [RemoteStoreNode]
/// are another node's copies and another node's slots, as `replica` wants them. The answering side:
/// [PeerServer] takes connections over from the port's own protocol, a [Conversation] reads
/// requests and carries each out in a task of its own, and a [Desk] does it. [CopiesRequest] and
/// [StoreRequest] are what can be asked, [Frame] how it is framed.
///
/// **Nothing comes late.** A request that is not answered in time fails, and its connection is
/// given up with it. The next one is numbered higher and says so before anything is asked on it;
/// the other node grants it only when nothing is under way any more for any earlier one and it
/// reads no more from those ([Callers]). So what was asked again is not done once more after what
/// was asked later. Of holders that would be guaranteed by ballots and versions (a change names the
/// version that it follows, and a preparation waits for what is under way), were it not for
/// `replace`, which makes a copy what it is told whatever it was.
///
/// **No deadlock.** What a gateway asks may wait for what a primary asks of holders, and that waits
/// for nobody but a disk. The two never wait for each other's room: they have connections, limits
/// of requests and bytes, and budgets of memory of their own.
///
/// Locks: a [PeerLink], a [PeerConnection], each [Pending], [Callers] and `stream`'s classes have
/// one each. None is held while another is taken or while anything is sent or read.
///
/// May use `replica`, `object`, `model`, `wire`, `stream`, `tls`, `platform` and `log`. Must never
/// choose whom to ask, nor ask again.
@NullMarked
package dev.kelpie.peer;

import org.jspecify.annotations.NullMarked;
