package dev.kelpie.peer;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.ObjectDamaged;
import dev.kelpie.replica.Outdated;
import dev.kelpie.replica.Primary;
import dev.kelpie.wire.MalformedPayload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// How a request went: the code of its answer's frame, and what the body is where it did not go
/// well (docs/peer-protocol.md).
final class Failures {
  /// It was done; the body is what the request asks for.
  static final int DONE = 0;

  /// [Outdated].
  static final int OUTDATED = 1;

  /// [Primary.ChangesLost].
  static final int LOST = 2;

  /// [ObjectDamaged].
  static final int DAMAGED = 3;

  /// Another failure, as a text. It is not known what was done.
  static final int FAILED = 4;

  /// The request makes no sense; nothing was done. A text says why.
  static final int MALFORMED = 5;

  /// The node does not know such requests, or not for this purpose. A text says so.
  static final int UNKNOWN = 6;

  /// Bytes of a text.
  private static final int TEXT_MAX = 1024;

  private Failures() {}

  /// A failure as an answer.
  ///
  /// @param code of the frame
  record Told(int code, BodyWriter body) {}

  /// What is answered where carrying a request out has failed.
  static Told tell(IOException failure) {
    BodyWriter body = new BodyWriter();
    return switch (failure) {
      case Outdated e -> new Told(OUTDATED, body.claim(e.claim()).i64(e.known()));
      case Primary.ChangesLost e -> new Told(LOST, body.i32(e.slot()));
      case ObjectDamaged e ->
          new Told(DAMAGED, body.object(e.object()).i32(e.offset()).bytes(utf8(e.where())));
      case MalformedPayload e -> tell(MALFORMED, String.valueOf(e.getMessage()));
      default -> tell(FAILED, text(failure));
    };
  }

  /// A failure that is told as a text.
  static Told tell(int code, String text) {
    return new Told(code, new BodyWriter().bytes(utf8(text)));
  }

  private static String text(IOException failure) {
    return Optional.ofNullable(failure.getMessage()).orElse(failure.getClass().getSimpleName());
  }

  private static byte[] utf8(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return bytes.length > TEXT_MAX ? Arrays.copyOf(bytes, TEXT_MAX) : bytes;
  }

  /// What a node told, to be thrown.
  ///
  /// @param node that told it
  static IOException heard(String node, int code, ByteBuffer bytes) throws MalformedPayload {
    BodyReader body = new BodyReader(bytes);
    return switch (code) {
      case OUTDATED -> new Outdated(body.claim(), body.i64());
      case LOST -> new Primary.ChangesLost(body.i32());
      case DAMAGED -> damaged(node, body);
      case FAILED -> new IOException("node " + node + ": " + body.text());
      case MALFORMED ->
          new IOException("node " + node + " takes a request for nonsense: " + body.text());
      case UNKNOWN -> new IOException("node " + node + " cannot do what is asked: " + body.text());
      default -> throw new MalformedPayload("an answer of kind " + code);
    };
  }

  private static IOException damaged(String node, BodyReader body) throws MalformedPayload {
    ObjectId object = body.object();
    int offset = body.i32();
    return new ObjectDamaged(object, offset, body.text() + " of node " + node);
  }
}
