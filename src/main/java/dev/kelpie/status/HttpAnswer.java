package dev.kelpie.status;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// An answer, after which the connection ends.
///
/// @param status of HTTP
/// @param type of the content
/// @param headOnly whether the body is left out, as HEAD asks for
record HttpAnswer(int status, String type, String body, boolean headOnly) {
  private static final String TEXT = "text/plain; charset=utf-8";

  /// An answer in plain text.
  static HttpAnswer text(int status, String body, boolean headOnly) {
    return new HttpAnswer(status, TEXT, body, headOnly);
  }

  /// A refusal.
  static HttpAnswer error(int status, String why, boolean headOnly) {
    return text(status, why + "\n", headOnly);
  }

  /// The answer on the wire.
  ByteBuffer[] bytes() {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "HTTP/1.1 "
            + status
            + " "
            + reason()
            + "\r\nContent-Type: "
            + type
            + "\r\nContent-Length: "
            + content.length
            + (status == 405 ? "\r\nAllow: GET, HEAD" : "")
            + "\r\nCache-Control: no-store"
            + "\r\nX-Content-Type-Options: nosniff"
            + "\r\nConnection: close\r\n\r\n";
    ByteBuffer headBytes = ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII));
    return headOnly
        ? new ByteBuffer[] {headBytes}
        : new ByteBuffer[] {headBytes, ByteBuffer.wrap(content)};
  }

  private String reason() {
    return switch (status) {
      case 200 -> "OK";
      case 400 -> "Bad Request";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 431 -> "Request Header Fields Too Large";
      case 503 -> "Service Unavailable";
      case 505 -> "HTTP Version Not Supported";
      default -> "Internal Server Error";
    };
  }
}
