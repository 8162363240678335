package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;

/// `dog vdi cache warm`, Kelpie's own: has the sheep read a VDI, or a part of it, into its cache.
/// Asks for small parts, so that the bar moves, and nothing goes on for long when it is
/// interrupted.
final class CacheWarm implements Command {
  /// The most that a sheep takes at once.
  private static final int PART = 1 << 20;

  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    Span asked = Span.parse(in.options().range());
    InodeHeader inode = in.vdis().open(name, in.options().snapshot());
    Span span = asked.within(inode.size(), "Warm");
    return new Warming(in, name, inode.vdi(), in.vdis().map(inode)).run(span);
  }

  /// One run through a VDI.
  private static final class Warming {
    private final Invocation in;
    private final String name;
    private final int vdi;
    private final ObjectMap map;
    private long pulled;
    private boolean full;

    Warming(Invocation in, String name, int vdi, ObjectMap map) {
      this.in = in;
      this.name = name;
      this.vdi = vdi;
      this.map = map;
    }

    int run(Span span) throws Failure {
      long total = allocated(span);
      long done = 0;
      Progress progress = new Progress(in.console(), total);
      for (long at = span.offset(); at < span.end() && !full; at = next(at, span.end())) {
        if (map.owner(at / ObjectId.DATA_SIZE) != 0) {
          int length = (int) (next(at, span.end()) - at);
          warm(at, length);
          done += full ? 0 : length;
          progress.at(done);
        }
      }
      in.console()
          .printLine(
              Values.size(pulled)
                  + " read into the cache of "
                  + Values.size(total)
                  + " in "
                  + name);
      if (full) {
        in.console()
            .error(
                "The cache has no room for more: "
                    + Values.size(total - done)
                    + " were left out. Say which part is wanted (-R), or give it more (sheep -w)");
        return ExitStatus.FAILURE;
      }
      return ExitStatus.SUCCESS;
    }

    private void warm(long at, int length) throws Failure {
      ObjectId object = map.object((int) (at / ObjectId.DATA_SIZE));
      long offset = at % ObjectId.DATA_SIZE;
      Reply reply =
          in.sheep()
              .call(Opcode.WARM_CACHE, 0, 0, new RequestFields.Range(object, offset, vdi, length));
      full = reply.header().result() == ResultCode.NO_SPACE.code();
      if (reply.header().result() == ResultCode.NO_CACHE.code()) {
        throw new Failure(
            ExitStatus.FAILURE,
            "This sheep has no object cache, or it turned itself off (see sheep.log): start it with"
                + " -w size=SIZE");
      } else if (reply.header().result() == ResultCode.NO_VDI.code()) {
        throw new Failure(ExitStatus.FAILURE, "VDI " + name + " was deleted meanwhile");
      } else if (!reply.success() && !full) {
        throw new Failure(ExitStatus.FAILURE, "Failed to warm VDI " + name + ": " + reply.text());
      }
      if (reply.header().fields() instanceof ResponseFields.Obj came) {
        pulled += came.offset();
      }
    }

    /// How much of a span is not holes.
    private long allocated(Span span) {
      long total = 0;
      for (long at = span.offset(); at < span.end(); at = next(at, span.end())) {
        total += map.owner(at / ObjectId.DATA_SIZE) == 0 ? 0 : next(at, span.end()) - at;
      }
      return total;
    }

    private static long next(long at, long end) {
      return Math.min(end, (at / PART + 1) * PART);
    }
  }
}
