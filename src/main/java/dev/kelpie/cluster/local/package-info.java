/// [dev.kelpie.cluster.Coordination] for the processes of one machine that name the same directory
/// (`-c local[:DIR]`). No outside service, no network; the directory lies on a file system of this
/// machine, not on a network's.
///
/// [LocalCoordination] is the front door; [LocalDirectory] chooses and checks the directory. It
/// holds:
///
/// | file | what |
/// |---|---|
/// | `coordination` | the records ([SharedLog]), in the format of `cluster.journal` |
/// | `coordination.new` | while the records are rewritten |
/// | `lock` | locked by the process whose turn it is to write ([DirectoryLock]) |
/// | `session-*` | one for each process, locked by it for as long as it lives ([Session]) |
///
/// **Who lives.** The kernel releases the lock of a session file when its process ends, however it
/// ends, and never before; so a free lock proves a death, and a taken one that the process can
/// still come back to what it was doing. Each process looks every [LocalCoordination#LOOK_EVERY] at
/// the session that follows its own in the order of names, and at one more by chance: whoever dies
/// is found at the next look of its neighbour, or, where that one is paused or dead as well, within
/// a few looks of all others; and the cost of an idle cluster grows with the processes, not with
/// their square. Who finds a dead one commits the end of its records and deletes the file. What a
/// reboot leaves is cleared by who comes first.
///
/// **The lease has no end.** A paused process (SIGSTOP, a debugger, a frozen container) keeps its
/// lock, so it stays present and nobody acts in its place. Over a network this would be wrong:
/// there silence may be death, so one has to stop by itself before others may act. On one machine a
/// single kernel knows who is alive, and its word is what all go by: there is nobody from whom a
/// process could be cut off while others hear of its end, so there is nothing to time. The price is
/// that a paused process is waited for; who wants it gone ends it.
///
/// **Locks.**
///
/// | lock | guards | held during |
/// |---|---|---|
/// | `lock` in the directory | writing to `coordination`; the begin and end of sessions | one turn: reading, deciding, writing, syncing |
/// | the mutex of `SharedRecords` | this process's memory of the records, its queue, its announcements | short reads of `coordination`; never the wait for `lock`, a write or a sync |
///
/// The directory's lock is taken by the one task of a process that makes a turn, before the mutex.
/// A process that is paused within its turn holds up the commits of the others, which fail after
/// [DirectoryLock#LIMIT], but not their reads. May use `cluster.journal`, `cluster`, `model`,
/// `platform` and `log`.
@NullMarked
package dev.kelpie.cluster.local;

import org.jspecify.annotations.NullMarked;
