/// The one-node default of [dev.kelpie.cluster.Coordination]: the records lie in memory and,
/// durably, in one append-only file of the node's directory. No outside service, no network.
///
/// [EmbeddedCoordination] decides and keeps the records; [CommitLog] is the file's crash argument;
/// its bytes are those of `cluster.journal`. May use that, `cluster`, `model`, `platform` and
/// `log`.
@NullMarked
package dev.kelpie.cluster.embedded;

import org.jspecify.annotations.NullMarked;
