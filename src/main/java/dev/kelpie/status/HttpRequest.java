package dev.kelpie.status;

import java.util.Optional;

/// What of a request matters: its first line (RFC 9112, 3).
///
/// @param method as it was sent
/// @param path without the query
/// @param version such as `HTTP/1.1`
record HttpRequest(String method, String path, String version) {
  /// Reads the head of a request; empty for one that is none.
  static Optional<HttpRequest> parse(String head) {
    String first = head.lines().findFirst().orElse("");
    String[] words = first.split(" ", -1);
    if (words.length != 3 || !isToken(words[0]) || !words[1].startsWith("/") || !isHttp(words[2])) {
      return Optional.empty();
    }
    int query = words[1].indexOf('?');
    String path = query < 0 ? words[1] : words[1].substring(0, query);
    return Optional.of(new HttpRequest(words[0], path, words[2]));
  }

  private static boolean isToken(String word) {
    return !word.isEmpty() && word.chars().allMatch(c -> c >= 'A' && c <= 'Z');
  }

  private static boolean isHttp(String word) {
    return word.matches("HTTP/[0-9]\\.[0-9]");
  }
}
