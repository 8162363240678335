package dev.kelpie.frontend.nbd;

import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/// The name of an export: `VDI[@id-or-tag][?cache=writeback|writethrough|none]`. In names and tags
/// the characters `@ ? %` are written `%40 %3f %25`, and any byte may be written so. As with
/// [VdiName], each `char` stands for one byte.
///
/// @param snapshot the decimal id or the tag of a snapshot; empty for the working VDI
/// @param mode how to use the cache; empty for the VDI's default
record ExportName(VdiName vdi, Optional<String> snapshot, Optional<CacheMode> mode) {
  private static final int SHOWN_MAX = VdiName.LENGTH_MAX;

  private static final String FORM = "VDI[@id-or-tag][?cache=writeback|writethrough|none]";

  /// Reads a name as a client sent it.
  static ExportName parse(String name) throws Refused {
    int query = name.indexOf('?');
    String path = query < 0 ? name : name.substring(0, query);
    Optional<CacheMode> mode =
        query < 0 ? Optional.empty() : Optional.of(mode(name, name.substring(query + 1)));
    int at = path.indexOf('@');
    if (at < 0) {
      return new ExportName(new VdiName(part(name, path)), Optional.empty(), mode);
    }
    VdiName vdi = new VdiName(part(name, path.substring(0, at)));
    return new ExportName(vdi, Optional.of(part(name, path.substring(at + 1))), mode);
  }

  /// The name by which clients reach the working VDI: printable UTF-8.
  static String of(VdiName vdi) {
    StringBuilder name = new StringBuilder();
    boolean text = isUtf8(vdi.bytes());
    for (byte b : vdi.bytes()) {
      int c = b & 0xff;
      boolean plain = c > 0x20 && c < 0x7f && c != '@' && c != '?' && c != '%';
      if (plain || c == ' ' || (c >= 0x80 && text)) {
        name.append((char) c);
      } else {
        name.append(String.format(Locale.ROOT, "%%%02x", c));
      }
    }
    return name.toString();
  }

  /// The canonical form of this name.
  String canonical() {
    StringBuilder name = new StringBuilder(of(vdi));
    snapshot.ifPresent(tag -> name.append('@').append(of(new VdiName(tag))));
    mode.ifPresent(m -> name.append("?cache=").append(word(m)));
    return name.toString();
  }

  private static String word(CacheMode mode) {
    return switch (mode) {
      case WRITEBACK -> "writeback";
      case WRITETHROUGH -> "writethrough";
      case DIRECT -> "none";
    };
  }

  private static CacheMode mode(String name, String query) throws Refused {
    for (CacheMode mode : CacheMode.values()) {
      if (query.equals("cache=" + word(mode))) {
        return mode;
      }
    }
    throw invalid(name, "the parameter '" + query + "' is not known");
  }

  private static String part(String name, String escaped) throws Refused {
    String plain = unescape(name, escaped);
    if (plain.isEmpty() || plain.length() > VdiName.LENGTH_MAX || plain.indexOf(0) >= 0) {
      throw invalid(name, "a VDI's name, id or tag has 1 to 255 bytes, none of them 0");
    }
    return plain;
  }

  private static String unescape(String name, String escaped) throws Refused {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < escaped.length(); i++) {
      char c = escaped.charAt(i);
      if (c == '@') {
        throw invalid(name, "a second '@' has to be written %40");
      }
      if (c == '%') {
        plain.append(hex(name, escaped, i + 1));
        i += 2;
      } else {
        plain.append(c);
      }
    }
    return plain.toString();
  }

  private static char hex(String name, String text, int at) throws Refused {
    if (at + 2 <= text.length()) {
      int high = Character.digit(text.charAt(at), 16);
      int low = Character.digit(text.charAt(at + 1), 16);
      if (high >= 0 && low >= 0) {
        return (char) (high << 4 | low);
      }
    }
    throw invalid(name, "'%' has to be followed by two hexadecimal digits, or written %25");
  }

  private static Refused invalid(String name, String reason) {
    return new Refused(
        Option.Reply.ERR_INVALID,
        "export '" + shown(name) + "': " + reason + "; a name is " + FORM);
  }

  /// As much of a name as a text can carry.
  static String shown(String name) {
    return name.length() <= SHOWN_MAX ? name : name.substring(0, SHOWN_MAX) + "...";
  }

  /// Whether a name is text, with each `char` standing for one byte.
  static boolean isUtf8(String name) {
    return isUtf8(name.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException _) {
      return false;
    }
  }
}
