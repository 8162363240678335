package dev.kelpie.cache;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Whose chunk goes when one is needed. A disk at its quota replaces its own. Any other gets the
/// chunk that has waited longest in its queue, of those that may be taken: not from a disk that has
/// no more than its reservation.
///
/// Pure bookkeeping; the caller holds the lock of [ChunkSpace].
final class Shares {
  private final Replacement replacement;
  private final List<Share> limited = new ArrayList<>();
  private long reserved;

  Shares(Replacement replacement) {
    this.replacement = replacement;
  }

  /// A chunk that was chosen and taken out of its queue.
  ///
  /// @param queues it was taken from
  /// @param from the disk with limits of its own that it belongs to; null for another
  /// @param small whether it was in the small queue
  record Victim(int chunk, Replacement.Queues queues, @Nullable Share from, boolean small) {}

  /// The share that these VDIs are to have together: one that some of them have and nobody else,
  /// with limits where there is such a one, so that the order in its queues stays; else a new one.
  Share of(List<VdiCache> vdis, Supplier<Share> fresh) {
    @Nullable Share best = null;
    for (VdiCache vdi : vdis) {
      Share share = vdi.share;
      boolean nobodyElse = vdis.stream().filter(v -> v.share == share).count() == share.members;
      if (nobodyElse && (best == null || (share.isLimited() && !best.isLimited()))) {
        best = share;
      }
    }
    if (best == null) {
      best = fresh.get();
      best.members = 0;
    }
    return best;
  }

  /// A VDI takes what it has along to another share. Whoever stays behind with limits belongs to
  /// the disk no more, as a snapshot that was deleted, and has none from now on.
  ///
  /// @return whether its chunks compete with others there
  boolean join(VdiCache vdi, Share share) {
    Share before = vdi.share;
    if (before == share) {
      return false;
    }
    int chunks = vdi.chunks.get();
    before.used -= chunks;
    share.used += chunks;
    before.members--;
    share.members++;
    vdi.share = share;
    Replacement.Queues queues = before.queues;
    limit(before, Share.UNLIMITED, 0);
    boolean othersStay = before.members > 0 && before.used > 0;
    return (chunks > 0 && queues != share.queues) || (othersStay && queues != before.queues);
  }

  /// Sets quota and reservation.
  void limit(Share share, int max, int min) {
    if (share.isLimited()) {
      limited.remove(share);
      reserved -= share.min;
    }
    share.max = max;
    share.min = min;
    if (share.isLimited()) {
      limited.add(share);
      reserved += min;
    }
    boolean own = share.queues != replacement.common();
    if (own != share.isLimited()) {
      share.queues = own ? replacement.common() : replacement.queues();
    }
  }

  /// Chooses a chunk.
  ///
  /// @param reservable how many chunks all reservations together may have; where they are more, as
  ///   after the cache was made smaller, each counts in proportion
  /// @return null where none may be taken
  @Nullable Victim victim(Share forWhom, int reservable) {
    if (forWhom.isFull()) {
      return take(forWhom.queues, forWhom);
    }
    Replacement.Queues oldest = replacement.common();
    @Nullable Share from = null;
    for (Share share : limited) {
      boolean takeable =
          share == forWhom
              ? share.used > minimum(share, reservable)
              : share.used - share.leaving > minimum(share, reservable);
      if (takeable && replacement.isOlder(share.queues, oldest)) {
        oldest = share.queues;
        from = share;
      }
    }
    Victim victim = take(oldest, from);
    // What is reserved for it may still be its own to replace.
    return victim == null && forWhom.isLimited() ? take(forWhom.queues, forWhom) : victim;
  }

  /// How many chunks in use a disk cannot get, since they are reserved for others.
  long keptFrom(Share share, int reservable) {
    return limited.stream()
        .filter(other -> other != share)
        .mapToLong(other -> Math.min(other.used, minimum(other, reservable)))
        .sum();
  }

  private @Nullable Victim take(Replacement.Queues queues, @Nullable Share from) {
    int chunk = replacement.next(queues);
    if (chunk < 0) {
      return null;
    }
    if (from != null) {
      from.leaving++;
    }
    return new Victim(chunk, queues, from, replacement.isInSmall(chunk));
  }

  /// The victim stays.
  void keep(Victim victim) {
    settle(victim);
    replacement.putBack(victim.chunk());
  }

  /// The victim has no owner any more; its name is remembered.
  void gone(Victim victim, long name) {
    settle(victim);
    replacement.gone(victim.queues(), victim.small(), name);
  }

  /// The victim lost its owner by itself.
  void missed(Victim victim) {
    settle(victim);
  }

  private static void settle(Victim victim) {
    Share from = victim.from();
    if (from != null) {
      from.leaving--;
    }
  }

  private long minimum(Share share, int reservable) {
    return reserved <= reservable ? share.min : (long) share.min * reservable / reserved;
  }
}
