/// A served byte stream: listening, admission, the line to one client, what is in flight on it, and
/// the orderly end. What the bytes mean is the front ends' business.
///
/// A [Server] listens to clients of a [Service], turns away whom its [Access] does not admit, and
/// gives each other one a [Session] in a task of its own, which reads and writes through its
/// [Line], in plain or in TLS. Bytes come in through an [Inbox] and leave through a [Sender]; both
/// hold little memory while little happens ([ElasticBuffer]). [InFlight] bounds what one client has
/// going and knows when a draining session is done; a [FairQueue] hands out what all clients share.
///
/// A connection that begins in one protocol can go on in another, which the first one's server
/// knows as a [Takeover] only.
///
/// Locks: each of [Server], [Sessions], [Sender], [InFlight] and [FairQueue] has one of its own,
/// and none of them waits for another or for the line while it holds it. The suppliers of a
/// [FairQueue] run under its lock.
///
/// May use `tls`, `platform` and `log`.
@NullMarked
package dev.kelpie.stream;

import org.jspecify.annotations.NullMarked;
