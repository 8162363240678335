package dev.kelpie.frontend.sheepdog;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// Two lines for each request of an administrator, one when it comes and one with its result
/// (spec/cli.md §8). What stands for the original's memory addresses and descriptors are running
/// numbers.
final class AdminLog {
  /// The requests that are logged, with the names that the original has for them.
  private static final Map<Opcode, String> NAMES = names();

  private static final String NO_TEXT = "(not string)";

  private final Log log;
  private final AtomicLong requests = new AtomicLong();

  AdminLog(Log log) {
    this.log = log;
  }

  /// Logs a request that comes; empty where it is not one of an administrator.
  ///
  /// @param connection its number
  Optional<Entry> begin(Opcode opcode, long connection, Endpoint client, ByteBuffer payload) {
    String name = NAMES.get(opcode);
    if (name == null) {
      return Optional.empty();
    }
    String request =
        String.format(
            "req=0x%x, fd=%d, client=%s, op=%s",
            requests.incrementAndGet(), connection, client, name);
    log.info(request + ", data=" + data(payload));
    return Optional.of(result -> log.info(request + String.format(", result=%02X", result.code())));
  }

  /// The second line of a request.
  interface Entry {
    void end(ResultCode result);
  }

  /// The first text of a payload, as far as it can be printed.
  static String data(ByteBuffer payload) {
    if (!payload.hasRemaining()) {
      return "(null)";
    }
    StringBuilder text = new StringBuilder();
    for (int at = payload.position(); at < payload.limit(); at++) {
      byte b = payload.get(at);
      if (b == 0) {
        return text.toString();
      } else if (b < ' ' || b > '~') {
        return NO_TEXT;
      }
      text.append((char) b);
    }
    return NO_TEXT;
  }

  private static Map<Opcode, String> names() {
    Map<Opcode, String> names = new EnumMap<>(Opcode.class);
    for (Opcode opcode :
        new Opcode[] {
          Opcode.NEW_VDI,
          Opcode.DEL_VDI,
          Opcode.MAKE_FS,
          Opcode.SHUTDOWN,
          Opcode.FORCE_RECOVER,
          Opcode.REWEIGHT,
          Opcode.ENABLE_RECOVER,
          Opcode.DISABLE_RECOVER,
          Opcode.ALTER_CLUSTER_COPY,
          Opcode.ALTER_VDI_COPY,
          Opcode.KILL_NODE
        }) {
      names.put(opcode, opcode.name());
    }
    names.put(Opcode.MD_PLUG, "MD_PLUG_DISKS");
    names.put(Opcode.MD_UNPLUG, "MD_UNPLUG_DISKS");
    return names;
  }
}
