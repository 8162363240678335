/// The disk store keeps its promises: the format byte by byte, every crash point, every kind of
/// fault.
@NullMarked
package dev.kelpie.store.disk;

import org.jspecify.annotations.NullMarked;
