/// Objects on several nodes: which of them have everything, who orders the changes, and how the
/// others follow (`docs/replication.md`).
///
/// [SlotConfig] says it for one slot, [SlotRules] what becomes of it when nodes come and go;
/// [SlotTable] is what this node knows of all slots. A node answers for its own copies through
/// [Holder]. Where it is a slot's primary, [Primary] makes clients' changes there and at the other
/// acting nodes, in each object's turn, after it has made all of them equal.
///
/// [Recovery] has slots come to where they are to be.
///
/// May use `object`, `model`, `placement`, `platform` and `log`. Must never decide alone who has
/// what: that is a commit.
@NullMarked
package dev.kelpie.replica;

import org.jspecify.annotations.NullMarked;
