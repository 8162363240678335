package dev.kelpie.cache;

import dev.kelpie.model.VdiId;
import org.jetbrains.lincheck.datastructures.Operation;

/// The same, with chunks that are given up for others.
public final class EvictionOperations extends IndexOperations {
  /// Which one goes depends on who came first where.
  @Operation
  public void evict() {
    new Reclaimer(state).reclaim(state.vdi(new VdiId(7)), 1);
  }
}
