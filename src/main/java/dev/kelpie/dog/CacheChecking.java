package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.CacheCheck;
import dev.kelpie.wire.CacheStats;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `dog vdi cache check`, which is Kelpie's own: has the sheep compare the cached blocks of a VDI,
/// or all, with their checksums, and clean ones with the store if asked to. It goes in steps of a
/// few megabytes, with a pause behind each as long as the step took, so that guests have the device
/// at least half of the time. Whatever is found ends it with status 1.
final class CacheChecking implements Command {
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final long PAUSE_MILLIS_MAX = 1000;
  private static final long BLOCK = 4096;

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    Optional<String> name = in.nextArgument();
    int vdi = name.isPresent() ? in.vdis().find(name.get(), in.options().snapshot()).value() : 0;
    CacheStats stats = CacheStatistics.fetch(in.sheep());
    if (!stats.on()) {
      throw new Failure(
          ExitStatus.FAILURE,
          "the object cache turned itself off: there is nothing to check, its log says why");
    }
    CacheCheck found = check(in, vdi, progress(in, stats, vdi));
    in.console().print(render(in.options(), found));
    return trouble(found) == 0 ? ExitStatus.SUCCESS : ExitStatus.FAILURE;
  }

  private static Steps progress(Invocation in, CacheStats stats, int vdi) {
    long total = 0;
    for (CacheStats.Vdi counts : stats.vdis()) {
      total += vdi == 0 || counts.vdi() == vdi ? counts.valid() : 0;
    }
    return new Steps(new Progress(in.console(), total), total);
  }

  /// The bar. What is cached changes meanwhile, so that the end may come early or late.
  private record Steps(Progress bar, long total) {
    void at(CacheCheck found) throws Failure {
      long done = found.checked() * BLOCK;
      bar.at(found.next() == CacheCheck.END ? total : Math.min(done, Math.max(0, total - 1)));
    }
  }

  private static CacheCheck check(Invocation in, int vdi, Steps steps)
      throws Failure, MalformedPayload {
    ObjectId object = vdi == 0 ? new ObjectId(0) : ObjectId.inode(new VdiId(vdi));
    CacheCheck found = new CacheCheck(0, 0, 0, 0, 0, 0);
    while (found.next() != CacheCheck.END) {
      long start = in.clock().nanos();
      found = found.plus(step(in, object, found.next()));
      steps.at(found);
      if (found.next() != CacheCheck.END) {
        long took = (in.clock().nanos() - start) / NANOS_PER_MILLI;
        Pause.millis(Math.clamp(took, 0, PAUSE_MILLIS_MAX));
      }
    }
    return found;
  }

  private static CacheCheck step(Invocation in, ObjectId object, long from)
      throws Failure, MalformedPayload {
    int flags = in.options().has('D') ? RequestFlags.DEEP : 0;
    RequestFields fields = RequestFields.Obj.at(object, from);
    Reply reply = in.sheep().call(Opcode.CHECK_CACHE, flags, CacheCheck.SIZE, fields);
    if (!reply.success()) {
      throw new Failure(ExitStatus.FAILURE, "failed to check the cache: " + reply.text());
    }
    return CacheCheck.decode(reply.data());
  }

  private static long trouble(CacheCheck found) {
    return found.damagedClean() + found.damagedDirty() + found.differing() + found.unread();
  }

  private static String render(Options options, CacheCheck found) {
    if (options.json()) {
      return json(found);
    }
    return options.raw() ? raw(found) : human(found);
  }

  private static String human(CacheCheck found) {
    List<String> lines = new ArrayList<>();
    lines.add(found.checked() + " blocks checked, " + trouble(found) + " with trouble");
    told(lines, found.damagedClean(), "damaged, dropped, and fetched anew when they are read");
    told(lines, found.damagedDirty(), "damaged and not in the store yet: their data is lost");
    told(lines, found.differing(), "not as the store has them, and dropped");
    told(lines, found.unread(), "not compared: the store could not read them");
    return String.join("\n", lines) + "\n";
  }

  private static void told(List<String> lines, long count, String what) {
    if (count > 0) {
      lines.add(count + " " + what);
    }
  }

  /// Checked, damaged clean, damaged dirty, differing, unread.
  private static String raw(CacheCheck found) {
    return found.checked()
        + " "
        + found.damagedClean()
        + " "
        + found.damagedDirty()
        + " "
        + found.differing()
        + " "
        + found.unread()
        + "\n";
  }

  private static String json(CacheCheck found) {
    Json json = new Json().open('{').field("checked", found.checked());
    json.field("damaged_clean", found.damagedClean());
    json.field("damaged_dirty", found.damagedDirty());
    json.field("differing", found.differing()).field("unread", found.unread());
    return json.close('}').document();
  }
}
