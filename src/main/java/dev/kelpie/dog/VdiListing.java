package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Prints the lines of `dog vdi list`: reads the used part of each object map, several at a time,
/// keeps nothing of it but the counts, and prints a line as soon as those before it are out.
final class VdiListing implements Pipeline.Replies {
  private final SheepClient sheep;
  private final Console console;
  private final VdiList.Form form;
  private final OptionalLong wanted;
  private final List<InodeHeader> inodes = new ArrayList<>();

  /// The text of each VDI, empty where it is left out; nothing where it is not known yet.
  private final List<Optional<String>> lines = new ArrayList<>();

  private int printed;
  private boolean any;

  /// @param wanted an object; VDIs without it are left out
  VdiListing(Invocation in, VdiList.Form form, OptionalLong wanted) {
    sheep = in.sheep();
    console = in.console();
    this.form = form;
    this.wanted = wanted;
  }

  void print(List<InodeHeader> all) throws Failure {
    inodes.addAll(all);
    lines.addAll(Collections.nCopies(inodes.size(), Optional.empty()));
    Pipeline pipeline = new Pipeline(sheep, this);
    for (int i = 0; i < inodes.size(); i++) {
      InodeHeader inode = inodes.get(i);
      int bytes = inode.storePolicy() == 0 ? ObjectMap.bytes(inode.size()) : 0;
      if (bytes == 0) {
        known(i, new ObjectMap(SheepClient.allocate(0)));
      } else {
        pipeline.send(i, request(inode, bytes));
      }
    }
    pipeline.drain();
  }

  private static RequestHeader request(InodeHeader inode, int bytes) {
    return RequestHeader.of(
        Opcode.READ_OBJ,
        RequestFlags.DIRECT,
        bytes,
        RequestFields.Obj.at(object(inode), InodeHeader.MAP_OFFSET));
  }

  private static ObjectId object(InodeHeader inode) {
    return ObjectId.inode(new VdiId(inode.vdi()));
  }

  @Override
  public void onReply(int i, ResponseHeader header, ByteBuffer data) throws Failure {
    if (header.success()) {
      known(i, new ObjectMap(data));
    } else {
      String why = ResultCode.text(header.result());
      console.error("Failed to read object " + object(inodes.get(i)) + " " + why);
      console.error("Failed to read inode");
      ready(i, "");
    }
  }

  private void known(int i, ObjectMap map) throws Failure {
    InodeHeader inode = inodes.get(i);
    int own = 0;
    int shared = 0;
    int count = map.count();
    for (int index = 0; index < count; index++) {
      int owner = map.owner(index);
      if (owner == inode.vdi()) {
        own++;
      } else if (owner != 0) {
        shared++;
      }
    }
    ready(i, holdsWanted(map) ? VdiList.render(inode, own, shared, form) : "");
  }

  private boolean holdsWanted(ObjectMap map) {
    if (wanted.isEmpty()) {
      return true;
    }
    ObjectId object = new ObjectId(wanted.getAsLong());
    int owner = map.owner(Integer.toUnsignedLong(object.index()));
    return owner != 0 && owner == object.vdiBits();
  }

  private void ready(int i, String text) throws Failure {
    lines.set(i, Optional.of(text));
    while (printed < lines.size() && lines.get(printed).isPresent()) {
      printNext(lines.get(printed).get());
      lines.set(printed, Optional.of(""));
      printed++;
    }
  }

  private void printNext(String text) throws Failure {
    if (!text.isEmpty()) {
      console.print(any && form == VdiList.Form.JSON ? "," : "");
      console.print(text);
      any = true;
    }
  }
}
