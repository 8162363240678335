package dev.kelpie.testing;

import static dev.kelpie.testing.NbdNumbers.*;

import dev.kelpie.testing.NbdClient.Extent;
import dev.kelpie.testing.NbdClient.Reply;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A request in flight and what has come of its reply; every chunk is checked against the rules of
/// the protocol.
final class NbdPending {
  private static final int NONE_CHUNK = 0;
  private static final int DATA_CHUNK = 1;
  private static final int HOLE_CHUNK = 2;
  private static final int STATUS_CHUNK = 5;
  private static final int STATUS_EXT_CHUNK = 6;
  private static final int ERROR_CHUNK = 0x8001;

  final int command;
  final int flags;
  final long offset;
  final long length;
  final List<long[]> covered = new ArrayList<>();
  final Map<String, List<Extent>> statuses = new HashMap<>();
  final Set<Integer> wanted;
  byte[] data = new byte[0];
  String text = "";
  int error;
  int chunks;
  int contents;
  int holes;

  /// @param wanted the ids of the contexts that a block status has to tell
  NbdPending(int command, int flags, long offset, long length, Set<Integer> wanted) {
    this.wanted = new HashSet<>(wanted);
    this.command = command;
    this.flags = flags;
    this.offset = offset;
    this.length = length;
  }

  void take(
      int type, ByteBuffer payload, boolean done, Map<Integer, String> contexts, boolean extended) {
    switch (type) {
      case NONE_CHUNK -> {
        check(done, "a chunk of type NONE is the last");
        check(payload.remaining() == 0, "a chunk of type NONE is empty");
      }
      case DATA_CHUNK -> {
        check(payload.remaining() >= 9, "a chunk of data has at least a byte of data");
        content(payload.getLong(), payload.remaining(), payload);
      }
      case HOLE_CHUNK -> {
        check(payload.remaining() == 12, "a chunk of a hole has 12 bytes");
        holes++;
        long at = payload.getLong();
        int size = payload.getInt();
        content(at, size, ByteBuffer.allocate(size));
      }
      case STATUS_CHUNK, STATUS_EXT_CHUNK -> {
        check((type == STATUS_EXT_CHUNK) == extended, "status is extended where headers are");
        status(payload, contexts, extended);
      }
      case ERROR_CHUNK -> {
        check(payload.remaining() >= 6, "a chunk of an error has at least 6 bytes");
        check(error == 0, "there is only one error");
        error = payload.getInt();
        check(error != 0, "the error is not 0");
        int size = payload.getShort() & 0xffff;
        check(size == payload.remaining(), "the text fills the chunk");
        check(size <= 4096, "a text has at most 4096 bytes");
        text = NbdClient.rest(payload);
      }
      default -> check(false, "a chunk of type " + type);
    }
  }

  private void content(long at, int size, ByteBuffer bytes) {
    check(command == READ, "content comes for reads only");
    check(size > 0, "a content chunk is not empty");
    check(at >= offset && at + size <= offset + length, "content is inside of the request");
    check((flags & DF) == 0 || contents == 0, "with DF there is one chunk of content");
    check(
        covered.stream().noneMatch(c -> at < c[1] && c[0] < at + size),
        "content chunks do not overlap");
    if (data.length == 0) {
      data = new byte[(int) length];
    }
    bytes.get(data, (int) (at - offset), size);
    covered.add(new long[] {at, at + size});
    contents++;
  }

  private void status(ByteBuffer payload, Map<Integer, String> contexts, boolean extended) {
    check(command == BLOCK_STATUS, "status comes for BLOCK_STATUS only");
    int id = payload.getInt();
    check(wanted.remove(id), "there is one chunk for each context that was asked for");
    String name = contexts.getOrDefault(id, "");
    int count = extended ? payload.getInt() : payload.remaining() / 8;
    check(
        count > 0 && payload.remaining() == count * (extended ? 16 : 8),
        "descriptors fill the chunk, and there is one at least");
    List<Extent> extents = new ArrayList<>();
    long before = 0;
    while (payload.hasRemaining()) {
      check(
          Long.compareUnsigned(before, length) < 0,
          "only the last extent may pass the end of the request");
      long size = extended ? payload.getLong() : payload.getInt() & 0xffff_ffffL;
      long value = extended ? payload.getLong() : payload.getInt();
      check(size > 0, "no extent is empty");
      check((value & ~known(name)) == 0, name + " has a value of " + value);
      extents.add(new Extent(size, (int) value));
      before += size;
    }
    check((flags & REQ_ONE) == 0 || extents.size() == 1, "REQ_ONE: one extent");
    check((flags & REQ_ONE) == 0 || before <= length, "REQ_ONE: not longer than asked for");
    statuses.put(name, extents);
  }

  /// The bits that the values of a context may have.
  private static long known(String context) {
    return switch (context) {
      case "base:allocation" -> 3;
      case "qemu:allocation-depth" -> 0xffff_ffffL;
      default -> 1;
    };
  }

  Reply finish(long cookie) {
    checkError(error, this);
    if (error == 0 && command == READ) {
      long bytes = covered.stream().mapToLong(c -> c[1] - c[0]).sum();
      check(bytes == length, "a successful read is whole");
    }
    check(error != 0 || command != BLOCK_STATUS || wanted.isEmpty(), "all contexts were told");
    return new Reply(cookie, error, text, data, holes, chunks, statuses);
  }

  static void checkError(int error, NbdPending request) {
    check(
        List.of(0, EPERM, EIO, EINVAL, ENOSPC, EOVERFLOW, ENOTSUP, ESHUTDOWN).contains(error),
        "error " + error + " is one of the protocol's");
    check(
        error != EOVERFLOW || (request.command == READ && (request.flags & DF) != 0),
        "EOVERFLOW is for reads with DF");
    check(
        error != ENOTSUP || (request.command == WRITE_ZEROES && (request.flags & FAST_ZERO) != 0),
        "ENOTSUP is for fast zeroes");
  }

  private static void check(boolean holds, String rule) {
    NbdClient.check(holds, rule);
  }
}
