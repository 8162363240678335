package dev.kelpie.dog;

import java.util.List;
import java.util.Optional;

/// One subcommand, as help shows it and the command line is read by it.
///
/// @param command the first word, such as `vdi`
/// @param name the second, such as `list`
/// @param arguments what the usage says behind the options; empty for none
/// @param letters the options allowed, in the order of the usage
/// @param memberList whether the member list is fetched first
/// @param argument whether it needs an argument
/// @param words the third words that it takes; empty for none. Where it needs no argument, the
///   first of them is meant if there is none
record Subcommand(
    String command,
    String name,
    String arguments,
    String letters,
    boolean memberList,
    boolean argument,
    String description,
    List<Word> words) {

  /// A third word, such as `info` in `dog vdi cache info`, or a fourth.
  ///
  /// @param argument whether it needs an argument behind it that is not empty
  /// @param words that follow it; empty for none
  record Word(
      String name, boolean memberList, boolean argument, String description, List<Word> words) {
    Word(String name, boolean memberList, boolean argument, String description) {
      this(name, memberList, argument, description, List.of());
    }
  }

  /// The two words together.
  String path() {
    return command + " " + name;
  }

  /// The one of some words that has this name.
  static Optional<Word> find(List<Word> among, String wanted) {
    for (Word word : among) {
      if (word.name().equals(wanted)) {
        return Optional.of(word);
      }
    }
    return Optional.empty();
  }
}
