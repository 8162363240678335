package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// A change as whole blocks: what a block is to hold after it. Blocks that the caller gave whole
/// stay in the caller's buffers; the others were completed in buffers of their own.
///
/// @param blocks the numbers, ascending
/// @param parts the bytes in the order of the blocks, each part for neighbours only
record Image(int[] blocks, List<Part> parts) {
  /// Bytes for neighbouring blocks.
  record Part(int first, ByteBuffer bytes) {
    int count() {
      return bytes.remaining() / Blocks.SIZE;
    }
  }

  /// Gives what a block holds now.
  @FunctionalInterface
  interface Old {
    void read(int block, ByteBuffer into) throws IOException;
  }

  /// Completes the extents to blocks.
  ///
  /// @throws IllegalArgumentException where they leave the object, overlap or are not in order
  static Image of(ObjectId object, List<Extent> extents, Old old) throws IOException {
    Builder builder = new Builder(object, old);
    for (Extent extent : extents) {
      builder.add(extent);
    }
    return builder.build();
  }

  /// How many blocks the extents touch at most.
  static void check(ObjectId object, List<Extent> extents) {
    int end = 0;
    for (Extent extent : extents) {
      if (extent.offset() < end || extent.length() > object.size() - extent.offset()) {
        throw new IllegalArgumentException(
            extent.length()
                + " bytes at "
                + extent.offset()
                + " of object "
                + object
                + " are out of order or outside");
      }
      end = extent.end();
    }
  }

  /// The checksum of each block.
  int[] sums(long seed) {
    int[] sums = new int[blocks.length];
    int i = 0;
    for (Part part : parts) {
      for (int k = 0; k < part.count(); k++) {
        ByteBuffer block =
            part.bytes().slice(part.bytes().position() + Blocks.start(k), Blocks.SIZE);
        sums[i] = Checksum.of(seed, blocks[i], block);
        i++;
      }
    }
    return sums;
  }

  /// Puts all bytes into a buffer.
  void copyInto(ByteBuffer into) {
    for (Part part : parts) {
      into.put(part.bytes().duplicate());
    }
  }

  private static final class Builder {
    private final ObjectId object;
    private final Old old;
    private final List<Part> parts = new ArrayList<>();

    Builder(ObjectId object, Old old) {
      this.object = object;
      this.old = old;
    }

    void add(Extent extent) throws IOException {
      int at = extent.offset();
      int end = extent.end();
      while (at < end) {
        int block = at / Blocks.SIZE;
        int whole = (end - at) / Blocks.SIZE;
        if (at == Blocks.start(block) && whole > 0) {
          parts.add(new Part(block, piece(extent, at, Blocks.start(whole))));
          at += Blocks.start(whole);
        } else {
          int length = Math.min(end, Blocks.start(block + 1)) - at;
          partial(block, at - Blocks.start(block), piece(extent, at, length));
          at += length;
        }
      }
    }

    Image build() {
      int[] blocks = new int[parts.stream().mapToInt(Part::count).sum()];
      int i = 0;
      for (Part part : parts) {
        for (int k = 0; k < part.count(); k++) {
          blocks[i++] = part.first() + k;
        }
      }
      return new Image(blocks, List.copyOf(parts));
    }

    private void partial(int block, int at, ByteBuffer bytes) throws IOException {
      boolean begun = !parts.isEmpty() && parts.getLast().first() == block;
      if (!begun) {
        ByteBuffer completed = ByteBuffer.allocate(Blocks.SIZE);
        boolean coversAll = at == 0 && Blocks.start(block) + bytes.remaining() == object.size();
        if (!coversAll) {
          old.read(block, completed);
          completed.clear();
        }
        parts.add(new Part(block, completed));
      }
      parts.getLast().bytes().put(at, bytes, bytes.position(), bytes.remaining());
    }

    private static ByteBuffer piece(Extent extent, int at, int length) {
      ByteBuffer bytes = extent.bytes();
      return bytes.slice(bytes.position() + at - extent.offset(), length);
    }
  }
}
