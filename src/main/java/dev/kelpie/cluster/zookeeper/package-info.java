/// [dev.kelpie.cluster.Coordination] on Apache ZooKeeper, for clusters of several machines.
///
/// [ZooKeeperCoordination] is the door; [ZooKeeperOptions] reads what `sheep -c zookeeper:` is to
/// be given (it refuses that yet), and [ClientSettings] the file that may be named there.
///
/// [Sessions] keeps a [Session] open whatever happens, by one [Client] after the other, and renews
/// its [Lease]. [Committer] makes commits, with [CommitSlots] to find out about those whose answer
/// was lost. [Listing] reads. [Announcer] makes records that go with this process ([Announced]),
/// [Deletions] takes them away. [Names] says which znode is which record, and [Directories] creates
/// those above it.
///
/// **Who may act when.** A node serves while the lease of what it announced lasts; the others act
/// on its absence when its znode is gone. Nothing else decides: neither that the connection is
/// lost, which is often nothing, nor that ZooKeeper says so, which comes late or never to a node
/// that is cut off. [Lease] has the argument. It does not hold for a machine that is suspended as a
/// whole: its monotonic clock stands still meanwhile.
///
/// Locks, none of which is held while an answer is waited for:
///
/// | lock | guards | held over |
/// |---|---|---|
/// | [Sessions] | which session is current, and the state of it | making a [Client], which connects later |
/// | [Announced] | who updates the record, whether it is there | nothing |
/// | [Answer] | its own | nothing |
///
/// ZooKeeper's client opens sockets and threads of its own, past [dev.kelpie.platform.Platform].
/// Its threads call [Client], which passes answers on and never waits.
///
/// May use `cluster`, `config`, `platform` and `log`.
@NullMarked
package dev.kelpie.cluster.zookeeper;

import org.jspecify.annotations.NullMarked;
