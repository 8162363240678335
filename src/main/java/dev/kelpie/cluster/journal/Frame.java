package dev.kelpie.cluster.journal;

import java.util.List;

/// A whole frame of a [FrameFile].
///
/// @param settled whether it says of itself that it is durable
/// @param next where the frame behind it begins
public record Frame(Place at, List<Update> updates, boolean settled, Place next) {
  public Frame {
    updates = List.copyOf(updates);
  }
}
