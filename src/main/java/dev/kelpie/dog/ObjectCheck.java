package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Checks all objects of a VDI: has every node read its copies from disk, which compares them with
/// their checksums, and compares what they say with each other (spec/cli.md §4.14). The node that
/// keeps an object repairs it from its peers, where it has some; here is nothing to repair with.
final class ObjectCheck {
  /// Ids that go in one OIDS_EXIST.
  private static final int IDS_AT_ONCE = 64 << 10;

  private final Invocation in;
  private final List<ObjectId> objects = new ArrayList<>();
  private final Map<ObjectId, byte[]> digests = new HashMap<>();
  private final boolean[] seen;
  private boolean failed;

  ObjectCheck(Invocation in, OpenVdi vdi) throws Failure {
    this.in = in;
    objects.add(vdi.object());
    for (int i = 0; i < vdi.map().count(); i++) {
      if (vdi.map().owner(i) != 0) {
        objects.add(vdi.map().object(i));
      }
    }
    seen = new boolean[objects.size()];
  }

  /// Compares the copies.
  ///
  /// @return whether all could be read
  boolean compare(int copies) throws Failure, MalformedPayload {
    List<Node> nodes = in.members().nodes();
    Ring ring = new Ring(nodes);
    for (Node node : nodes) {
      Pipeline pipeline = new Pipeline(in.sheep(node.id().address()), new Digests(node));
      for (int i = 0; i < objects.size(); i++) {
        if (ring.holders(objects.get(i), copies).contains(node)) {
          RequestFields fields = RequestFields.Obj.at(objects.get(i), 0);
          pipeline.send(i, RequestHeader.of(Opcode.GET_HASH, 0, 0, fields));
        }
      }
      pipeline.drain();
    }
    for (int i = 0; i < objects.size(); i++) {
      if (!seen[i]) {
        in.console().error("no node has " + objects.get(i));
      }
    }
    return !failed;
  }

  /// What one node says.
  private final class Digests implements Pipeline.Replies {
    private final Node node;

    Digests(Node node) {
      this.node = node;
    }

    @Override
    public void onReply(int i, ResponseHeader header, ByteBuffer data) throws Failure {
      if (header.is(ResultCode.NO_OBJ)) {
        return;
      }
      seen[i] = true;
      byte[] known = digests.get(objects.get(i));
      if (!header.success()) {
        failed = true;
        in.console()
            .error(
                "failed to read "
                    + objects.get(i)
                    + " from "
                    + node.id().address()
                    + ", "
                    + ResultCode.text(header.result()));
      } else if (header.fields() instanceof ResponseFields.Hash hash) {
        if (known != null && !Arrays.equals(known, hash.digest())) {
          in.console().error("object " + objects.get(i) + " is inconsistent");
        }
        digests.put(objects.get(i), hash.digest());
      }
    }
  }

  /// Asks every node for the objects that it should have, without reading them.
  ///
  /// @return how many are missing
  int missing(int copies) throws Failure, MalformedPayload {
    List<Node> nodes = in.members().nodes();
    Ring ring = new Ring(nodes);
    int lost = 0;
    for (Node node : nodes) {
      List<ObjectId> own = new ArrayList<>();
      for (ObjectId object : objects) {
        if (ring.holders(object, copies).contains(node)) {
          own.add(object);
        }
      }
      for (int from = 0; from < own.size(); from += IDS_AT_ONCE) {
        lost += missing(node, own.subList(from, Math.min(own.size(), from + IDS_AT_ONCE)));
      }
    }
    return lost;
  }

  private int missing(Node node, List<ObjectId> wanted) throws Failure {
    ByteBuffer ids = SheepClient.allocate(wanted.size() * Long.BYTES);
    wanted.forEach(object -> ids.putLong(object.value()));
    RequestHeader request =
        RequestHeader.of(
            Opcode.OIDS_EXIST,
            RequestFlags.WRITE | RequestFlags.PIGGYBACK,
            ids.position(),
            RequestFields.NONE);
    Reply reply = in.sheep(node.id().address()).call(request, ids.flip());
    if (!reply.success() && !reply.is(ResultCode.NO_OBJ)) {
      throw new Failure(
          ExitStatus.FAILURE, "failed to check " + node.id().address() + ", " + reply.text());
    }
    int lost = reply.data().remaining() / Long.BYTES;
    for (int i = 0; i < lost; i++) {
      ObjectId object = new ObjectId(reply.data().getLong());
      in.console().printLine("[" + node.id().address() + "] oid " + object + " is missing.");
    }
    return lost;
  }
}
