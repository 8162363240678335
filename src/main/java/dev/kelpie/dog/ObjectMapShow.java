package dev.kelpie.dog;

import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import java.util.OptionalLong;

/// `dog vdi object map` (spec/cli.md §4.9).
final class ObjectMapShow implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    ObjectMap map;
    try {
      InodeHeader inode = in.vdis().open(name, in.options().snapshot());
      map = in.vdis().map(inode);
    } catch (LostConnection e) {
      throw e;
    } catch (Failure e) {
      throw e.and("FATAL: " + name + " not found");
    }
    in.console().print(render(map, in.options().index()));
    return ExitStatus.SUCCESS;
  }

  /// @param only the one index that was asked for, shown also where it is a hole
  static String render(ObjectMap map, OptionalLong only) {
    StringBuilder text = new StringBuilder("Index       VID\n");
    if (only.isPresent()) {
      line(text, only.getAsLong(), map.owner(only.getAsLong()));
      return text.toString();
    }
    for (int i = 0; i < map.count(); i++) {
      if (map.owner(i) != 0) {
        line(text, i, map.owner(i));
      }
    }
    return text.toString();
  }

  private static void line(StringBuilder text, long index, int owner) {
    text.append(Values.digits(index, 8)).append(' ');
    text.append(Values.right(Values.vdi(owner), 8)).append('\n');
  }
}
