package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.ClusterFlags;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.Redundancy;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/// `dog cluster format` (spec/cli.md §6.2). `-f`, from release 1.0.1, leaves out only the question
/// about a cluster that is not empty.
final class ClusterFormat implements Command {
  /// What a cluster gets where nothing is said; nobody is asked whether there are zones for it.
  private static final Redundancy REDUNDANCY = Redundancy.replicated(3);

  private static final int STORES_MAX = 4096;
  private static final int LINE_WIDTH = 39;

  @Override
  public int run(Invocation in) throws Failure, NotConfirmed, MalformedPayload {
    Options options = in.options();
    return format(in, options.redundancy(), options.has('c') ? options.redundancy() : REDUNDANCY);
  }

  /// Formats the cluster.
  ///
  /// @param said the redundancy that the user knows of, who is asked where it cannot be had
  /// @param redundancy of VDIs that do not say otherwise
  static int format(Invocation in, Redundancy said, Redundancy redundancy)
      throws Failure, NotConfirmed, MalformedPayload {
    Options options = in.options();
    int copies = said.copies();
    int zones = in.members().zones();
    if (copies > zones) {
      in.console()
          .confirm(
              "Number of copies ("
                  + copies
                  + ") is larger than number of zones ("
                  + zones
                  + ").\nAre you sure you want to continue? [yes/no]: ");
    }
    if (!options.has('f') && notEmpty(in.sheep())) {
      Caution.confirm(in, "Caution! The cluster is not empty.");
    }
    in.console().printLine("using backend " + options.store() + " store");
    Reply reply = makeFs(in, redundancy);
    if (reply.success()) {
      return ExitStatus.SUCCESS;
    }
    in.console().error("Format failed: " + reply.text());
    if (reply.is(ResultCode.NO_STORE)) {
      in.console().print(stores(in.sheep()));
    }
    return ExitStatus.SYSTEM;
  }

  /// Whether there are VDIs, deleted ones included.
  private static boolean notEmpty(SheepClient sheep) throws Failure {
    Reply reply = sheep.call(Opcode.READ_VDIS, 0, VdiId.COUNT / Byte.SIZE, RequestFields.NONE);
    if (!reply.success()) {
      throw new Failure(ExitStatus.SYSTEM, "Format failed: " + reply.text());
    }
    return !BitSet.valueOf(reply.data()).isEmpty();
  }

  private static Reply makeFs(Invocation in, Redundancy redundancy) throws Failure {
    Options options = in.options();
    int flags =
        (options.has('t') ? ClusterFlags.STRICT : 0)
            | (options.has('l') ? ClusterFlags.USE_LOCK : 0);
    RequestFields fields =
        new RequestFields.Cluster(
            new ObjectId(0),
            Times.packed(in.clock().now()),
            redundancy.copies(),
            redundancy.policy(),
            flags,
            0,
            0,
            0);
    ByteBuffer store =
        ByteBuffer.wrap((options.store() + "\0").getBytes(StandardCharsets.ISO_8859_1));
    return in.sheep()
        .call(
            RequestHeader.of(Opcode.MAKE_FS, RequestFlags.WRITE, store.remaining(), fields), store);
  }

  private static String stores(SheepClient sheep) throws Failure {
    Reply reply = sheep.call(Opcode.GET_STORE_LIST, 0, STORES_MAX, RequestFields.NONE);
    String names = StandardCharsets.ISO_8859_1.decode(reply.data()).toString();
    StringBuilder text = new StringBuilder("Available stores:\n");
    text.repeat('-', LINE_WIDTH).append('\n');
    return text.append(names.replace('\0', ' ').strip()).append(" \n").toString();
  }
}
