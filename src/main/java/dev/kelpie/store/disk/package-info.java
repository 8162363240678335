/// Keeps objects in files on this node's disks, and survives crashes. The format, and why a crash
/// at any point leaves it right, is in `docs/disk-format.md`; the words *place*, *lap*, *rule W*,
/// *T*, *L* are from there.
///
/// [DiskStore] is the door: it finds or makes the [Slot] of an object, of which [OpenObjects] keeps
/// a bounded number, and carries out one call. An overwrite goes through [Overwrite] into the
/// [WriteLog] of its [OneDisk] and from there to its [ObjectFile]; a create goes through [Creation]
/// to a new file. The [Checkpointer] follows behind and gives laps of the log up. [Replay] does at
/// start what a crash left undone. [Hotplug] adds disks while the store is open, and takes them
/// out.
///
/// Locks, in the order in which one task may take them:
///
/// | lock | guards | held during |
/// |---|---|---|
/// | `Hotplug.changing` | the set of disks | a whole plug or unplug |
/// | [Life] (shared by calls, alone by close, format and a change of the set of disks) | that the store is open, and which its disks are | the whole call |
/// | `Slot.change` | the order of changes of one object | a change until its bytes are logged or in place |
/// | `WriteLog` mutex | the end of the log, its laps | appending one record |
/// | `ObjectFile` gate (shared by reads) | table, blocks waiting in memory, bytes of the file | reads and writes of the file, never a sync |
/// | `OpenObjects`, `Locations`, `Deferred`, `GroupSync` and other mutexes | their own fields | nothing that waits |
///
/// A checkpoint takes gates and the log's mutex, never a slot's `change`, so a writer may carry it
/// out while it holds its own.
@NullMarked
package dev.kelpie.store.disk;

import org.jspecify.annotations.NullMarked;
