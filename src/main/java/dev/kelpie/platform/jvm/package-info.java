/// The real doors: this machine's disks, sockets, threads, locks and time. [JvmPlatform] makes them
/// all; nothing else here is named outside this room.
///
/// Blocking calls on virtual threads. Disk calls go through `FileChannel`, which lends the
/// scheduler another carrier while one waits, and through a few functions of the C library for what
/// the JDK leaves out (allocating, punching, locking). May use `platform` only.
@NullMarked
package dev.kelpie.platform.jvm;

import org.jspecify.annotations.NullMarked;
