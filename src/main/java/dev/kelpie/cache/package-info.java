/// The object cache: serves from near, writes back safely. An [dev.kelpie.object.ObjectStore] in
/// front of another one, with its bytes in one slab file and what they are in one mapped index
/// (docs/cache-format.md).
///
/// What it promises to who is above:
///
/// * A read sees every write that was acknowledged before it, in whatever mode either was made
///   (I7).
/// * When a flush returns, everything of the VDI that was acknowledged before it is durable in the
///   backend, and no durable inode names an object that is not (I1, I5). When it fails, nothing was
///   dropped, and the next one tries again (I2).
/// * A killed process loses nothing that was acknowledged; a power cut loses nothing that was
///   flushed, and brings nothing old back (I4, I15). What was lost is said once, by the next
///   barrier (I16).
/// * The quota is never exceeded, nor that of a disk, and a writer waits rather than fails (I14).
/// * What is reserved for a disk is not taken by another.
///
/// How data flows: [ObjectCache] takes a request and decides whether it goes through the cache.
/// [Reader] serves valid blocks from the [Slab] and has [Puller] fetch absent ones. [Writer] puts
/// dirty blocks into the slab; [WriteThrough] changes the backend before it answers, through
/// [Bypass] where nothing is in the way. While much of a disk is dirty, [WriteAround] lets its
/// writes go past the cache too. [Flusher], called by a barrier or by [WriteBehind], has [Pusher]
/// bring what is dirty to the backend in order. [Reclaimer] frees clean chunks, asking [Shares]
/// whose and [Replacement] which; [DirtyLimits] says how much may be dirty and slows writers on the
/// way there, [Throttle] makes them wait where there is no room, [SpaceTuner] sets what each disk
/// may take; [Damage] deals with bytes that do not match their checksum, [CacheSwitch] turns the
/// cache off where its device fails, after [Salvage] has brought out what it can, [Recovery] takes
/// up what the last process left, [Inspector] checks what is here. [CacheState] keeps the books
/// that they share.
///
/// [Warmth] holds what brings blocks here before they are asked for: [ReadAhead] of sequential
/// [Streams], [BootWarmer] at a VDI's opening, [HintWarmer] after a power loss; all through
/// [Prefetcher], in tasks that no answer to a client waits for.
///
/// A block is absent, clean or dirty; *writing* marks the moment in between for who looks after a
/// kill. A block that is in a push stays dirty until the backend has answered:
///
/// ```
///            pull                    write
///   absent ────────► clean ────────────────────► dirty ──┐
///      ▲  ◄────────────┘  ◄──────────────────────┘  ▲    │ write
///      │    evict, drop       pushed, and not       └────┘
///      │                      written again since
///      └──────────── create, remove, damage ──── from any
/// ```
///
/// Locks, in the order in which they are taken:
///
/// | lock | guards | held over |
/// |---|---|---|
/// | gate | the cache as a whole: on, off, cleared | a whole request (shared) |
/// | [Stripe], by object | chunks, masks, [CachedObject] of its objects | slab reads of at most 1 MiB, writes of one chunk; never the backend |
/// | [VdiCache] | the list of objects that differ | nothing that waits |
/// | [RemovedObjects] | its own | nothing |
/// | [ChunkSpace] | free chunks and records, what each [Share] has, who goes next | growing the files |
/// | [Buffers], [Throttle], [PushRate], [Streams], [ReadAhead], [BootRecord], [Background] | their own | nothing |
///
/// A *turn* is the right to change the backend's copy of one object. It is a flag under the
/// stripe's lock, so that it can be held over the backend's answer. Who holds an inode's turn may
/// wait for the turn of a data object, who holds a copy's for its parent's, never the other way
/// round.
///
/// A pull of a range that another pull brings in part stops there, and its reader waits for the
/// rest: each block is pulled once. Nobody waits for a pull whose blocks are not kept.
///
/// May use `object`, `model`, `platform` and `log`. Knows nothing of what is behind it, of sockets,
/// or of other nodes.
@NullMarked
package dev.kelpie.cache;

import org.jspecify.annotations.NullMarked;
