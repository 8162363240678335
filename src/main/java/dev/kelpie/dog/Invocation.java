package dev.kelpie.dog;

import dev.kelpie.config.BadValue;
import dev.kelpie.config.Sizes;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Network;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.NodeAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// What a command runs with: its options and arguments, the console, and connections to sheep.
final class Invocation {
  private final Console console;
  private final Network network;
  private final Clock clock;
  private final Options options;
  private final List<String> arguments;
  private final List<SheepClient> clients = new ArrayList<>();
  private Optional<Members> members = Optional.empty();

  Invocation(
      Console console, Network network, Clock clock, Options options, List<String> arguments) {
    this.console = console;
    this.network = network;
    this.clock = clock;
    this.options = options;
    this.arguments = new ArrayList<>(arguments);
  }

  Console console() {
    return console;
  }

  Clock clock() {
    return clock;
  }

  Options options() {
    return options;
  }

  /// The next argument, which is taken; empty where there is none left.
  Optional<String> nextArgument() {
    return arguments.isEmpty() ? Optional.empty() : Optional.of(arguments.removeFirst());
  }

  /// The next argument as a number of bytes, which may have a unit.
  OptionalLong nextSize() throws WrongUsage {
    Optional<String> text = nextArgument();
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Sizes.parse(text.get()));
    } catch (BadValue e) {
      throw new WrongUsage(String.valueOf(e.getMessage()).lines().toArray(String[]::new));
    }
  }

  /// The next argument without taking it.
  Optional<String> peekArgument() {
    return arguments.isEmpty() ? Optional.empty() : Optional.of(arguments.getFirst());
  }

  /// The sheep of `-a` and `-p`.
  SheepClient sheep() {
    return sheep(options.sheep());
  }

  /// A sheep; there is one connection to each.
  SheepClient sheep(NodeAddress at) {
    for (SheepClient client : clients) {
      if (client.address().compareTo(at) == 0) {
        return client;
      }
    }
    SheepClient client = new SheepClient(network, at);
    clients.add(client);
    return client;
  }

  /// The VDIs of the sheep of `-a` and `-p`.
  Vdis vdis() {
    return new Vdis(sheep());
  }

  /// The member list, fetched once.
  Members members() throws Failure, MalformedPayload {
    if (members.isEmpty()) {
      members = Optional.of(Members.fetch(sheep()));
    }
    return members.get();
  }
}
