package dev.kelpie.frontend.nbd;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// The data of an option, taken apart.
final class OptionData {
  private OptionData() {}

  /// What INFO and GO ask for.
  ///
  /// @param items the kinds of information that are wanted
  record Info(String name, List<Integer> items) {}

  /// What the options about metadata contexts ask for.
  record Contexts(String name, List<String> queries) {}

  static Info info(ByteBuffer data) throws Refused {
    try {
      String name = string(data, data.getInt());
      int count = data.getShort() & 0xffff;
      List<Integer> items = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        items.add(data.getShort() & 0xffff);
      }
      requireEnd(data);
      return new Info(name, items);
    } catch (BufferUnderflowException _) {
      throw malformed();
    }
  }

  static Contexts contexts(ByteBuffer data) throws Refused {
    try {
      String name = string(data, data.getInt());
      long count = data.getInt() & 0xffff_ffffL;
      List<String> queries = new ArrayList<>();
      for (long i = 0; i < count; i++) {
        queries.add(string(data, data.getInt()));
      }
      requireEnd(data);
      return new Contexts(name, queries);
    } catch (BufferUnderflowException _) {
      throw malformed();
    }
  }

  static void none(ByteBuffer data) throws Refused {
    if (data.hasRemaining()) {
      throw new Refused(Option.Reply.ERR_INVALID, "the option takes no data");
    }
  }

  private static String string(ByteBuffer data, int length) throws Refused {
    if (length < 0 || length > data.remaining()) {
      throw malformed();
    }
    if (length > Protocol.STRING_MAX) {
      throw new Refused(
          Option.Reply.ERR_TOO_BIG, "a name has at most " + Protocol.STRING_MAX + " bytes");
    }
    byte[] bytes = new byte[length];
    data.get(bytes);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static void requireEnd(ByteBuffer data) throws Refused {
    if (data.hasRemaining()) {
      throw malformed();
    }
  }

  private static Refused malformed() {
    return new Refused(
        Option.Reply.ERR_INVALID, "the lengths inside the option do not fit its size");
  }
}
