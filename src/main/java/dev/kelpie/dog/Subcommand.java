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
/// @param supported whether this release carries it out
/// @param words the third words that it takes; empty for none
record Subcommand(
    String command,
    String name,
    String arguments,
    String letters,
    boolean memberList,
    boolean argument,
    boolean supported,
    String description,
    List<Word> words) {

  /// A third word, such as `info` in `dog vdi cache info`.
  ///
  /// @param argument whether it needs an argument behind it that is not empty
  record Word(
      String name, boolean memberList, boolean argument, boolean supported, String description) {}

  /// The two words together.
  String path() {
    return command + " " + name;
  }

  /// The third word of this name.
  Optional<Word> word(String wanted) {
    for (Word word : words) {
      if (word.name().equals(wanted)) {
        return Optional.of(word);
      }
    }
    return Optional.empty();
  }
}
