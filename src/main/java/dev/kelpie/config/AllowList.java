package dev.kelpie.config;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/// The clients that may connect, as an operator says it: addresses and networks between commas.
///
/// @param subnets at least one
public record AllowList(List<Subnet> subnets) {
  /// Reads a list.
  public static AllowList parse(String text) throws BadValue {
    List<Subnet> subnets = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      subnets.add(Subnet.parse(part.strip()));
    }
    return new AllowList(List.copyOf(subnets));
  }

  /// Whether an address is on it.
  public boolean contains(InetAddress address) {
    return subnets.stream().anyMatch(subnet -> subnet.contains(address));
  }
}
