/// Objects on several nodes: which of them have everything, who orders the changes, and how the
/// others follow (`docs/replication.md`).
///
/// [SlotConfig] says it for one slot, [SlotRules] what becomes of it when nodes come and go;
/// [SlotTable] is what this node knows of all slots. A node answers for its own copies through
/// [Holder]. Where it is a slot's primary, [Primary] makes clients' changes there and at the other
/// acting nodes, in each object's turn, after it has made all of them equal; it asks them through
/// [Everywhere], which is [AllAtOnce].
///
/// [ReplicatedStore] is all of that as a gateway sees it: an `ObjectStore` that asks each
/// [StoreNode] for the slots that it leads, this node ([OwnStoreNode]) among them. [Barriers] make
/// durable what [DeferredChanges] remembers, [Listings] find the objects of a VDI. [Recovery] has
/// slots come to where they are to be.
///
/// The configurations are agreed records: [SlotBook] is the table over them, kept up to date by
/// [SlotBookTask], [GroupedTable] makes many changes one commit, and [SlotFollower] changes them in
/// the map's own commit. [SlotShard] is such a record, [SlotMap] the map as slots go by it. Nodes
/// have the names that [dev.kelpie.cluster.Member#name()] gives them.
///
/// Locks: a [Holder]'s gates, then its mutexes of objects, both held while the disk works; those of
/// [Turns] and [DeferredChanges] for a moment; [SlotBookTask] has one, which guards what is due.
/// None is held while another node or a record is asked, and a [SlotBook] has none.
///
/// May use `object`, `cluster`, `placement`, `model`, `platform` and `log`. Must never decide alone
/// who has what: that is a commit.
@NullMarked
package dev.kelpie.replica;

import org.jspecify.annotations.NullMarked;
