package dev.kelpie.dog;

import dev.kelpie.wire.CacheStats;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import java.util.ArrayList;
import java.util.List;

/// `dog vdi cache list`, which is Kelpie's own: what the cache holds of each VDI, and what it did
/// for it since the sheep started.
final class CacheList implements Command {
  private static final String HEADER =
      "Name\tTag\tHits\tValid\tDirty\tOldest dirty\tPulled\tPushed\n";
  private static final String NOTHING = "-";
  private static final double HUNDRED = 100;
  private static final double MILLIS = 1000;

  /// A VDI that still exists, and what was counted for it.
  record Row(InodeHeader inode, CacheStats.Vdi counts) {}

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    CacheStats stats = CacheStatistics.fetch(in.sheep());
    int[] vids = stats.vdis().stream().mapToInt(CacheStats.Vdi::vdi).toArray();
    List<Row> rows = rows(stats, new VdiScan(in).of(vids));
    if (in.options().json()) {
      in.console().print(json(stats, rows));
    } else if (in.options().raw()) {
      in.console().print(raw(rows));
    } else {
      in.console().print(human(stats, rows));
    }
    return ExitStatus.SUCCESS;
  }

  private static List<Row> rows(CacheStats stats, List<InodeHeader> inodes) {
    List<Row> rows = new ArrayList<>();
    for (CacheStats.Vdi counts : stats.vdis()) {
      for (InodeHeader inode : inodes) {
        if (inode.vdi() == counts.vdi()) {
          rows.add(new Row(inode, counts));
        }
      }
    }
    return rows;
  }

  private static String human(CacheStats stats, List<Row> rows) {
    StringBuilder text = new StringBuilder(HEADER);
    for (Row row : rows) {
      CacheStats.Vdi counts = row.counts;
      text.append(row.inode.name()).append('\t').append(row.inode.tag());
      text.append('\t').append(ratio(counts)).append('\t').append(Values.size(counts.valid()));
      text.append('\t').append(Values.size(counts.dirty())).append('\t').append(age(counts));
      text.append('\t').append(Values.size(counts.pulled()));
      text.append('\t').append(Values.size(counts.pushed())).append('\n');
    }
    text.append("\nCache size ").append(Values.size(stats.size()));
    text.append(", used ").append(Values.size(stats.used()));
    text.append(", dirty ").append(Values.size(stats.dirty()));
    text.append(" of at most ").append(Values.size(stats.dirtyMax()));
    return text.append(stats.on() ? "\n" : ", turned off\n").toString();
  }

  private static String ratio(CacheStats.Vdi counts) {
    long reads = counts.hits() + counts.misses();
    return reads == 0 ? NOTHING : Values.decimal(HUNDRED * counts.hits() / reads, 1) + " %";
  }

  private static String age(CacheStats.Vdi counts) {
    return counts.oldestDirtyMillis() == CacheStats.NOTHING_DIRTY
        ? NOTHING
        : Values.decimal(counts.oldestDirtyMillis() / MILLIS, 1) + " s";
  }

  /// VDI id, name, hits, misses, valid, dirty, age of the oldest dirty data in milliseconds or -1,
  /// pulled, pushed, tag.
  private static String raw(List<Row> rows) {
    StringBuilder text = new StringBuilder();
    for (Row row : rows) {
      CacheStats.Vdi counts = row.counts;
      text.append(Values.vdi(counts.vdi())).append(' ').append(VdiList.escaped(row.inode.name()));
      text.append(' ').append(counts.hits()).append(' ').append(counts.misses());
      text.append(' ').append(counts.valid()).append(' ').append(counts.dirty());
      text.append(' ').append(counts.oldestDirtyMillis());
      text.append(' ').append(counts.pulled()).append(' ').append(counts.pushed());
      text.append(' ').append(row.inode.tag()).append('\n');
    }
    return text.toString();
  }

  private static String json(CacheStats stats, List<Row> rows) {
    Json json = new Json().open('{').field("on", stats.on()).field("size", stats.size());
    json.field("used", stats.used()).field("dirty", stats.dirty());
    json.field("dirty_max", stats.dirtyMax()).open("vdis", '[');
    for (Row row : rows) {
      CacheStats.Vdi counts = row.counts;
      json.open('{').field("name", row.inode.name()).field("tag", row.inode.tag());
      json.field("vdi", Values.vdi(counts.vdi())).field("hits", counts.hits());
      json.field("misses", counts.misses()).field("used", counts.used());
      json.field("valid", counts.valid()).field("dirty", counts.dirty());
      if (counts.oldestDirtyMillis() != CacheStats.NOTHING_DIRTY) {
        json.field("oldest_dirty_ms", counts.oldestDirtyMillis());
      }
      json.field("pulled", counts.pulled()).field("read_ahead", counts.readAhead());
      json.field("pushed", counts.pushed()).field("pushes_failed", counts.pushesFailed());
      json.field("evicted", counts.evicted()).field("damaged_clean", counts.damagedClean());
      json.field("damaged_dirty", counts.damagedDirty());
      json.field("throttle_waits", counts.throttleWaits()).close('}');
    }
    return json.close(']').close('}').document();
  }
}
