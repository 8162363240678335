/// The only doors to the world: disks, mapped files, the network, the clock, threads, locks and
/// chance. Every other room reaches the world through a [Platform] that it was handed, so that a
/// test can run the same room on a simulated one, with crashes, faults and time at its command, and
/// replay the run from a seed.
///
/// The interfaces say what a room may rely on; `platform.jvm` opens the real doors. Knows nothing
/// of what the bytes mean, and uses no other room.
@NullMarked
package dev.kelpie.platform;

import org.jspecify.annotations.NullMarked;
