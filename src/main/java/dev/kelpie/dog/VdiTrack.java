package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;
import java.util.List;
import java.util.OptionalLong;

/// `dog vdi track` (spec/cli.md §4.10).
final class VdiTrack implements Command {
  private static final int LINE_WIDTH = 51;

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    OpenVdi vdi = OpenVdi.of(in);
    OptionalLong index = in.options().index();
    OptionalLong wanted = in.options().object();
    ObjectId object = vdi.object();
    if (wanted.isPresent()) {
      object = new ObjectId(wanted.getAsLong());
    } else if (index.isPresent()) {
      OptionalLong found = ObjectLocation.allocated(in, vdi, index.getAsLong());
      if (found.isEmpty()) {
        return ObjectLocation.isIndex(index.getAsLong()) ? ExitStatus.SUCCESS : ExitStatus.FAILURE;
      }
      object = new ObjectId(found.getAsLong());
    }
    int nodes = in.members().nodes().size();
    in.console().printLine(title(in.options(), vdi, object) + " with " + nodes + " nodes");
    Epochs epochs = Epochs.fetch(in);
    if (!epochs.reply().success()) {
      in.console().printLine(epochs.reply().text());
      return ExitStatus.SYSTEM;
    }
    in.console().print(render(epochs.logs(), object, vdi.inode().copies()));
    return ExitStatus.SUCCESS;
  }

  private static String title(Options options, OpenVdi vdi, ObjectId object) {
    String vid = "0x" + Values.vdi(vdi.inode().vdi());
    if (options.object().isPresent()) {
      return "Tracking the object " + object + " (the inode vid " + vid + ")";
    }
    return options.index().isPresent()
        ? "Tracking the object "
            + object
            + " (the inode vid "
            + vid
            + " idx "
            + options.index().getAsLong()
            + ")"
        : "Tracking the inode object " + vid;
  }

  /// @param logs newest first
  static String render(List<EpochLog> logs, ObjectId object, int copies) {
    StringBuilder text = new StringBuilder();
    for (EpochLog log : logs) {
      text.append("\nobj ").append(object).append(" locations at epoch ");
      text.append(Integer.toUnsignedString(log.epoch())).append(", copies = ").append(copies);
      text.append('\n').repeat('-', LINE_WIDTH).append('\n');
      boolean few = log.nodes().size() < copies;
      for (Node node : few ? log.nodes() : new Ring(log.nodes()).holders(object, copies)) {
        text.append(node.id().address()).append('\n');
      }
    }
    return text.toString();
  }
}
