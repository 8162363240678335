package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.ObjectDamaged;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Compares objects with their checksums.
public final class StoreCheck {
  private static final int PIECE_BLOCKS = 64;

  private final List<Finding> findings = new ArrayList<>();
  private long objects;

  StoreCheck() {}

  /// Something damaged.
  ///
  /// @param offset of the first damaged byte in the object
  public record Finding(ObjectId object, int offset, String what) {}

  /// What was found.
  ///
  /// @param objects that were looked at
  public record Result(long objects, List<Finding> findings) {
    /// Whether everything is as it should be.
    public boolean clean() {
      return findings.isEmpty();
    }
  }

  Result result() {
    return new Result(objects, List.copyOf(findings));
  }

  /// Looks at one object.
  ///
  /// @return whether it is there
  boolean add(Slot slot) throws IOException {
    try {
      Optional<ObjectFile> file = slot.file();
      if (file.isEmpty()) {
        return false;
      }
      objects++;
      int blocks = Blocks.count(slot.object());
      for (int first = 0; first < blocks; first += PIECE_BLOCKS) {
        readPiece(file.get(), first, Math.min(PIECE_BLOCKS, blocks - first));
      }
      return true;
    } catch (ObjectDamaged damaged) {
      objects++;
      findings.add(new Finding(slot.object(), Trailer.position(slot.object()), damaged.toString()));
      return true;
    }
  }

  private void readPiece(ObjectFile file, int first, int count) throws IOException {
    try {
      file.readBlock(first, ByteBuffer.allocate(Blocks.start(count)));
    } catch (ObjectDamaged _) {
      readSingly(file, first, count);
    }
  }

  private void readSingly(ObjectFile file, int first, int count) throws IOException {
    for (int block = first; block < first + count; block++) {
      try {
        file.readBlock(block, ByteBuffer.allocate(Blocks.SIZE));
      } catch (ObjectDamaged damaged) {
        findings.add(new Finding(file.object(), Blocks.start(block), damaged.toString()));
      }
    }
  }
}
