package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.SheepHash;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads the inode headers of VDIs, several at a time. One that cannot be read is reported and left
/// out, and the exit status does not show it (spec/cli.md §3.10).
final class VdiScan implements Pipeline.Replies {
  private final SheepClient sheep;
  private final Console console;
  private final List<Integer> vids = new ArrayList<>();
  private @Nullable InodeHeader[] headers = {};

  VdiScan(Invocation in) {
    sheep = in.sheep();
    console = in.console();
  }

  /// All VDIs and snapshots that are not deleted, in the order of their ids.
  List<InodeHeader> all() throws Failure {
    BitSet inUse = inUse();
    for (int vid = inUse.nextSetBit(1); vid >= 0; vid = inUse.nextSetBit(vid + 1)) {
      vids.add(vid);
    }
    return read();
  }

  /// Those of one name. Their ids follow each other without a gap from the hash of the name on,
  /// beginning anew at the end of the ids (spec/protocol-and-cache.md §1.14), so no others are
  /// read; id 0, which is never given out, is no gap.
  List<InodeHeader> named(String name) throws Failure {
    BitSet inUse = inUse();
    int first = SheepHash.vdiSlot(name.getBytes(StandardCharsets.ISO_8859_1));
    for (int i = 0; i < VdiId.COUNT; i++) {
      int vid = (first + i) % VdiId.COUNT;
      if (vid != 0 && !inUse.get(vid)) {
        break;
      } else if (vid != 0) {
        vids.add(vid);
      }
    }
    vids.sort(Integer::compare);
    List<InodeHeader> named = new ArrayList<>();
    for (InodeHeader header : read()) {
      if (header.name().equals(name)) {
        named.add(header);
      }
    }
    return named;
  }

  /// Those of these ids.
  List<InodeHeader> of(int... some) throws Failure {
    for (int vid : some) {
      vids.add(vid);
    }
    return read();
  }

  private BitSet inUse() throws Failure {
    Reply reply = sheep.call(Opcode.READ_VDIS, 0, VdiId.COUNT / Byte.SIZE, RequestFields.NONE);
    if (!reply.success()) {
      throw new Failure(ExitStatus.SUCCESS, reply.text());
    }
    return BitSet.valueOf(reply.data());
  }

  private List<InodeHeader> read() throws Failure {
    headers = new InodeHeader[vids.size()];
    Pipeline pipeline = new Pipeline(sheep, this);
    for (int i = 0; i < vids.size(); i++) {
      pipeline.send(i, request(i));
    }
    pipeline.drain();
    List<InodeHeader> found = new ArrayList<>();
    for (InodeHeader header : headers) {
      if (header != null && !header.name().isEmpty()) {
        found.add(header);
      }
    }
    return found;
  }

  private RequestHeader request(int i) {
    return RequestHeader.of(
        Opcode.READ_OBJ, RequestFlags.DIRECT, InodeHeader.SIZE, RequestFields.Obj.at(inode(i), 0));
  }

  @Override
  public void onReply(int i, ResponseHeader header, ByteBuffer data) throws Failure {
    if (!header.success()) {
      unreadable(i, ResultCode.text(header.result()));
      return;
    }
    try {
      headers[i] = InodeHeader.decode(data);
    } catch (MalformedPayload e) {
      unreadable(i, String.valueOf(e.getMessage()));
    }
  }

  private void unreadable(int i, String why) throws Failure {
    console.error("Failed to read object " + inode(i) + " " + why);
    console.error("Failed to read inode header");
  }

  private ObjectId inode(int i) {
    return ObjectId.inode(new VdiId(vids.get(i)));
  }
}
