package dev.kelpie.cluster.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kelpie.cluster.Coordination;
import java.io.ByteArrayOutputStream;
import java.util.Optional;

/// Which znode is which record.
///
/// The record `vdi/7c2b25` of a cluster at `/kelpie` is the znode `/kelpie/vdi/=7c2b25`: the words
/// before the last one are directories, and `=` marks a record. So a key can be a record and the
/// beginning of others at once (`vdi/=1` beside `vdi/1/=more`), a record is always a leaf, which
/// ZooKeeper demands of ephemeral ones, and its znode is created when it is and deleted when it is:
/// ZooKeeper's version of the znode, which begins at 0, is the record's, which begins at 1.
///
/// A znode that begins with `+` belongs to this room and is no record. All characters of a word
/// that are not letters, digits or one of `._:@-` are written as `%` and two hex digits for each
/// byte of their UTF-8, and so are the points of the words `.` and `..`.
final class Names {
  private static final int KEY_MAX = 512;
  private static final String RECORD = "=";
  private static final String OWN = "+";
  private static final char ESCAPE = '%';
  private static final int HEX = 16;

  private final String root;

  Names(String root) {
    this.root = root;
  }

  /// Where everything of this cluster lies.
  String root() {
    return root;
  }

  /// The znode of a record.
  String record(String key) {
    int slash = key.lastIndexOf('/');
    return directory(key) + "/" + RECORD + escape(key.substring(slash + 1));
  }

  /// The znode under which all keys lie that begin like this.
  String directory(String prefix) {
    StringBuilder path = new StringBuilder(root);
    String directory = directoryOf(prefix);
    for (int at = 0; at < directory.length(); ) {
      int end = directory.indexOf('/', at);
      path.append('/').append(escape(directory.substring(at, end)));
      at = end + 1;
    }
    return path.toString();
  }

  /// What the keys of all records in the [#directory] of `prefix` begin with: empty, or with a `/`
  /// at the end.
  static String directoryOf(String prefix) {
    return prefix.substring(0, prefix.lastIndexOf('/') + 1);
  }

  /// The directory of znodes that belong to commits ([CommitSlots]).
  String commits() {
    return root + "/" + OWN + "commits";
  }

  /// The key of a record's znode; empty for all other znodes.
  Optional<String> key(String path) {
    if (!path.startsWith(root + "/")) {
      return Optional.empty();
    }
    String[] names = path.substring(root.length() + 1).split("/", -1);
    StringBuilder key = new StringBuilder();
    for (int i = 0; i < names.length - 1; i++) {
      if (!isDirectory(names[i])) {
        return Optional.empty();
      }
      key.append(unescape(names[i])).append('/');
    }
    String last = names[names.length - 1];
    return isRecord(last) ? Optional.of(key + word(last)) : Optional.empty();
  }

  /// Whether a znode of this name is a record.
  static boolean isRecord(String name) {
    return name.startsWith(RECORD);
  }

  /// Whether a znode of this name is a directory of records.
  static boolean isDirectory(String name) {
    return !isRecord(name) && !name.startsWith(OWN);
  }

  /// The word of a key that a znode's name stands for.
  static String word(String name) {
    return unescape(isRecord(name) ? name.substring(RECORD.length()) : name);
  }

  /// Refuses what is no key.
  static void check(String key) {
    int length = key.getBytes(UTF_8).length;
    if (length == 0 || length > KEY_MAX) {
      throw new IllegalArgumentException("a key has 1 to " + KEY_MAX + " bytes: " + key);
    }
    checkPrefix(key);
    if (key.endsWith("/")) {
      throw new IllegalArgumentException("a key does not end with '/': " + key);
    }
  }

  /// Refuses what no key can begin with.
  static void checkPrefix(String prefix) {
    if (prefix.startsWith("/") || prefix.contains("//")) {
      throw new IllegalArgumentException("no key begins with " + prefix);
    }
  }

  /// Refuses what cannot be a record.
  static void check(String key, byte[] value) {
    check(key);
    if (value.length > Coordination.VALUE_MAX) {
      throw new IllegalArgumentException("the value of " + key + " is too long");
    }
  }

  private static String escape(String word) {
    boolean points = word.equals(".") || word.equals("..");
    StringBuilder name = new StringBuilder();
    for (byte b : word.getBytes(UTF_8)) {
      if (points || !isPlain((char) b)) {
        name.append(String.format("%c%02x", ESCAPE, b));
      } else {
        name.append((char) b);
      }
    }
    return name.toString();
  }

  private static boolean isPlain(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "._:@-".indexOf(c) >= 0;
  }

  /// A name that this room did not make stands for something else than it says; nobody asks for it.
  private static String unescape(String name) {
    if (name.indexOf(ESCAPE) < 0) {
      return name;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < name.length(); i++) {
      int high = i + 2 < name.length() ? Character.digit(name.charAt(i + 1), HEX) : -1;
      int low = i + 2 < name.length() ? Character.digit(name.charAt(i + 2), HEX) : -1;
      if (name.charAt(i) == ESCAPE && high >= 0 && low >= 0) {
        bytes.write(high * HEX + low);
        i += 2;
      } else {
        bytes.writeBytes(name.substring(i, i + 1).getBytes(UTF_8));
      }
    }
    return bytes.toString(UTF_8);
  }
}
