/// What can be done with an object. [ObjectStore] is the one interface between the front ends above
/// and everything that keeps objects below: stores implement it, the object cache implements it and
/// wraps another one, and nobody can tell the difference.
///
/// Data flows down as arguments and up as return values. An expected answer is an [Outcome]; a
/// failure of the world is an [java.io.IOException] that names the object and the reason.
///
/// May use `model`. Must not know where objects live.
@NullMarked
package dev.kelpie.object;

import org.jspecify.annotations.NullMarked;
