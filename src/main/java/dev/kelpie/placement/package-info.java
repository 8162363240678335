/// Which nodes have which objects: pure arithmetic that every node and every tool does alike,
/// without asking anybody.
///
/// An object's hash says its slot ([Slots]); a slot's holders are those that a walk over the [Ring]
/// meets, each in another zone ([SlotHolders]). How many points a node has on the ring follows from
/// its space ([Weights]).
///
/// May use `model`. Must never do I/O, nor keep anything that changes.
@NullMarked
package dev.kelpie.placement;

import org.jspecify.annotations.NullMarked;
