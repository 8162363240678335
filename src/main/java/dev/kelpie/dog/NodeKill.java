package dev.kelpie.dog;

import dev.kelpie.config.Numbers;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// `dog node kill` (spec/cli.md §5.6). Its errors of usage come without the usage text.
final class NodeKill implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    SheepClient sheep = victim(in);
    try {
      if (sheep.lightCall(in.console(), Opcode.KILL_NODE, RequestFields.NONE)) {
        return ExitStatus.SUCCESS;
      }
    } catch (LostConnection e) {
      throw e.ending(ExitStatus.FAILURE, "Failed to execute request");
    }
    throw new Failure(ExitStatus.FAILURE, "Failed to execute request");
  }

  private static SheepClient victim(Invocation in) throws Failure, MalformedPayload {
    Optional<String> id = in.nextArgument();
    boolean local = in.options().has('l');
    if (local && id.isPresent()) {
      throw wrong("don't use -l option and specify node id at the same time");
    }
    if (local) {
      return in.sheep();
    }
    String text = id.orElseThrow(() -> wrong("please specify -l option or node id"));
    OptionalLong number = Numbers.parse(text, 0, Long.MAX_VALUE);
    if (number.isEmpty()) {
      throw wrong("Invalid node id '" + text + "', please specify a numeric value");
    }
    List<Node> nodes = in.members().nodes();
    if (number.getAsLong() >= nodes.size()) {
      throw wrong("Invalid node id '" + number.getAsLong() + "'");
    }
    return in.sheep(nodes.get((int) number.getAsLong()).id().address());
  }

  private static Failure wrong(String line) {
    return new Failure(ExitStatus.USAGE, line);
  }
}
