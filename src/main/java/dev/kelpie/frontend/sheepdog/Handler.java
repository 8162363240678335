package dev.kelpie.frontend.sheepdog;

import java.io.IOException;
import java.util.Optional;

/// Carries out the requests of one opcode. An [IOException] becomes the result that [Answers] has
/// for it.
@FunctionalInterface
interface Handler {
  /// Carries out a request; may take as long as it takes.
  Reply handle(Exchange exchange) throws IOException;

  /// Carries out a request if that needs no wait: in the connection's own task, while later
  /// requests wait. Where it is empty nothing has happened.
  default Optional<Reply> atOnce(Exchange exchange) throws IOException {
    return Optional.empty();
  }
}
