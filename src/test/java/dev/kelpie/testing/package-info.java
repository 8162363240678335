/// What tests of all rooms share: hand-written fakes of the doors and of the one store interface,
/// which are strict, can crash and can fail at command; and small helpers for seeds and waiting.
///
/// [MemoryDisk] is the world's disk with live and durable bytes apart; [MemoryStore] is the
/// plainest object store; [TestPlatform] puts a platform together, and [WholeNode] the floors of a
/// node.
@NullMarked
package dev.kelpie.testing;

import org.jspecify.annotations.NullMarked;
