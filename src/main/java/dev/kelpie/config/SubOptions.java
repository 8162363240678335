package dev.kelpie.config;

import java.util.ArrayList;
import java.util.List;

/// Reads the value of an option that is itself a list, such as `size=10G,dir=/ssd,directio`.
public final class SubOptions {
  private SubOptions() {}

  /// One item of a list.
  ///
  /// @param name as it is in the table, with the `=` of an item that has a value
  /// @param value what follows the name
  public record Item(String name, String value) {}

  /// Splits a list at its commas. Empty items are skipped; the first name that an item begins with
  /// is its name.
  ///
  /// @param names those known, such as `size=` and `directio`
  /// @throws BadValue where an item has no known name
  public static List<Item> parse(String list, List<String> names) throws BadValue {
    List<Item> items = new ArrayList<>();
    for (String item : list.split(",", -1)) {
      if (!item.isEmpty()) {
        items.add(item(item, names));
      }
    }
    return items;
  }

  private static Item item(String item, List<String> names) throws BadValue {
    for (String name : names) {
      if (item.startsWith(name)) {
        return new Item(name, item.substring(name.length()));
      }
    }
    throw new BadValue("invalid option " + item);
  }
}
