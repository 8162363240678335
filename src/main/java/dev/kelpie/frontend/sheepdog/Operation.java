package dev.kelpie.frontend.sheepdog;

import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.util.Optional;

/// What is done for an opcode.
sealed interface Operation {
  /// Nothing: this release answers with a result.
  record Refused(ResultCode result) implements Operation {}

  /// Something that has nothing to do with the cluster's content.
  record Free(Handler handler) implements Operation {}

  /// Something in the cluster's content.
  record Content(Handler handler) implements Operation {}

  /// A change of an object.
  record Change(Handler handler) implements Operation {}

  /// The end of the cluster's content.
  record Formatting(Handler handler) implements Operation {}

  /// Carries out a request.
  ///
  /// @param arrived the number of the world in which the request arrived
  default Reply run(World world, long arrived, Exchange exchange) throws IOException {
    return switch (this) {
      case Refused refused -> Reply.of(refused.result);
      case Free free -> free.handler.handle(exchange);
      case Content content -> world.in(arrived, content.handler, exchange);
      case Change change -> world.in(arrived, change.handler, exchange);
      case Formatting formatting -> world.anew(formatting.handler, exchange);
    };
  }

  /// Carries out a request if that needs no wait.
  default Optional<Reply> atOnce(World world, long arrived, Exchange exchange) throws IOException {
    return switch (this) {
      case Refused refused -> Optional.of(Reply.of(refused.result));
      case Content content -> world.atOnceIn(arrived, content.handler, exchange);
      case Change change -> world.atOnceIn(arrived, change.handler, exchange);
      case Free _, Formatting _ -> Optional.empty();
    };
  }
}
