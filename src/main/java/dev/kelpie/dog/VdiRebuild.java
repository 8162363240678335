package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.NameAndTag;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes the snapshots of a cluster snapshot anew. A working VDI takes on the state of one snapshot
/// after the other, each written over the one before it as far as the two differ, and is frozen.
final class VdiRebuild {
  private static final int VM_CLOCK_OFFSET = 528;
  private static final int VM_STATE_SIZE_OFFSET = 544;

  private final Invocation in;
  private final Trunk trunk;

  /// By the saved id, what was made of a snapshot.
  private final Map<Integer, Made> made = new HashMap<>();

  private record Made(VdiId vdi, OpenVdi saved) {}

  VdiRebuild(Invocation in, Trunk trunk) {
    this.in = in;
    this.trunk = trunk;
  }

  /// Makes the snapshots of one name, oldest first, and a working VDI behind them.
  void rebuild(List<OpenVdi> chain) throws Failure {
    OpenVdi first = chain.getFirst();
    Made parent = made.get(first.inode().parent());
    VdiId working = begin(first.inode(), parent);
    ObjectMap before = parent == null ? empty() : parent.saved().map();
    for (OpenVdi saved : chain) {
      working = freeze(saved, working, before);
      before = saved.map();
    }
  }

  private VdiId begin(InodeHeader inode, @Nullable Made parent) throws Failure {
    int base = parent == null ? 0 : parent.vdi().value();
    return in.vdis().create(inode.name(), fields(inode, base, RequestFields.Vdi.CREATE));
  }

  private static ObjectMap empty() {
    return new ObjectMap(SheepClient.allocate(0));
  }

  /// Gives the working VDI the state of a snapshot and freezes it.
  ///
  /// @param before the saved map of the state that it has
  /// @return the working VDI that goes on
  private VdiId freeze(OpenVdi saved, VdiId working, ObjectMap before) throws Failure {
    InodeHeader inode = saved.inode();
    write(working, InodeHeader.SIZE_OFFSET, SheepClient.allocate(8).putLong(inode.size()).flip());
    writeData(saved, working, before);
    writeVmState(inode, working);
    byte[] tag = VdiName.toField(inode.tag(), NameAndTag.NAME_SIZE);
    write(working, InodeHeader.TAG_OFFSET, SheepClient.allocate(tag.length).put(tag).flip());
    made.put(inode.vdi(), new Made(working, saved));
    return in.vdis()
        .create(inode.name(), fields(inode, working.value(), RequestFields.Vdi.SNAPSHOT));
  }

  private void writeData(OpenVdi saved, VdiId working, ObjectMap before) throws Failure {
    // Nothing is known to be there, so that whatever is written is made whole, also over an object
    // of
    // an ancestor.
    int count = saved.map().count();
    ObjectMap now = new ObjectMap(SheepClient.allocate(count * Integer.BYTES));
    ObjectWriter writer = new ObjectWriter(in.sheep(), working, now, 0);
    for (int i = 0; i < count; i++) {
      int owner = saved.map().owner(i);
      if (owner != 0 && owner != before.owner(i)) {
        writer.write(i, 0, trunk.get(saved.map().object(i)));
      } else if (owner == 0 && before.owner(i) != 0) {
        ByteBuffer hole = SheepClient.allocate(Integer.BYTES);
        write(working, InodeHeader.MAP_OFFSET + i * Integer.BYTES, hole);
      }
    }
    writer.finish();
  }

  private void writeVmState(InodeHeader inode, VdiId working) throws Failure {
    if (inode.vmStateSize() == 0) {
      return;
    }
    for (long at = 0; at < inode.vmStateSize(); at += ObjectId.DATA_SIZE) {
      int i = (int) (at / ObjectId.DATA_SIZE);
      ByteBuffer data = trunk.get(ObjectId.vmState(new VdiId(inode.vdi()), i));
      ObjectId object = ObjectId.vmState(working, i);
      Reply reply =
          in.sheep()
              .call(
                  RequestHeader.of(
                      Opcode.CREATE_AND_WRITE_OBJ,
                      RequestFlags.WRITE,
                      data.remaining(),
                      RequestFields.Obj.at(object, 0)),
                  data);
      if (!reply.success()) {
        throw new Failure(ExitStatus.SYSTEM, Vdis.unwritten(object, reply.text()));
      }
    }
    write(working, VM_CLOCK_OFFSET, SheepClient.allocate(8).putLong(inode.vmClock()).flip());
    ByteBuffer size = SheepClient.allocate(8).putLong(inode.vmStateSize()).flip();
    write(working, VM_STATE_SIZE_OFFSET, size);
  }

  private void write(VdiId vdi, int offset, ByteBuffer bytes) throws Failure {
    in.vdis().write(ObjectId.inode(vdi), offset, bytes, 0);
  }

  private static RequestFields.Vdi fields(InodeHeader inode, int base, int how) {
    return new RequestFields.Vdi(
        inode.size(),
        base,
        inode.copies(),
        inode.copyPolicy(),
        inode.storePolicy(),
        inode.blockSizeShift(),
        how,
        0);
  }
}
