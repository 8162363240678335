package dev.kelpie.replica;

import java.io.IOException;

/// Somebody asked in the name of a configuration that is not the slot's any more.
public final class Outdated extends IOException {
  private static final long serialVersionUID = 1;

  private final int slot;
  private final long asked;
  private final long known;

  /// @param known the ballot that counts
  public Outdated(Claim claim, long known) {
    super("slot " + claim.slot() + " has ballot " + known + ", not " + claim.ballot());
    this.slot = claim.slot();
    this.asked = claim.ballot();
    this.known = known;
  }

  /// In the name of what was asked.
  public Claim claim() {
    return new Claim(slot, asked);
  }

  /// The ballot that counts.
  public long known() {
    return known;
  }

  /// No stack: this is an answer, and may come from another node.
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
