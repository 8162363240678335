package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.ObjectCacheInfo;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import java.util.List;

/// `dog vdi cache info` (spec/cli.md §4.16). Counts of objects are shown as if they were cached
/// whole, as in the original.
final class CacheInfo implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    Reply reply =
        in.sheep().call(Opcode.GET_CACHE_INFO, 0, ObjectCacheInfo.SIZE, RequestFields.NONE);
    if (!reply.success()) {
      throw new Failure(ExitStatus.FAILURE, "failed to get cache information: " + reply.text());
    }
    ObjectCacheInfo info = ObjectCacheInfo.decode(reply.data());
    List<InodeHeader> inodes = new VdiScan(in).of(vids(info));
    in.console().print(in.options().json() ? json(info, inodes) : render(info, inodes));
    return ExitStatus.SUCCESS;
  }

  private static int[] vids(ObjectCacheInfo info) {
    int[] vids = new int[info.vdis().size()];
    for (int i = 0; i < vids.length; i++) {
      vids[i] = info.vdis().get(i).vdi();
    }
    return vids;
  }

  /// @param inodes of the VDIs that still exist
  static String render(ObjectCacheInfo info, List<InodeHeader> inodes) {
    StringBuilder text = new StringBuilder("Name\tTag\tTotal\tDirty\tClean\n");
    for (ObjectCacheInfo.CachedVdi vdi : info.vdis()) {
      for (InodeHeader inode : inodes) {
        if (inode.vdi() == vdi.vdi()) {
          line(text, vdi, inode);
        }
      }
    }
    return text.append("\nCache size ")
        .append(Values.size(info.size()))
        .append(", used ")
        .append(Values.size(info.used()))
        .append(info.directIo() ? ", directio\n" : ", non-directio\n")
        .toString();
  }

  static String json(ObjectCacheInfo info, List<InodeHeader> inodes) {
    Json json = new Json().open('{').field("size", info.size()).field("used", info.used());
    json.field("directio", info.directIo()).open("vdis", '[');
    for (ObjectCacheInfo.CachedVdi vdi : info.vdis()) {
      for (InodeHeader inode : inodes) {
        if (inode.vdi() == vdi.vdi()) {
          json.open('{').field("name", inode.name()).field("tag", inode.tag());
          json.field("vdi", Values.vdi(vdi.vdi())).field("total", bytes(vdi.total()));
          json.field("dirty", bytes(vdi.dirty()));
          json.field("clean", bytes(vdi.total() - vdi.dirty())).close('}');
        }
      }
    }
    return json.close(']').close('}').document();
  }

  private static void line(StringBuilder text, ObjectCacheInfo.CachedVdi vdi, InodeHeader inode) {
    text.append(inode.name()).append('\t').append(inode.tag());
    text.append('\t').append(objects(vdi.total()));
    text.append('\t').append(objects(vdi.dirty()));
    text.append('\t').append(objects(vdi.total() - vdi.dirty())).append('\n');
  }

  private static String objects(int count) {
    return Values.size(bytes(count));
  }

  private static long bytes(int count) {
    return (long) count * ObjectId.DATA_SIZE;
  }
}
