package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.ClusterInfo;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `dog cluster snapshot save` (spec/cli.md §6.7): every snapshot of the cluster, or of some VDIs.
/// What an earlier save into the same directory has is not stored again.
final class SnapshotSave implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    String tag = in.nextArgument().orElseThrow();
    if (!tag.isEmpty() && tag.charAt(0) >= '0' && tag.charAt(0) <= '9') {
      throw new WrongUsage("Tag should not start with number.");
    }
    String path =
        in.nextArgument()
            .orElseThrow(() -> new WrongUsage("Please specify the path to save snapshot."));
    try {
      save(in, tag, path);
    } catch (Failure e) {
      throw e.ending(ExitStatus.SYSTEM, "Fail to save snapshot to path: " + path + ".");
    }
    return ExitStatus.SUCCESS;
  }

  private static void save(Invocation in, String tag, String path)
      throws Failure, MalformedPayload {
    Farm farm = Farm.create(path);
    List<Farm.Entry> entries = farm.entries();
    int index = 1;
    for (Farm.Entry entry : entries) {
      index = Math.max(index, entry.index() + 1);
      if (entry.tag().equals(tag)) {
        throw Farm.broken(
            "Snapshot tag has already been used for another snapshot, please, use another one.");
      }
    }
    List<InodeHeader> chosen = chosen(in);
    Trunk trunk = new Trunk(farm);
    Progress progress = Progress.ofCounts(in.console(), chosen.size());
    for (int i = 0; i < chosen.size(); i++) {
      progress.at(i);
      save(in, trunk, chosen.get(i));
    }
    progress.at(chosen.size());
    long now = in.clock().now().getEpochSecond();
    farm.add(new Farm.Entry(index, tag, now, trunk.save()), kept(in));
  }

  private static List<InodeHeader> chosen(Invocation in) throws Failure {
    List<String> names = names(in);
    List<InodeHeader> chosen = new ArrayList<>();
    for (InodeHeader inode : new VdiScan(in).all()) {
      if (inode.snapshot() && (names.isEmpty() || names.contains(inode.name()))) {
        chosen.add(inode);
      }
    }
    if (chosen.isEmpty()) {
      boolean all = names.isEmpty();
      throw Farm.broken(
          "Cannot execute. It may be caused by:",
          all ? "1. The cluster is empty." : "1. The specified VDIs are not found.",
          all
              ? "2. All VDIs of the cluster don't have snapshots."
              : "2. The specified VDIs don't have snapshots.");
    }
    return chosen;
  }

  /// The arguments that are left.
  static List<String> names(Invocation in) {
    List<String> names = new ArrayList<>();
    for (Optional<String> name = in.nextArgument(); name.isPresent(); name = in.nextArgument()) {
      names.add(name.get());
    }
    return names;
  }

  private static Farm.Kept kept(Invocation in) throws Failure, MalformedPayload {
    Reply reply = in.sheep().call(Opcode.CLUSTER_INFO, 0, ClusterInfo.SIZE, RequestFields.NONE);
    if (!reply.success()) {
      throw Farm.broken("Response's result: " + reply.text());
    }
    ClusterInfo info = ClusterInfo.decode(reply.data());
    return new Farm.Kept(info.copies(), info.copyPolicy());
  }

  private static void save(Invocation in, Trunk trunk, InodeHeader inode) throws Failure {
    OpenVdi vdi = OpenVdi.of(in, inode);
    save(in, trunk, inode, vdi.object());
    for (int i = 0; i < vdi.map().count(); i++) {
      if (vdi.map().owner(i) != 0) {
        save(in, trunk, inode, vdi.map().object(i));
      }
    }
    for (long at = 0; at < inode.vmStateSize(); at += ObjectId.DATA_SIZE) {
      int i = (int) (at / ObjectId.DATA_SIZE);
      save(in, trunk, inode, ObjectId.vmState(new VdiId(inode.vdi()), i));
    }
  }

  private static void save(Invocation in, Trunk trunk, InodeHeader inode, ObjectId object)
      throws Failure {
    if (trunk.has(object)) {
      return;
    }
    try {
      ByteBuffer data = read(in, object);
      trunk.put(object, inode.copies(), inode.copyPolicy(), data);
    } catch (LostConnection e) {
      throw e;
    } catch (Failure e) {
      throw e.and("Fail to save object, oid " + object);
    }
  }

  private static ByteBuffer read(Invocation in, ObjectId object) throws Failure {
    Reply reply =
        in.sheep()
            .call(
                Opcode.READ_OBJ,
                RequestFlags.DIRECT,
                object.size(),
                RequestFields.Obj.at(object, 0));
    if (!reply.success()) {
      throw Vdis.unread(object, reply.text());
    }
    return reply.data();
  }
}
