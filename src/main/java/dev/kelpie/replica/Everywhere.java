package dev.kelpie.replica;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/// Asks several nodes at once.
public interface Everywhere {
  /// Asks each of the nodes, and waits for all.
  ///
  /// @return what each answered; who did not answer is not there
  /// @throws Outdated where one of them says so
  <T> Map<String, T> ask(List<String> nodes, Question<T> question) throws IOException;

  /// The copies of one node.
  Copies at(String node);

  /// What is asked.
  interface Question<T> {
    T of(Copies copies) throws IOException;
  }
}
