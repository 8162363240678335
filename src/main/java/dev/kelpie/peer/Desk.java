package dev.kelpie.peer;

import dev.kelpie.wire.MalformedPayload;
import java.io.IOException;
import java.util.Optional;

/// Carries out what is asked for one purpose.
interface Desk {
  /// Reads a request.
  ///
  /// @return empty where nobody asks this for the purpose
  Optional<? extends PeerRequest> read(int code, BodyReader body) throws MalformedPayload;

  /// Carries it out; takes as long as it takes.
  ///
  /// @return the body of the answer
  BodyWriter answer(PeerRequest request) throws IOException;
}
