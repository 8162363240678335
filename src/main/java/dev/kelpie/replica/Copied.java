package dev.kelpie.replica;

/// What was copied from node to node.
///
/// @param objects whole ones, each once for every node that got it; a removal counts
/// @param bytes of them that were sent: not the zeros
public record Copied(long objects, long bytes) {
  static final Copied NOTHING = new Copied(0, 0);

  Copied since(Copied before) {
    return new Copied(objects - before.objects, bytes - before.bytes);
  }
}
