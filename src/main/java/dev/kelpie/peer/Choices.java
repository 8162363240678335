package dev.kelpie.peer;

import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.replica.Copies;
import dev.kelpie.replica.Step;
import java.util.List;

/// What is one of a few things is a byte, which is its place in one of these lists.
final class Choices {
  static final List<Step.Kind> KINDS = List.of(Step.Kind.WRITE, Step.Kind.CREATE, Step.Kind.REMOVE);

  static final List<Durability> DURABILITIES = List.of(Durability.DEFERRED, Durability.DURABLE);

  static final List<Copies.Result> RESULTS =
      List.of(Copies.Result.DONE, Copies.Result.DIFFERS, Copies.Result.NO_SPACE);

  /// Those that a node can give.
  static final List<Outcome> OUTCOMES = List.of(Outcome.DONE, Outcome.NO_OBJECT, Outcome.NO_SPACE);

  private Choices() {}
}
